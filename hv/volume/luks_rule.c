/* SPDX-License-Identifier: MIT */
/* Reads JSON that may be hostile and holds it against rules; never takes what
 * no rule names. */
#include "luks_rule.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../store/format.h"
#include "../store/text.h"

#define DEPTH 8 /* a header's is 4 */

struct hd_luks_place hd_luks_place(const char *fmt, ...)
{
    struct hd_luks_place p;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(p.name, sizeof(p.name), fmt, ap);
    va_end(ap);
    return p;
}

int hd_luks_rule_fail(struct hd_luks_place where, const char *key,
                      json_object *value, const char *want, struct hd_err *err)
{
    const char *got = json_object_to_json_string_ext(value, 0);
    char quoted[HD_TEXT_QUOTED];

    return hd_fail(err, HD_E_BAD_VOLUME, "%s: %s must be %s, not %s",
                   where.name, key, want,
                   hd_text_quote(quoted, got, strlen(got)));
}

bool hd_luks_rule_size(const char *text, uint64_t *ret)
{
    size_t len = strlen(text);

    if (!len || len > 18 || strspn(text, "0123456789") != len ||
        (*text == '0' && len > 1))
        return false;
    *ret = strtoull(text, NULL, 10);
    return true;
}

static bool is_base64(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqr"
                                  "stuvwxyz0123456789+/";

    return strlen(text) == 44 && strspn(text, letters) == 43 && text[43] == '=';
}

static int check_text(struct hd_luks_place where, const struct hd_luks_rule *r,
                      json_object *value, struct hd_err *err)
{
    const char *text = json_object_get_string(value);
    char want[80];
    uint64_t size;

    if (!json_object_is_type(value, json_type_string))
        return hd_luks_rule_fail(where, r->key, value, "a string", err);
    if (r->kind == HD_LUKS_TEXT && strcmp(text, r->text)) {
        snprintf(want, sizeof(want), "\"%s\"", r->text);
        return hd_luks_rule_fail(where, r->key, value, want, err);
    }
    if (r->kind == HD_LUKS_BYTES && !is_base64(text))
        return hd_luks_rule_fail(where, r->key, value, "32 bytes in base64",
                                 err);
    if (r->kind == HD_LUKS_SIZE && !hd_luks_rule_size(text, &size))
        return hd_luks_rule_fail(where, r->key, value, "a number of bytes",
                                 err);
    if (r->kind == HD_LUKS_NAME &&
        (strlen(text) >= HD_NAME_SIZE || !hd_text_is_name(text, strlen(text))))
        return hd_luks_rule_fail(where, r->key, value, "a user's name", err);
    return 0;
}

static int check_value(struct hd_luks_place where, const struct hd_luks_rule *r,
                       json_object *value, struct hd_err *err)
{
    char want[80];
    int64_t number;

    switch (r->kind) {
    case HD_LUKS_TEXT:
    case HD_LUKS_BYTES:
    case HD_LUKS_SIZE:
    case HD_LUKS_NAME:
        return check_text(where, r, value, err);
    case HD_LUKS_NUMBER:
        number = json_object_get_int64(value);
        if (json_object_is_type(value, json_type_int) && number >= 0 &&
            (uint64_t)number >= r->min && (uint64_t)number <= r->max)
            return 0;
        snprintf(want, sizeof(want), "%" PRIu64 " to %" PRIu64, r->min, r->max);
        return hd_luks_rule_fail(where, r->key, value, want, err);
    case HD_LUKS_OBJECT:
        if (json_object_is_type(value, json_type_object))
            return 0;
        return hd_luks_rule_fail(where, r->key, value, "an object", err);
    case HD_LUKS_LIST:
        if (json_object_is_type(value, json_type_array))
            return 0;
        return hd_luks_rule_fail(where, r->key, value, "a list", err);
    }
    return hd_fail(err, HD_E_FAILED, "a rule has no kind");
}

int hd_luks_rule_check(struct hd_luks_place where, json_object *object,
                       const struct hd_luks_rule *rules, size_t n,
                       struct hd_err *err)
{
    char quoted[HD_TEXT_QUOTED];

    for (size_t i = 0; i < n; i++) {
        json_object *value;

        if (!json_object_object_get_ex(object, rules[i].key, &value))
            return hd_fail(err, HD_E_BAD_VOLUME, "%s: %s is missing",
                           where.name, rules[i].key);
        if (check_value(where, &rules[i], value, err))
            return -1;
    }
    if ((size_t)json_object_object_length(object) == n)
        return 0;
    json_object_object_foreach(object, key, unused)
    {
        size_t i = 0;

        (void)unused;
        while (i < n && strcmp(key, rules[i].key))
            i++;
        if (i == n)
            return hd_fail(err, HD_E_BAD_VOLUME, "%s: %s is not known here",
                           where.name, hd_text_quote(quoted, key, strlen(key)));
    }
    return hd_fail(err, HD_E_BAD_VOLUME, "%s: a key too many", where.name);
}

/* What json-c would not tell: how many keys the text has, how deep it is and
 * what else is in it.  Gives the keys, or -1 with what is wrong. */
static int scan(const char *text, size_t len, const char **ret_wrong)
{
    bool string = false;
    int keys = 0, depth = 0;

    for (size_t i = 0; i < len; i++) {
        char c = text[i];

        if (c == '"')
            string = !string;
        if (string ? c < 0x20 || c > 0x7e || c == '\\'
                   : !strchr("{}[]:,\"0123456789", c)) {
            *ret_wrong = "a byte that is none of its text";
            return -1;
        }
        if (string)
            continue;
        keys += c == ':';
        depth += (c == '{' || c == '[') - (c == '}' || c == ']');
        if (depth > DEPTH) {
            *ret_wrong = "something nested too deep";
            return -1;
        }
    }
    return keys;
}

static int count_keys(json_object *value)
{
    int n = 0;

    if (json_object_is_type(value, json_type_array))
        for (size_t i = 0; i < json_object_array_length(value); i++)
            n += count_keys(json_object_array_get_idx(value, i));
    if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, key, member)
        {
            (void)key;
            n += 1 + count_keys(member);
        }
    }
    return n;
}

static json_object *parse(const char *text, size_t len)
{
    struct json_tokener *tok = json_tokener_new_ex(DEPTH);
    json_object *root = NULL;

    if (!tok)
        return NULL;
    json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
    /* With its NUL, which ends even a number. */
    root = json_tokener_parse_ex(tok, text, (int)len + 1);
    if (root && json_tokener_get_parse_end(tok) != len) {
        json_object_put(root);
        root = NULL;
    }
    json_tokener_free(tok);
    return root;
}

/* How much of `room` is text; -1 unless zeros follow it. */
static ssize_t measure(const char *text, size_t room)
{
    size_t len = strnlen(text, room);

    for (size_t i = len; i < room; i++)
        if (text[i])
            return -1;
    return len < room ? (ssize_t)len : -1;
}

json_object *hd_luks_rule_parse(const char *text, size_t room,
                                struct hd_err *err)
{
    const char *wrong = "no zeros behind its end";
    ssize_t len = measure(text, room);
    int keys = len < 0 ? -1 : scan(text, (size_t)len, &wrong);
    json_object *root = NULL;

    if (keys >= 0) {
        root = parse(text, (size_t)len);
        if (!json_object_is_type(root, json_type_object))
            wrong = "no object";
        else if (count_keys(root) != keys)
            wrong = "a key twice";
        else
            return root;
    }
    json_object_put(root);
    hd_fail(err, HD_E_BAD_VOLUME, "its JSON has %s", wrong);
    return NULL;
}
