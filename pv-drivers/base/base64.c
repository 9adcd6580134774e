/* SPDX-License-Identifier: MIT */
/* Base64 in its one strict form; never takes a second way to write the same. */
#include "base64.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const char letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void hd_base64_encode(const void *data, size_t len, char *ret)
{
    const uint8_t *in = data;

    for (size_t i = 0; i < len; i += 3) {
        uint32_t w = (uint32_t)in[i] << 16;

        w |= i + 1 < len ? (uint32_t)in[i + 1] << 8 : 0;
        w |= i + 2 < len ? in[i + 2] : 0;
        *ret++ = letters[w >> 18];
        *ret++ = letters[w >> 12 & 63];
        *ret++ = i + 1 < len ? letters[w >> 6 & 63] : '=';
        *ret++ = i + 2 < len ? letters[w & 63] : '=';
    }
    *ret = '\0';
}

static bool digit(char c, uint32_t *w)
{
    const char *at = c ? strchr(letters, c) : NULL;

    if (at)
        *w = *w << 6 | (uint32_t)(at - letters);
    return at != NULL;
}

ssize_t hd_base64_decode(const char *text, size_t len, void *ret, size_t size)
{
    size_t pad = 0, n;
    uint8_t *to = ret;

    if (len % 4)
        return -1;
    if (len && text[len - 1] == '=')
        pad = text[len - 2] == '=' ? 2 : 1;
    n = len / 4 * 3 - pad;
    if (n > size)
        return -1;
    for (size_t i = 0; i < len; i += 4) {
        size_t here = i + 4 == len ? 4 - pad : 4;
        uint32_t w = 0;

        for (size_t k = 0; k < here; k++)
            if (!digit(text[i + k], &w))
                return -1;
        w <<= 6 * (4 - here);
        if (w & ((1u << 8 * (4 - here)) - 1))
            return -1;
        for (size_t k = 0; k < here - 1; k++)
            *to++ = (uint8_t)(w >> (16 - 8 * k));
    }
    return (ssize_t)n;
}
