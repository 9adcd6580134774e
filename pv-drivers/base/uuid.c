/* SPDX-License-Identifier: MIT */
/* UUIDs: random ones, and the text form both ways; never takes another form. */
#include "uuid.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

static const struct hd_uuid zero;

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int hd_uuid_make(struct hd_uuid *ret_uuid, struct hd_err *err)
{
    struct hd_uuid u;

    if (getrandom(u.byte, sizeof(u.byte), 0) != sizeof(u.byte))
        return hd_fail_errno(err, HD_E_FAILED, "no random bytes");
    u.byte[6] = (uint8_t)((u.byte[6] & 0x0f) | 0x40); /* version 4 */
    u.byte[8] = (uint8_t)((u.byte[8] & 0x3f) | 0x80); /* RFC 4122 variant */
    *ret_uuid = u;
    return 0;
}

int hd_uuid_parse(const char *text, struct hd_uuid *ret_uuid,
                  struct hd_err *err)
{
    struct hd_uuid u;
    size_t n = 0;

    for (size_t i = 0; i < HD_UUID_SIZE - 1; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash ? text[i] != '-' : hex(text[i]) < 0)
            return hd_fail(err, HD_E_USAGE, "not a UUID of 8-4-4-4-12 digits");
        if (dash)
            continue;
        if (n % 2)
            u.byte[n / 2] = (uint8_t)(u.byte[n / 2] << 4 | hex(text[i]));
        else
            u.byte[n / 2] = (uint8_t)hex(text[i]);
        n++;
    }
    if (text[HD_UUID_SIZE - 1])
        return hd_fail(err, HD_E_USAGE, "a UUID of more than 36 characters");
    *ret_uuid = u;
    return 0;
}

void hd_uuid_format(const struct hd_uuid *uuid, char text[HD_UUID_SIZE])
{
    const uint8_t *b = uuid->byte;

    snprintf(text, HD_UUID_SIZE,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
             "%02x%02x%02x%02x%02x%02x",
             b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10],
             b[11], b[12], b[13], b[14], b[15]);
}

bool hd_uuid_equal(const struct hd_uuid *a, const struct hd_uuid *b)
{
    return !memcmp(a->byte, b->byte, sizeof(a->byte));
}

bool hd_uuid_is_zero(const struct hd_uuid *uuid)
{
    return hd_uuid_equal(uuid, &zero);
}
