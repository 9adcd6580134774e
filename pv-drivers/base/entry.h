/* SPDX-License-Identifier: MIT */
/* An entry of a guest's registry: a key and a typed value, and many of them in
 * a row of bytes.  Pure. */
#ifndef HD_BASE_ENTRY_H
#define HD_BASE_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

#define HD_KEY_SIZE  256 /* bytes with the NUL */
#define HD_KEY_DEPTH 32  /* names in it */
#define HD_VALUE_MAX (64u << 10)

/* The letter stands before the value wherever it is kept or sent. */
#define HD_VALUE_TYPES(X)                                                      \
    X(STRING, "string", 's')   /* UTF-8 without a NUL */                       \
    X(INTEGER, "integer", 'i') /* an int64_t, as %PRId64 writes it */          \
    X(BOOLEAN, "boolean", 'b') /* "true" or "false" */                         \
    X(BYTES, "bytes", 'x')     /* any */                                       \
    X(LIST, "list", 'l')       /* strings, each with its NUL */

enum hd_value_type {
#define HD_X(name, text, letter) HD_VALUE_##name,
    HD_VALUE_TYPES(HD_X)
#undef HD_X
        HD_VALUE_NONE, /* there is no value: removed, or a folder */
};

const char *hd_value_type_name(enum hd_value_type type);
/* HD_VALUE_NONE for any other text. */
enum hd_value_type hd_value_type_find(const char *name);
char hd_value_letter(enum hd_value_type type);

struct hd_value {
    enum hd_value_type type;
    const char *data; /* borrowed */
    size_t len;
};

/* It is what its type says, and at most HD_VALUE_MAX bytes long. */
bool hd_value_is_valid(const struct hd_value *value);
/* Of a letter and what stands behind it; false for what is not valid. */
bool hd_value_parse(const char *text, size_t len, struct hd_value *ret);
/* The next string of a list, borrowed; `*at` is 0 at first.  NULL: no more. */
const char *hd_value_next(const struct hd_value *list, size_t *at);

/* Names of A-Z, a-z, 0-9, ".", "_" and "-", but not "." and "..", with one "/"
 * between two. */
bool hd_key_is_valid(const char *key);
/* `key` is `above` or below it; everything is below "". */
bool hd_key_is_below(const char *key, const char *above);

/* The order of keys, as strcmp(3): what is below a key follows it at once. */
int hd_key_compare(const char *a, const char *b);

struct hd_entry {
    char key[HD_KEY_SIZE];
    struct hd_value value;
};

/* Entries in a row: the key and its NUL, four bytes with the length of what
 * follows (little-endian; 0: no value), the value's letter, the value. */
struct hd_entries {
    char *data; /* owned; zeroed memory is an empty one but for `max` */
    size_t used, room, max;
};

/* HD_E_LIMIT when it would grow beyond `max`. */
int hd_entries_add(struct hd_entries *e, const char *key,
                   const struct hd_value *value, struct hd_err *err);
/* The same of bytes as they are. */
int hd_entries_put(struct hd_entries *e, const void *bytes, size_t len,
                   struct hd_err *err);
void hd_entries_fini(struct hd_entries *e);

/* Those at `*at`, of which `*left` bytes are there, one a call; the value is
 * borrowed of them.  1; 0: no more; -1: what is there is no entry. */
int hd_entries_next(const char **at, size_t *left, struct hd_entry *ret,
                    struct hd_err *err);

#endif
