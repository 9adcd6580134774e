/* SPDX-License-Identifier: MIT */
/* One scalar of a field table, between its text and its member of a struct. */
#ifndef HD_STORE_YAML_SCALAR_H
#define HD_STORE_YAML_SCALAR_H

#include <stdbool.h>

#include "yaml.h"

#define HD_SCALAR_TEXT 1024 /* the longest text of a scalar, with its NUL */

/* Puts `text` into the member of `obj` when it is exactly what the field's type
 * and range allow; the message begins with the field's key. */
int hd_scalar_parse(const struct hd_field *f, const char *text, size_t len,
                    enum hd_code code, void *obj, struct hd_err *err);
/* The same judgement on a member that is there already. */
int hd_scalar_check(const struct hd_field *f, const void *obj,
                    enum hd_code code, struct hd_err *err);
/* The text that hd_scalar_parse takes. */
void hd_scalar_format(const struct hd_field *f, const void *obj,
                      char text[HD_SCALAR_TEXT]);
/* An empty string, an all-zero UUID or digest: as if it were not there. A
 * number is always there. */
bool hd_scalar_is_empty(const struct hd_field *f, const void *obj);
/* Numbers and enums: the value of the table for an absent key. */
void hd_scalar_default(const struct hd_field *f, void *obj);

/* Whether the field exists in this form of the document. */
static inline bool hd_field_visible(const struct hd_field *f, unsigned which)
{
    unsigned only = f->flags & (HD_F_SOURCE | HD_F_SIGNED);

    return !only || (only & which);
}

#endif
