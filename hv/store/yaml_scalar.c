/* SPDX-License-Identifier: MIT */
/* Scalars of the field tables: strict both ways; never rounds or guesses. */
#include "yaml_scalar.h"

#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "text.h"
#include "../../pv-drivers/base/uuid.h"

struct unit {
    const char *name;
    uint64_t factor;
};

/* The largest first, so that the first divisor found is the shortest text. */
static const struct unit sizes[] = {
    {"T", 1ull << 40}, {"G", 1ull << 30}, {"M", 1ull << 20},
    {"K", 1ull << 10}, {"", 1},           {NULL, 0},
};
static const struct unit durations[] = {
    {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}, {NULL, 0},
};
static const struct unit plain[] = {{"", 1}, {NULL, 0}};

#define NAME_FORM                                                              \
    "a name of a-z, 0-9, '.', '_' and '-' that begins with a letter or digit"

static const char *const forms[] = {
    [HD_T_UINT] = "a whole number",
    [HD_T_SIZE] = "a size like 64K, 512M, 2G or 1T",
    [HD_T_DURATION] = "a duration like 500ms, 30s, 5m or 1h",
    [HD_T_BOOL] = "true or false",
    [HD_T_NAME] = NAME_FORM,
    [HD_T_PATH] = "a relative path of names joined by '/'",
    [HD_T_TEXT] = "printable text",
    [HD_T_ENUM] = "one of the known words",
    [HD_T_UUID] = "a UUID",
    [HD_T_HEX] = "lower-case hex digits",
    [HD_T_MAP] = "a map",
    [HD_T_LIST] = "a list",
};

static const struct unit *units_of(const struct hd_field *f)
{
    if (f->type == HD_T_SIZE)
        return sizes;
    return f->type == HD_T_DURATION ? durations : plain;
}

static int fail_form(const struct hd_field *f, const char *text, size_t len,
                     enum hd_code code, struct hd_err *err)
{
    char quoted[HD_TEXT_QUOTED], words[200] = "";
    size_t used = 0;

    hd_text_quote(quoted, text, len);
    if (f->type == HD_T_HEX)
        return hd_fail(err, code, "%s: %s is not %zu %s", f->key, quoted,
                       2 * f->size, forms[f->type]);
    if (f->type != HD_T_ENUM)
        return hd_fail(err, code, "%s: %s is not %s", f->key, quoted,
                       forms[f->type]);
    for (const char *const *w = f->names; *w && used < sizeof(words); w++)
        used += (size_t)snprintf(words + used, sizeof(words) - used, "%s%s",
                                 w == f->names ? "" : ", ", *w);
    return hd_fail(err, code, "%s: %s is not one of: %s", f->key, quoted,
                   words);
}

static void format_number(const struct hd_field *f, uint64_t value, char *text,
                          size_t size)
{
    const struct unit *u = units_of(f);

    /* Zero would divide by the largest; it reads best with the smallest. */
    while (u[1].name && (!value || value % u->factor))
        u++;
    snprintf(text, size, "%llu%s", (unsigned long long)(value / u->factor),
             u->name);
}

static int check_range(const struct hd_field *f, uint64_t value,
                       enum hd_code code, struct hd_err *err)
{
    char got[32], min[32], max[32];

    if (value >= f->min && value <= f->max)
        return 0;
    format_number(f, value, got, sizeof(got));
    format_number(f, f->min, min, sizeof(min));
    format_number(f, f->max, max, sizeof(max));
    return hd_fail(err, code, "%s: %s is out of range, %s to %s", f->key, got,
                   min, max);
}

/* Digits without sign or leading zero, then a unit; false on anything else. */
static bool parse_number(const struct unit *units, const char *text, size_t len,
                         uint64_t *ret_value)
{
    size_t digits = 0;
    uint64_t value = 0;

    for (; digits < len && text[digits] >= '0' && text[digits] <= '9'; digits++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(text[digits] - '0'),
                                   &value))
            return false;
    if (!digits || (text[0] == '0' && digits > 1))
        return false;
    for (const struct unit *u = units; u->name; u++)
        if (strlen(u->name) == len - digits &&
            !memcmp(u->name, text + digits, len - digits))
            return !__builtin_mul_overflow(value, u->factor, ret_value);
    return false;
}

