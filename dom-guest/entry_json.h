/* SPDX-License-Identifier: MIT */
/* Entries of the registry as JSON: {"guest/a": "text", "guest/b": 3}; strings,
 * integers, booleans and lists are JSON's, and bytes {"bytes": "BASE64"}. */
#ifndef HD_GUEST_ENTRY_JSON_H
#define HD_GUEST_ENTRY_JSON_H

#include <stdio.h>

#include "../pv-drivers/base/entry.h"

/* ASCII, whatever the text is: a terminal sees no control character. */
void hd_entry_json_text(const char *text, size_t len, FILE *out);
/* null where there is no value. */
void hd_entry_json_value(const struct hd_value *value, FILE *out);

/* One object, whose keys are keys; null is no value.  HD_E_USAGE with the line
 * for any other text. */
int hd_entry_json_parse(const char *text, size_t len, struct hd_entries *ret,
                        struct hd_err *err);

#endif
