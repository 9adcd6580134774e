/* SPDX-License-Identifier: MIT */
/* Rules for JSON objects: which keys there must be, and what they may hold; for
 * hv/volume alone. */
#ifndef HD_VOLUME_LUKS_RULE_H
#define HD_VOLUME_LUKS_RULE_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"

enum hd_luks_kind {
    HD_LUKS_TEXT,   /* exactly this */
    HD_LUKS_NUMBER, /* min to max */
    HD_LUKS_BYTES,  /* 32 of them in base64 */
    HD_LUKS_SIZE,   /* hd_luks_rule_size */
    HD_LUKS_NAME,   /* hd_text_is_name, shorter than HD_NAME_SIZE */
    HD_LUKS_OBJECT,
    HD_LUKS_LIST,
};

/* A member that must be there; what has no rule must not. */
struct hd_luks_rule {
    const char *key;
    enum hd_luks_kind kind;
    const char *text;
    uint64_t min, max;
};

/* Where in the header, for messages. */
struct hd_luks_place {
    char name[40];
};

struct hd_luks_place hd_luks_place(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/* HD_E_BAD_VOLUME unless the object has exactly these members. */
int hd_luks_rule_check(struct hd_luks_place where, json_object *object,
                       const struct hd_luks_rule *rules, size_t n,
                       struct hd_err *err);
/* "place: key must be this, not that". */
int hd_luks_rule_fail(struct hd_luks_place where, const char *key,
                      json_object *value, const char *want, struct hd_err *err);
/* Decimal digits, at most 18, without a zero in front. */
bool hd_luks_rule_size(const char *text, uint64_t *ret);

/* JSON text in `room` bytes and zeros behind it: objects, lists, strings of
 * printable ASCII without escapes, and digits; no blanks, not deep, no key
 * twice in an object.  The caller puts what it gets; NULL with HD_E_BAD_VOLUME.
 */
json_object *hd_luks_rule_parse(const char *text, size_t room,
                                struct hd_err *err);

#endif
