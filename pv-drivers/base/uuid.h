/* SPDX-License-Identifier: MIT */
/* A UUID as a value (RFC 4122); text is always lower case with dashes. */
#ifndef HD_BASE_UUID_H
#define HD_BASE_UUID_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

#define HD_UUID_SIZE 37 /* text with its NUL */

struct hd_uuid {
    uint8_t byte[16]; /* big endian, as the text reads */
};

/* Random, version 4. */
int hd_uuid_make(struct hd_uuid *ret_uuid, struct hd_err *err);
/* Exactly 36 characters of 8-4-4-4-12 hex digits. */
int hd_uuid_parse(const char *text, struct hd_uuid *ret_uuid,
                  struct hd_err *err);
void hd_uuid_format(const struct hd_uuid *uuid, char text[HD_UUID_SIZE]);
bool hd_uuid_equal(const struct hd_uuid *a, const struct hd_uuid *b);
bool hd_uuid_is_zero(const struct hd_uuid *uuid);

#endif
