/* SPDX-License-Identifier: MIT */
/* Keeps the rows of a running guest's map up to date; decides nothing. */
#include "map_kept.h"

#include <string.h>

#include "map_text.h"

struct json_object *hd_map_kept_rows(struct json_object *kept)
{
    return kept ? json_object_object_get(kept, "rows") : NULL;
}

static size_t count(struct json_object *rows)
{
    return rows ? json_object_array_length(rows) : 0;
}

struct json_object *hd_map_kept_find(struct json_object *kept, const char *what)
{
    static const char *const keys[] = {"disk", "mac", "name"};
    struct json_object *rows = hd_map_kept_rows(kept);

    for (size_t k = 0; k < HD_ARRAY_LEN(keys); k++)
        for (size_t i = 0; i < count(rows); i++) {
            struct json_object *row = json_object_array_get_idx(rows, i);

            if (!strcmp(hd_map_text_get(row, keys[k]), what))
                return row;
        }
    return NULL;
}

/* Where the row of that class and name is; the end: nowhere. */
static size_t place_of(struct json_object *rows, const char *class,
                       const char *name)
{
    size_t i = 0;

    for (; i < count(rows); i++) {
        struct json_object *row = json_object_array_get_idx(rows, i);

        if (!strcmp(hd_map_text_get(row, "class"), class) &&
            !strcmp(hd_map_text_get(row, "name"), name))
            break;
    }
    return i;
}

void hd_map_kept_put(struct json_object *kept, struct json_object *row)
{
    struct json_object *rows = hd_map_kept_rows(kept);

    json_object_array_put_idx(rows,
                              place_of(rows, hd_map_text_get(row, "class"),
                                       hd_map_text_get(row, "name")),
                              row);
}

bool hd_map_kept_is_wished(const struct hd_guest *g, const char *name)
{
    for (uint32_t i = 0; i < g->n_disks; i++)
        if (!strcmp(g->disks[i].as, name))
            return true;
    for (uint32_t i = 0; i < g->n_nics; i++)
        if (!strcmp(g->nics[i].as, name))
            return true;
    for (uint32_t i = 0; i < g->n_wishes; i++)
        if (!strcmp(*g->wishes[i].as ? g->wishes[i].as
                                     : hd_class_name(g->wishes[i].class),
                    name))
            return true;
    return false;
}

static void set(struct json_object *row, const char *key, const char *text)
{
    json_object_object_add(row, key,
                           *text ? json_object_new_string(text) : NULL);
}

/* Nobody counts what it had any more. */
static void make_absent(struct json_object *row)
{
    static const char *const keys[] = {"host", "given", "disk", "mac",
                                       "bridge"};

    for (size_t i = 0; i < HD_ARRAY_LEN(keys); i++)
        json_object_object_add(row, keys[i], NULL);
    json_object_object_add(row, "own", json_object_new_boolean(false));
    set(row, "how", hd_how_name(HD_HOW_ABSENT));
    set(row, "why", "it was detached by hand");
    set(row, "change", "");
}

void hd_map_kept_drop(const struct hd_guest *guest, struct json_object *kept,
                      const char *class, const char *name)
{
    struct json_object *rows = hd_map_kept_rows(kept);
    size_t at = place_of(rows, class, name);

    if (at >= count(rows))
        return;
    if (hd_map_kept_is_wished(guest, name))
        make_absent(json_object_array_get_idx(rows, at));
    else
        json_object_array_del_idx(rows, at, 1);
}
