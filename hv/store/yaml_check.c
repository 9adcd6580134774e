/* SPDX-License-Identifier: MIT */
/* Checks a struct from another process by its field table; never trusts a
 * count, a terminator or a number of it. */
#include <stdbool.h>
#include <string.h>

#include "yaml.h"
#include "yaml_scalar.h"

struct check {
    const char *root; /* the outermost struct, which has the pools */
    unsigned which;
    enum hd_code code;
    struct hd_err *err;
};

static int check_table(const struct check *c, const struct hd_table *table,
                       const char *obj);

/* What is at `offset` of such a list is where it begins. */
static bool is_in_pool(const struct check *c, const struct hd_field *f,
                       const char *obj, uint32_t count)
{
    uint32_t first = *(const uint32_t *)(const void *)(obj + f->offset);
    uint32_t used = *(const uint32_t *)(const void *)(c->root + f->pool->count);

    return used <= f->pool->max && first <= used && count <= used - first;
}

static int check_list(const struct check *c, const struct hd_field *f,
                      const char *obj)
{
    const char *elements;
    uint32_t count = *(const uint32_t *)(const void *)(obj + f->count);

    if (count < f->min || count > f->max)
        return hd_fail(c->err, c->code, "%s: %u of them, %llu to %llu allowed",
                       f->key, count, (unsigned long long)f->min,
                       (unsigned long long)f->max);
    if (f->pool && !is_in_pool(c, f, obj, count))
        return hd_fail(c->err, c->code, "%s: it is not among the %s", f->key,
                       f->pool->what);
    elements = hd_yaml_elements(f, c->root, obj);
    for (uint32_t i = 0; i < count; i++)
        if (check_table(c, f->sub, elements + i * f->sub->size))
            return hd_wrap(c->err, "%s %u", f->sub->what, i + 1);
    return 0;
}

static int check_field(const struct check *c, const struct hd_field *f,
                       const char *obj)
{
    if (f->flags & HD_F_OPTIONAL && hd_yaml_is_zero(f, obj))
        return 0;
    if (f->type == HD_T_MAP)
        return check_table(c, f->sub, obj + f->offset);
    if (f->type == HD_T_LIST)
        return check_list(c, f, obj);
    if (!hd_scalar_is_empty(f, obj))
        return hd_scalar_check(f, obj, c->code, c->err);
    if (f->flags & HD_F_REQUIRED)
        return hd_fail(c->err, c->code, "%s: it is empty", f->key);
    return 0;
}

static int check_table(const struct check *c, const struct hd_table *table,
                       const char *obj)
{
    for (size_t i = 0; i < table->n; i++)
        if (hd_field_visible(&table->fields[i], c->which) &&
            check_field(c, &table->fields[i], obj))
            return -1;
    return 0;
}

const char *hd_yaml_elements(const struct hd_field *f, const char *root,
                             const char *obj)
{
    if (!f->pool)
        return obj + f->offset;
    return root + f->pool->offset +
           *(const uint32_t *)(const void *)(obj + f->offset) * f->sub->size;
}

bool hd_yaml_is_zero(const struct hd_field *f, const void *obj)
{
    const char *at = (const char *)obj + f->offset;

    return !at[0] && !memcmp(at, at + 1, f->size - 1);
}

int hd_yaml_check(const struct hd_table *table, unsigned which, const void *obj,
                  enum hd_code code, struct hd_err *err)
{
    const struct check c = {obj, which, code, err};

    return check_table(&c, table, obj);
}
