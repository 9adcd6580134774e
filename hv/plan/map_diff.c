/* SPDX-License-Identifier: MIT */
/* Compares two resource maps of a guest row by row; decides nothing. */
#include "map_diff.h"

#include <stdbool.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "map_text.h"

/* What a row gives, and so what can move; the texts tell of it only. */
static const char *const gives[] = {"how",    "host", "given",   "width",
                                    "height", "disk", "console", "own"};

static struct json_object *get(struct json_object *o, const char *key)
{
    struct json_object *value = NULL;

    json_object_object_get_ex(o, key, &value);
    return value;
}

static void copy(struct json_object *to, struct json_object *from,
                 const char *key)
{
    json_object_object_add(to, key, json_object_get(get(from, key)));
}

static struct json_object *rows_of(struct json_object *guest)
{
    return get(guest, "rows");
}

static bool is_same_wish(struct json_object *a, struct json_object *b)
{
    return !strcmp(hd_map_text_get(a, "class"), hd_map_text_get(b, "class")) &&
           !strcmp(hd_map_text_get(a, "name"), hd_map_text_get(b, "name"));
}

/* How many rows in front of this one are of the same wish. */
static size_t rank(struct json_object *rows, size_t at)
{
    struct json_object *row = json_object_array_get_idx(rows, at);
    size_t n = 0;

    for (size_t i = 0; i < at; i++)
        n += is_same_wish(json_object_array_get_idx(rows, i), row);
    return n;
}

/* Its fellow in the other map; NULL when it has none. */
static struct json_object *fellow(struct json_object *rows, size_t at,
                                  struct json_object *others)
{
    struct json_object *row = json_object_array_get_idx(rows, at);
    size_t left = rank(rows, at);

    for (size_t i = 0; i < json_object_array_length(others); i++) {
        struct json_object *other = json_object_array_get_idx(others, i);

        if (is_same_wish(row, other) && !left--)
            return other;
    }
    return NULL;
}

static struct json_object *given(struct json_object *row)
{
    struct json_object *o = json_object_new_object();

    for (size_t i = 0; i < HD_ARRAY_LEN(gives); i++)
        copy(o, row, gives[i]);
    return o;
}

static bool gives_the_same(struct json_object *a, struct json_object *b)
{
    for (size_t i = 0; i < HD_ARRAY_LEN(gives); i++)
        if (!json_object_equal(get(a, gives[i]), get(b, gives[i])))
            return false;
    return true;
}

/* One of the two may be NULL. */
static struct json_object *compare(struct json_object *before,
                                   struct json_object *after)
{
    struct json_object *o = json_object_new_object();
    struct json_object *row = after ? after : before;
    const char *moved = !before                         ? "new"
                        : !after                        ? "gone"
                        : gives_the_same(before, after) ? "same"
                                                        : "changed";

    copy(o, row, "class");
    copy(o, row, "name");
    json_object_object_add(o, "moved", json_object_new_string(moved));
    json_object_object_add(o, "from", before ? given(before) : NULL);
    json_object_object_add(o, "to", after ? given(after) : NULL);
    json_object_object_add(o, "why",
                           after ? json_object_get(get(after, "why")) : NULL);
    return o;
}

static struct json_object *start_of(struct json_object *guest)
{
    struct json_object *o = json_object_new_object();

    copy(o, guest, "starts");
    copy(o, guest, "reason");
    return o;
}

struct json_object *hd_map_diff(struct json_object *before,
                                struct json_object *after)
{
    struct json_object *was = rows_of(before), *is = rows_of(after);
    struct json_object *o = json_object_new_object();
    struct json_object *rows = json_object_new_array();

    copy(o, after, "guest");
    json_object_object_add(o, "from", start_of(before));
    json_object_object_add(o, "to", start_of(after));
    for (size_t i = 0; i < json_object_array_length(is); i++)
        json_object_array_add(rows, compare(fellow(is, i, was),
                                            json_object_array_get_idx(is, i)));
    for (size_t i = 0; i < json_object_array_length(was); i++)
        if (!fellow(was, i, is))
            json_object_array_add(
                rows, compare(json_object_array_get_idx(was, i), NULL));
    json_object_object_add(o, "rows", rows);
    return o;
}
