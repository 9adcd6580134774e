/* SPDX-License-Identifier: MIT */
/* A registry's value as it stands on a command line.  Pure. */
#ifndef HD_GUEST_VALUE_WORDS_H
#define HD_GUEST_VALUE_WORDS_H

#include "../pv-drivers/base/entry.h"

/* Adds an entry to `out`: of a list each of the `n` words is a string, of bytes
 * the one word is base64, of the others the value itself.  HD_E_USAGE when
 * `type` is none or the words are no value of it. */
int hd_value_words_add(const char *key, const char *type, char *const *words,
                       size_t n, struct hd_entries *out, struct hd_err *err);

#endif
