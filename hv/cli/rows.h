/* SPDX-License-Identifier: MIT */
/* The rows of a list of stores and guests: which ones, and in what order. */
#ifndef HD_CLI_ROWS_H
#define HD_CLI_ROWS_H

#include <json-c/json.h>
#include <stddef.h>

#include "../../pv-drivers/base/err.h"

/* Both borrowed from List's reply; `guest` NULL: a store without any. */
struct hd_row {
    struct json_object *store, *guest;
    size_t at; /* its place in the reply */
};

struct hd_rows_wish {
    char *const *words; /* of stores and guests; none: all */
    size_t n_words;
    const char *state; /* NULL: any */
    const char *sort;  /* a key, or NULL: as in the reply */
};

/* HD_E_USAGE for a state or a key that there is not, with those there are;
 * needs no reply. */
int hd_rows_check(const struct hd_rows_wish *wish, struct hd_err *err);
/* The rows of `stores` that are wished for; the caller frees `*ret`.
 * HD_E_NO_GUEST for a word that means nothing there. */
int hd_rows_choose(struct json_object *stores, const struct hd_rows_wish *wish,
                   struct hd_row **ret, size_t *ret_n, struct hd_err *err);
/* The same as an array of stores, each with those of its guests that have a
 * row; the caller puts it. */
struct json_object *hd_rows_stores(const struct hd_row *rows, size_t n);

#endif
