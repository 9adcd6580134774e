/* SPDX-License-Identifier: MIT */
/* A registry's entries from and to JSON; believes no byte of a guest. */
#include "registry_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/base64.h"
#include "../../pv-drivers/base/mem.h"

/* ---- to */

static struct json_object *list_of(const struct hd_value *value)
{
    struct json_object *list = json_object_new_array();
    const char *one;
    size_t at = 0;

    while ((one = hd_value_next(value, &at)))
        json_object_array_add(list, json_object_new_string(one));
    return list;
}

static struct json_object *bytes_of(const struct hd_value *value)
{
    hd_autofree char *text = malloc(HD_BASE64_SIZE(value->len));
    struct json_object *o = json_object_new_object();

    if (text)
        hd_base64_encode(value->data, value->len, text);
    json_object_object_add(o, "bytes",
                           text ? json_object_new_string(text) : NULL);
    return o;
}

static struct json_object *value_of(const struct hd_value *value)
{
    char number[24];

    switch (value->type) {
    case HD_VALUE_STRING:
        return json_object_new_string_len(value->data, (int)value->len);
    case HD_VALUE_INTEGER:
        snprintf(number, sizeof(number), "%.*s", (int)value->len, value->data);
        return json_object_new_int64(strtoll(number, NULL, 10));
    case HD_VALUE_BOOLEAN:
        return json_object_new_boolean(*value->data == 't');
    case HD_VALUE_BYTES:
        return bytes_of(value);
    case HD_VALUE_LIST:
        return list_of(value);
    case HD_VALUE_NONE:
        break;
    }
    return NULL;
}

struct json_object *hd_registry_to_json(const char *entries, size_t len)
{
    struct json_object *list = json_object_new_array();
    struct hd_entry e;

    while (hd_entries_next(&entries, &len, &e, NULL) > 0) {
        struct json_object *o = json_object_new_object();
        bool has = e.value.type != HD_VALUE_NONE;

        json_object_object_add(o, "key", json_object_new_string(e.key));
        json_object_object_add(
            o, "type",
            has ? json_object_new_string(hd_value_type_name(e.value.type))
                : NULL);
        json_object_object_add(o, "value", value_of(&e.value));
        json_object_array_add(list, o);
    }
    return list;
}

/* The guest chooses the words, but no reason that is of a host alone. */
static enum hd_code reason_of(int code)
{
    static const enum hd_code ok[] = {HD_E_USAGE,     HD_E_IO,     HD_E_TIMEOUT,
                                      HD_E_LIMIT,     HD_E_DENIED, HD_E_BUSY,
                                      HD_E_BAD_VOLUME};

    for (size_t i = 0; i < HD_ARRAY_LEN(ok); i++)
        if ((int)ok[i] == code)
            return ok[i];
    return HD_E_FAILED;
}

int hd_registry_read_answer(const struct hd_entries *bytes,
                            struct json_object **ret, struct hd_err *err)
{
    struct hd_reganswer a;
    struct json_object *o;

    if (hd_reganswer_parse(bytes->data ? bytes->data : "", bytes->used, &a,
                           err))
        return hd_wrap(err, "nonsense");
    if (a.why.code)
        return hd_fail(err, reason_of(a.why.code), "%s", a.why.msg);
    o = json_object_new_object();
    json_object_object_add(o, "sequence", json_object_new_uint64(a.sequence));
    json_object_object_add(o, "lost", json_object_new_uint64(a.lost));
    json_object_object_add(o, "from",
                           *a.from ? json_object_new_string(a.from) : NULL);
    json_object_object_add(o, "entries", hd_registry_to_json(a.entries, a.len));
    *ret = o;
    return 0;
}

/* ---- from */

static int take_list(struct json_object *list, struct hd_entries *ret,
                     struct hd_err *err)
{
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *one = json_object_array_get_idx(list, i);
        const char *text = json_object_get_string(one);
        size_t len = one ? (size_t)json_object_get_string_len(one) : 0;

        if (!json_object_is_type(one, json_type_string) || strlen(text) != len)
            return hd_fail(err, HD_E_USAGE, "a list has strings alone");
        if (hd_entries_put(ret, text, len + 1, err))
            return -1;
    }
    return 0;
}

static int take_bytes(struct json_object *o, struct hd_entries *ret,
                      struct hd_err *err)
{
    struct json_object *text;
    ssize_t n = -1;

    if (json_object_object_length(o) == 1 &&
        json_object_object_get_ex(o, "bytes", &text) &&
        json_object_is_type(text, json_type_string)) {
        size_t len = (size_t)json_object_get_string_len(text);

        if (hd_entries_put(ret, json_object_get_string(text), len, err))
            return -1;
        n = hd_base64_decode(ret->data, ret->used, ret->data, ret->used);
    }
    if (n < 0)
        return hd_fail(err, HD_E_USAGE, "bytes are {\"bytes\": \"BASE64\"}");
    ret->used = (size_t)n;
    return 0;
}

static int take_text(struct json_object *value, struct hd_entries *ret,
                     struct hd_err *err)
{
    const char *text = json_object_get_string(value);

    return hd_entries_put(ret, text,
                          json_object_is_type(value, json_type_string)
                              ? (size_t)json_object_get_string_len(value)
                              : strlen(text),
                          err);
}

static const struct {
    enum json_type json;
    enum hd_value_type type;
    int (*take)(struct json_object *value, struct hd_entries *ret,
                struct hd_err *err);
} types[] = {
    {json_type_string, HD_VALUE_STRING, take_text},
    {json_type_int, HD_VALUE_INTEGER, take_text},
    {json_type_boolean, HD_VALUE_BOOLEAN, take_text},
    {json_type_array, HD_VALUE_LIST, take_list},
    {json_type_object, HD_VALUE_BYTES, take_bytes},
};

static int take_value(struct json_object *value, struct hd_entries *bytes,
                      struct hd_value *ret, struct hd_err *err)
{
    ret->type = HD_VALUE_NONE;
    if (!value)
        return 0;
    for (size_t i = 0; i < HD_ARRAY_LEN(types); i++) {
        if (!json_object_is_type(value, types[i].json))
            continue;
        if (types[i].take(value, bytes, err))
            return -1;
        *ret = (struct hd_value){types[i].type, bytes->data ? bytes->data : "",
                                 bytes->used};
        return hd_value_is_valid(ret)
                   ? 0
                   : hd_fail(err, HD_E_USAGE,
                             "that is no %s of at most %u bytes",
                             hd_value_type_name(ret->type), HD_VALUE_MAX);
    }
    return hd_fail(err, HD_E_USAGE, "a registry has no such value");
}

int hd_registry_from_json(struct json_object *map, struct hd_entries *ret,
                          struct hd_err *err)
{
    struct hd_entries bytes = {.max = 2 * HD_VALUE_MAX};
    struct hd_value value;
    int rc = 0;

    if (!json_object_is_type(map, json_type_object))
        return hd_fail(err, HD_E_USAGE, "entries is an object");
    json_object_object_foreach(map, key, one)
    {
        bytes.used = 0;
        if (!hd_key_is_valid(key))
            rc = hd_fail(err, HD_E_USAGE, "\"%.64s\" is no key", key);
        else if (take_value(one, &bytes, &value, err))
            rc = hd_wrap(err, "%s", key);
        else
            rc = hd_entries_add(ret, key, &value, err);
        if (rc)
            break;
    }
    hd_entries_fini(&bytes);
    return rc;
}
