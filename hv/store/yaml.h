/* SPDX-License-Identifier: MIT */
/*
 * A strict reader and writer of YAML driven by field tables (STYLE T2); used
 * for the manifest and for the host's policy.  It never allocates by what the
 * text says, and never accepts what a table does not name.
 */
#ifndef HD_STORE_YAML_H
#define HD_STORE_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../../pv-drivers/base/err.h"

enum hd_field_type {
    HD_T_UINT,     /* uint64_t; decimal digits only, no sign, no leading 0 */
    HD_T_SIZE,     /* uint64_t bytes; digits with K, M, G or T behind (1024) */
    HD_T_DURATION, /* uint64_t milliseconds; digits with ms, s, m or h */
    HD_T_BOOL,     /* uint8_t; true or false */
    HD_T_NAME,     /* char[size]; [a-z0-9][a-z0-9._-]*, not "." or ".." */
    HD_T_PATH,     /* char[size]; /-joined names, relative, no ".." */
    HD_T_TEXT,     /* char[size]; printable UTF-8, no control characters */
    HD_T_ENUM,     /* uint32_t; index in `names` */
    HD_T_UUID,     /* struct hd_uuid */
    HD_T_HEX,      /* uint8_t[size]; exactly 2*size lower-case hex digits */
    HD_T_MAP,      /* a struct, described by `sub`, in place */
    HD_T_LIST,     /* an array of such, `max` at most, its uint32_t count at
                      `count` */
};

#define HD_F_REQUIRED 1u /* must be there */
#define HD_F_SOURCE   2u /* only in what `hotdom pack` is given */
#define HD_F_SIGNED   4u /* only in the manifest of a store */
#define HD_F_OPTIONAL                                                          \
    8u /* map, number or truth: all bytes are zero when it is absent */
#define HD_F_BARE                                                              \
    16u /* HD_T_LIST: of bare values, as in [desk, lab]; `sub`                 \
           has one field, of a scalar type */

struct hd_table;

/* Elements of several lists, one list behind the other, in an array of the
 * outermost struct: each takes what it needs, all together no more than `max`.
 */
struct hd_pool {
    const char *what; /* "entries of all guests' tables": for messages */
    size_t offset;    /* of the array */
    size_t count;     /* of the uint32_t that says how many of it are used */
    uint32_t max;
};

struct hd_refused {
    const char *name, *why;
};

struct hd_field {
    const char *key;
    enum hd_field_type type;
    unsigned flags;
    size_t offset, size; /* of the member, in bytes */
    size_t count;        /* HD_T_LIST: offset of the count */
    uint64_t min, max;   /* UINT, SIZE, DURATION: the range; LIST: of count */
    uint64_t def;        /* when absent and not required */
    const char *const *names; /* HD_T_ENUM: NULL-terminated */
    /* HD_T_ENUM: words that people know from elsewhere, and why not here; ended
     * by one without a name; or NULL */
    const struct hd_refused *refused;
    const struct hd_table *sub;
    /* HD_T_LIST: the elements stand there, and at `offset` a uint32_t that says
     * where they begin; NULL: they stand at `offset` */
    const struct hd_pool *pool;
    const char *doc; /* one line for the manual */
};

struct hd_table {
    const char *what; /* "guest": for messages */
    size_t size;      /* of one struct */
    const struct hd_field *fields;
    size_t n;
};

/*
 * Reads one document of at most `len` bytes into `out` (zeroed first).  `which`
 * is HD_F_SOURCE, HD_F_SIGNED or 0: fields flagged otherwise are unknown keys
 * then.  Refused with line and column: unknown and duplicate keys, anchors,
 * aliases, tags, directives, a second document, NUL, BOM, invalid UTF-8, depth
 * over 8, numbers out of range or in another form.  The code of an error is
 * `code`.
 */
int hd_yaml_read(const char *text, size_t len, const struct hd_table *table,
                 unsigned which, enum hd_code code, void *out,
                 struct hd_err *err);

/* Writes `obj` so that hd_yaml_read gives it back; same input, same bytes.
 * The caller frees `*ret_text`. */
int hd_yaml_write(const struct hd_table *table, unsigned which, const void *obj,
                  char **ret_text, size_t *ret_len, struct hd_err *err);

/* The same checks on a struct that came over a wire: strings end and have the
 * right characters, numbers and counts are in range. */
int hd_yaml_check(const struct hd_table *table, unsigned which, const void *obj,
                  enum hd_code code, struct hd_err *err);

/* The first element of the list `f` of `obj`, which is `root` or in it. */
const char *hd_yaml_elements(const struct hd_field *f, const char *root,
                             const char *obj);

/* Is the optional map, number or truth `f` of `obj` absent? */
bool hd_yaml_is_zero(const struct hd_field *f, const void *obj);

#endif
