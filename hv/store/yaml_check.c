/* SPDX-License-Identifier: MIT */
/* Checks a struct from another process by its field table; never trusts a
 * count, a terminator or a number of it. */
#include <stdbool.h>
#include <string.h>

#include "yaml.h"
#include "yaml_scalar.h"

static int check_list(const struct hd_field *f, unsigned which, const char *obj,
                      enum hd_code code, struct hd_err *err)
{
    uint32_t count = *(const uint32_t *)(const void *)(obj + f->count);

    if (count < f->min || count > f->max)
        return hd_fail(err, code, "%s: %u of them, %llu to %llu allowed",
                       f->key, count, (unsigned long long)f->min,
                       (unsigned long long)f->max);
    for (uint32_t i = 0; i < count; i++)
        if (hd_yaml_check(f->sub, which, obj + f->offset + i * f->sub->size,
                          code, err))
            return hd_wrap(err, "%s %u", f->sub->what, i + 1);
    return 0;
}

static int check_field(const struct hd_field *f, unsigned which,
                       const char *obj, enum hd_code code, struct hd_err *err)
{
    if (f->flags & HD_F_OPTIONAL && hd_yaml_is_zero(f, obj))
        return 0;
    if (f->type == HD_T_MAP)
        return hd_yaml_check(f->sub, which, obj + f->offset, code, err);
    if (f->type == HD_T_LIST)
        return check_list(f, which, obj, code, err);
    if (!hd_scalar_is_empty(f, obj))
        return hd_scalar_check(f, obj, code, err);
    if (f->flags & HD_F_REQUIRED)
        return hd_fail(err, code, "%s: it is empty", f->key);
    return 0;
}

bool hd_yaml_is_zero(const struct hd_field *f, const void *obj)
{
    const char *at = (const char *)obj + f->offset;

    return !at[0] && !memcmp(at, at + 1, f->size - 1);
}

int hd_yaml_check(const struct hd_table *table, unsigned which, const void *obj,
                  enum hd_code code, struct hd_err *err)
{
    for (size_t i = 0; i < table->n; i++)
        if (hd_field_visible(&table->fields[i], which) &&
            check_field(&table->fields[i], which, obj, code, err))
            return -1;
    return 0;
}
