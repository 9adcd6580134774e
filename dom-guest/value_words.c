/* SPDX-License-Identifier: MIT */
/* Makes values of words; guesses no type. */
#include "value_words.h"

#include <string.h>

#include "../pv-drivers/base/base64.h"

static int gather(enum hd_value_type type, char *const *words, size_t n,
                  struct hd_entries *ret, struct hd_err *err)
{
    ssize_t len;

    for (size_t i = 0; i < n; i++)
        if (hd_entries_put(ret, words[i],
                           strlen(words[i]) + (type == HD_VALUE_LIST), err))
            return -1;
    if (type != HD_VALUE_BYTES)
        return 0;
    len = hd_base64_decode(ret->data, ret->used, ret->data, ret->used);
    if (len < 0)
        return hd_fail(err, HD_E_USAGE, "bytes are given as base64");
    ret->used = (size_t)len;
    return 0;
}

int hd_value_words_add(const char *key, const char *type, char *const *words,
                       size_t n, struct hd_entries *out, struct hd_err *err)
{
    struct hd_value value = {.type = hd_value_type_find(type)};
    struct hd_entries bytes = {.max = 2 * HD_VALUE_MAX};
    int rc;

    if (value.type == HD_VALUE_NONE)
        return hd_fail(err, HD_E_USAGE,
                       "the type is string, integer, boolean, bytes or list");
    if (value.type != HD_VALUE_LIST && n != 1)
        return hd_fail(err, HD_E_USAGE, "a %s is one word", type);
    rc = gather(value.type, words, n, &bytes, err);
    value.data = bytes.data ? bytes.data : "";
    value.len = bytes.used;
    if (!rc && !hd_value_is_valid(&value))
        rc =
            hd_fail(err, HD_E_USAGE, "that is no %s, or has more than %u bytes",
                    type, HD_VALUE_MAX);
    if (!rc)
        rc = hd_entries_add(out, key, &value, err);
    hd_entries_fini(&bytes);
    return rc;
}
