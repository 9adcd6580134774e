/* SPDX-License-Identifier: MIT */
/* Takes 9P2000.L messages apart and puts them together; never reads or writes
 * beyond what it was given. */
#include "wire.h"

#include <string.h>

static const uint8_t *take(struct hd_9p_in *in, size_t n)
{
    const uint8_t *at = in->at;

    if (in->bad || n > in->left) {
        in->bad = true;
        return NULL;
    }
    in->at += n;
    in->left -= n;
    return at;
}

uint64_t hd_9p_get(struct hd_9p_in *in, size_t bytes)
{
    const uint8_t *at = take(in, bytes);
    uint64_t value = 0;

    while (at && bytes--)
        value = value << 8 | at[bytes];
    return value;
}

void hd_9p_get_name(struct hd_9p_in *in, char ret[HD_9P_NAME])
{
    size_t len = hd_9p_get(in, 2);
    const uint8_t *at = take(in, len);

    *ret = '\0';
    if (!at || !len || len >= HD_9P_NAME || memchr(at, '/', len) ||
        memchr(at, '\0', len)) {
        in->bad = true;
        return;
    }
    memcpy(ret, at, len);
    ret[len] = '\0';
}

void hd_9p_skip_text(struct hd_9p_in *in)
{
    (void)take(in, hd_9p_get(in, 2));
}

static uint8_t *room(struct hd_9p_out *out, size_t n)
{
    uint8_t *at = out->buf + out->len;

    if (out->full || n > out->size - out->len) {
        out->full = true;
        return NULL;
    }
    out->len += n;
    return at;
}

static void write_number(uint8_t *at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++, value >>= 8)
        at[i] = (uint8_t)value;
}

void hd_9p_put(struct hd_9p_out *out, uint64_t value, size_t bytes)
{
    uint8_t *at = room(out, bytes);

    if (at)
        write_number(at, value, bytes);
}

void hd_9p_put_text(struct hd_9p_out *out, const char *text, size_t len)
{
    uint8_t *at;

    hd_9p_put(out, len, 2);
    at = room(out, len);
    if (at)
        memcpy(at, text, len);
}

void hd_9p_put_at(struct hd_9p_out *out, size_t at, uint64_t value,
                  size_t bytes)
{
    if (at + bytes <= out->len)
        write_number(out->buf + at, value, bytes);
}