static bool is_path(const char *text, size_t len)
{
    const char *slash;

    while ((slash = memchr(text, '/', len))) {
        if (!hd_text_is_name(text, (size_t)(slash - text)))
            return false;
        len -= (size_t)(slash + 1 - text);
        text = slash + 1;
    }
    return hd_text_is_name(text, len);
}

static bool string_fits(const struct hd_field *f, const char *text, size_t len)
{
    if (f->type == HD_T_NAME)
        return hd_text_is_name(text, len);
    if (f->type == HD_T_PATH)
        return is_path(text, len);
    return hd_text_span(text, len) == len;
}

static int check_string(const struct hd_field *f, const char *text, size_t len,
                        enum hd_code code, struct hd_err *err)
{
    if (!string_fits(f, text, len))
        return fail_form(f, text, len, code, err);
    if (len >= f->size || len >= HD_SCALAR_TEXT)
        return hd_fail(err, code, "%s: %zu characters, %zu at most", f->key,
                       len, f->size - 1);
    return 0;
}

static int parse_string(const struct hd_field *f, const char *text, size_t len,
                        enum hd_code code, char *member, struct hd_err *err)
{
    if (check_string(f, text, len, code, err))
        return -1;
    memcpy(member, text, len);
    member[len] = '\0';
    return 0;
}

static int parse_uint(const struct hd_field *f, const char *text, size_t len,
                      enum hd_code code, uint64_t *member, struct hd_err *err)
{
    uint64_t value;

    if (!parse_number(units_of(f), text, len, &value))
        return fail_form(f, text, len, code, err);
    if (check_range(f, value, code, err))
        return -1;
    *member = value;
    return 0;
}

static int parse_enum(const struct hd_field *f, const char *text, size_t len,
                      enum hd_code code, uint32_t *member, struct hd_err *err)
{
    for (uint32_t i = 0; f->names[i]; i++)
        if (strlen(f->names[i]) == len && !memcmp(f->names[i], text, len)) {
            *member = i;
            return 0;
        }
    for (const struct hd_refused *r = f->refused; r && r->name; r++)
        if (strlen(r->name) == len && !memcmp(r->name, text, len))
            return hd_fail(err, code, "%s: %s is not known here: %s", f->key,
                           r->name, r->why);
    return fail_form(f, text, len, code, err);
}

static int parse_bool(const struct hd_field *f, const char *text, size_t len,
                      enum hd_code code, uint8_t *member, struct hd_err *err)
{
    bool yes = len == 4 && !memcmp(text, "true", 4);

    if (!yes && !(len == 5 && !memcmp(text, "false", 5)))
        return fail_form(f, text, len, code, err);
    *member = yes;
    return 0;
}

static int parse_uuid(const struct hd_field *f, const char *text, size_t len,
                      enum hd_code code, struct hd_uuid *member,
                      struct hd_err *err)
{
    if (strlen(text) != len || hd_uuid_parse(text, member, NULL))
        return fail_form(f, text, len, code, err);
    return 0;
}

static int parse_hex(const struct hd_field *f, const char *text, size_t len,
                     enum hd_code code, uint8_t *member, struct hd_err *err)
{
    static const char digits[] = "0123456789abcdef";

    if (len != 2 * f->size || strspn(text, digits) != len)
        return fail_form(f, text, len, code, err);
    for (size_t i = 0; i < f->size; i++)
        member[i] = (uint8_t)((strchr(digits, text[2 * i]) - digits) << 4 |
                              (strchr(digits, text[2 * i + 1]) - digits));
    return 0;
}

int hd_scalar_parse(const struct hd_field *f, const char *text, size_t len,
                    enum hd_code code, void *obj, struct hd_err *err)
{
    void *member = (char *)obj + f->offset;

    switch (f->type) {
    case HD_T_UINT:
    case HD_T_SIZE:
    case HD_T_DURATION:
        return parse_uint(f, text, len, code, member, err);
    case HD_T_BOOL:
        return parse_bool(f, text, len, code, member, err);
    case HD_T_NAME:
    case HD_T_PATH:
    case HD_T_TEXT:
        return parse_string(f, text, len, code, member, err);
    case HD_T_ENUM:
        return parse_enum(f, text, len, code, member, err);
    case HD_T_UUID:
        return parse_uuid(f, text, len, code, member, err);
    case HD_T_HEX:
        return parse_hex(f, text, len, code, member, err);
    case HD_T_MAP:
    case HD_T_LIST:
        break;
    }
    return fail_form(f, text, len, code, err);
}

