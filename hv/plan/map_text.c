/* SPDX-License-Identifier: MIT */
/* Reads a resource map's JSON text; believes nothing of it. */
#include "map_text.h"

#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "../store/format.h"
#include "map.h"
#include "json_read.h"

/* map, guests, a guest, rows, a row, its values; and a plan's steps. */
#define DEPTH 8
/* Disks beside the wishes have a letter each, as the others have. */
#define MAX_ROWS                                                               \
    (3 + 2 * HD_MAX_DISKS + HD_MAX_NICS + HD_MAX_WISHES + HD_MAX_HOT_NICS)

/* The types of plan_json.h; STYLE T1. */
struct field {
    const char *key;
    enum json_type type;
};

static const struct field map_fields[] = {
    {"store", json_type_string},
    {"user", json_type_string},
};

static const struct field guest_fields[] = {
    {"guest", json_type_string},     {"starts", json_type_boolean},
    {"left_out", json_type_boolean}, {"reason", json_type_string},
    {"message", json_type_string},
};

static const struct field row_fields[] = {
    {"class", json_type_string},     {"level", json_type_string},
    {"how", json_type_string},       {"name", json_type_string},
    {"role", json_type_string},      {"host", json_type_string},
    {"wished", json_type_int},       {"given", json_type_int},
    {"width", json_type_int},        {"height", json_type_int},
    {"rate", json_type_int},         {"mtu", json_type_int},
    {"isolated", json_type_boolean}, {"mac", json_type_string},
    {"disk", json_type_string},      {"console", json_type_string},
    {"own", json_type_boolean},      {"wish", json_type_string},
    {"found", json_type_string},     {"why", json_type_string},
    {"change", json_type_string},
};

static struct json_object *get(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;

    json_object_object_get_ex(object, key, &value);
    return value;
}

/* `where` says what the object is of. */
static int check_fields(struct json_object *o, const struct field *fields,
                        size_t n, const char *where, struct hd_err *err)
{
    if (!json_object_is_type(o, json_type_object))
        return hd_fail(err, HD_E_FAILED, "%s is no object", where);
    for (size_t i = 0; i < n; i++) {
        struct json_object *value = get(o, fields[i].key);

        if (value && !json_object_is_type(value, fields[i].type))
            return hd_fail(err, HD_E_FAILED, "%s: %s is no %s", where,
                           fields[i].key, json_type_to_name(fields[i].type));
        /* A NUL inside would hide what is behind it. */
        if (json_object_is_type(value, json_type_string) &&
            strlen(json_object_get_string(value)) !=
                (size_t)json_object_get_string_len(value))
            return hd_fail(err, HD_E_FAILED, "%s: %s has a NUL", where,
                           fields[i].key);
    }
    return 0;
}

static int check_list(struct json_object *list, size_t max, const char *what,
                      struct hd_err *err)
{
    if (!json_object_is_type(list, json_type_array))
        return hd_fail(err, HD_E_FAILED, "it has no list of %s", what);
    if (json_object_array_length(list) > max)
        return hd_fail(err, HD_E_FAILED, "it has more than %zu %s", max, what);
    return 0;
}

static int check_guest(struct json_object *guest, struct hd_err *err)
{
    struct json_object *rows;

    if (check_fields(guest, guest_fields, HD_ARRAY_LEN(guest_fields), "a guest",
                     err))
        return -1;
    if (!*hd_map_text_get(guest, "guest"))
        return hd_fail(err, HD_E_FAILED, "a guest has no name");
    rows = get(guest, "rows");
    if (check_list(rows, MAX_ROWS, "rows", err))
        return -1;
    for (size_t i = 0; i < json_object_array_length(rows); i++)
        if (check_fields(json_object_array_get_idx(rows, i), row_fields,
                         HD_ARRAY_LEN(row_fields), "a row", err))
            return -1;
    return 0;
}

static int check_map(struct json_object *map, struct hd_err *err)
{
    struct json_object *guests;

    if (check_fields(map, map_fields, HD_ARRAY_LEN(map_fields), "the map", err))
        return -1;
    guests = get(map, "guests");
    if (check_list(guests, HD_MAX_GUESTS, "guests", err))
        return -1;
    for (size_t i = 0; i < json_object_array_length(guests); i++)
        if (check_guest(json_object_array_get_idx(guests, i), err))
            return -1;
    return 0;
}

static struct json_object *parse(const char *text, size_t len,
                                 struct hd_err *err)
{
    if (len > HD_MAP_TEXT_MAX) {
        hd_fail(err, HD_E_FAILED, "it is larger than %d MiB",
                HD_MAP_TEXT_MAX >> 20);
        return NULL;
    }
    return hd_json_read(text, len, DEPTH, HD_E_FAILED, "it", err);
}

/* What `hotdom explain` prints is one guest of a map. */
static struct json_object *map_around(struct json_object *guest)
{
    struct json_object *map = json_object_new_object();
    struct json_object *guests = json_object_new_array();

    json_object_array_add(guests, json_object_get(guest));
    json_object_object_add(map, "guests", guests);
    return map;
}

int hd_map_text_read(const char *text, size_t len, struct json_object **ret,
                     struct hd_err *err)
{
    struct json_object *root = parse(text, len, err), *map;

    if (!root)
        return -1;
    if (get(root, "map"))
        map = json_object_get(get(root, "map"));
    else if (get(root, "rows"))
        map = map_around(root);
    else
        map = json_object_get(root);
    json_object_put(root);
    if (check_map(map, err)) {
        json_object_put(map);
        return -1;
    }
    *ret = map;
    return 0;
}

struct json_object *hd_map_text_guest(struct json_object *map,
                                      const char *guest)
{
    struct json_object *guests = get(map, "guests");

    for (size_t i = 0; i < json_object_array_length(guests); i++) {
        struct json_object *g = json_object_array_get_idx(guests, i);

        if (!strcmp(hd_map_text_get(g, "guest"), guest))
            return g;
    }
    return NULL;
}

const char *hd_map_text_get(struct json_object *object, const char *key)
{
    const char *text = json_object_get_string(get(object, key));

    return text ? text : "";
}

uint64_t hd_map_text_number(struct json_object *object, const char *key)
{
    return json_object_get_uint64(get(object, key));
}