int hd_scalar_check(const struct hd_field *f, const void *obj,
                    enum hd_code code, struct hd_err *err)
{
    const void *member = (const char *)obj + f->offset;
    uint32_t index = 0;

    switch (f->type) {
    case HD_T_UINT:
    case HD_T_SIZE:
    case HD_T_DURATION:
        return check_range(f, *(const uint64_t *)member, code, err);
    case HD_T_BOOL:
        if (*(const uint8_t *)member > 1)
            return hd_fail(err, code, "%s: is not true or false", f->key);
        return 0;
    case HD_T_NAME:
    case HD_T_PATH:
    case HD_T_TEXT:
        if (!memchr(member, '\0', f->size))
            return hd_fail(err, code, "%s: the text does not end", f->key);
        return check_string(f, member, strlen(member), code, err);
    case HD_T_ENUM:
        while (f->names[index] && index != *(const uint32_t *)member)
            index++;
        if (!f->names[index])
            return hd_fail(err, code, "%s: no such value", f->key);
        return 0;
    case HD_T_UUID:
    case HD_T_HEX:
    case HD_T_MAP:
    case HD_T_LIST:
        break;
    }
    return 0;
}

void hd_scalar_format(const struct hd_field *f, const void *obj,
                      char text[HD_SCALAR_TEXT])
{
    const void *member = (const char *)obj + f->offset;

    switch (f->type) {
    case HD_T_UINT:
    case HD_T_SIZE:
    case HD_T_DURATION:
        format_number(f, *(const uint64_t *)member, text, HD_SCALAR_TEXT);
        return;
    case HD_T_BOOL:
        strcpy(text, *(const uint8_t *)member ? "true" : "false");
        return;
    case HD_T_NAME:
    case HD_T_PATH:
    case HD_T_TEXT:
        snprintf(text, HD_SCALAR_TEXT, "%s", (const char *)member);
        return;
    case HD_T_ENUM:
        strcpy(text, f->names[*(const uint32_t *)member]);
        return;
    case HD_T_UUID:
        hd_uuid_format(member, text);
        return;
    case HD_T_HEX:
        for (size_t i = 0; i < f->size; i++)
            sprintf(text + 2 * i, "%02x", ((const uint8_t *)member)[i]);
        return;
    case HD_T_MAP:
    case HD_T_LIST:
        break;
    }
    text[0] = '\0';
}

bool hd_scalar_is_empty(const struct hd_field *f, const void *obj)
{
    const uint8_t *member = (const uint8_t *)obj + f->offset;
    uint8_t any = 0;

    switch (f->type) {
    case HD_T_NAME:
    case HD_T_PATH:
    case HD_T_TEXT:
        return !member[0];
    case HD_T_UUID:
    case HD_T_HEX:
        for (size_t i = 0; i < f->size; i++)
            any |= member[i];
        return !any;
    case HD_T_UINT:
    case HD_T_SIZE:
    case HD_T_DURATION:
    case HD_T_BOOL:
    case HD_T_ENUM:
    case HD_T_MAP:
    case HD_T_LIST:
        break;
    }
    return false;
}

void hd_scalar_default(const struct hd_field *f, void *obj)
{
    void *member = (char *)obj + f->offset;

    switch (f->type) {
    case HD_T_UINT:
    case HD_T_SIZE:
    case HD_T_DURATION:
        *(uint64_t *)member = f->def;
        return;
    case HD_T_BOOL:
        *(uint8_t *)member = (uint8_t)f->def;
        return;
    case HD_T_ENUM:
        *(uint32_t *)member = (uint32_t)f->def;
        return;
    case HD_T_NAME:
    case HD_T_PATH:
    case HD_T_TEXT:
    case HD_T_UUID:
    case HD_T_HEX:
    case HD_T_MAP:
    case HD_T_LIST:
        return;
    }
}
