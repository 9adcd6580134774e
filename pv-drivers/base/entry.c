/* SPDX-License-Identifier: MIT */
/* Checks keys and values, and walks a row of them; believes no length that it
 * has not checked. */
#include "entry.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

#define NAME "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

static const struct {
    const char *name;
    char letter;
} types[] = {
#define HD_X(tag, text, sign) [HD_VALUE_##tag] = {text, sign},
    HD_VALUE_TYPES(HD_X)
#undef HD_X
};

const char *hd_value_type_name(enum hd_value_type type)
{
    return type < HD_ARRAY_LEN(types) ? types[type].name : "none";
}

enum hd_value_type hd_value_type_find(const char *name)
{
    for (size_t i = 0; i < HD_ARRAY_LEN(types); i++)
        if (!strcmp(types[i].name, name))
            return (enum hd_value_type)i;
    return HD_VALUE_NONE;
}

char hd_value_letter(enum hd_value_type type)
{
    return type < HD_ARRAY_LEN(types) ? types[type].letter : '\0';
}

/* ---- values */

/* The bytes of the character at `at`, at most `left`; 0: it is none.  The
 * shortest form alone, and no surrogate. */
static size_t character(const uint8_t *at, size_t left)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = *at < 0x80 ? 1 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;
    uint32_t c = n == 1 ? *at : *at & (0x7fu >> n);

    if ((*at >= 0x80 && *at < 0xc0) || *at > 0xf4 || n > left)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (at[i] & 0x3f);
    }
    return c < least[n] || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff ? 0 : n;
}

static bool is_utf8(const char *text, size_t len)
{
    for (size_t n, i = 0; i < len; i += n) {
        n = character((const uint8_t *)text + i, len - i);
        if (!n)
            return false;
    }
    return true;
}

static bool is_string(const char *data, size_t len)
{
    return !memchr(data, '\0', len) && is_utf8(data, len);
}

static bool is_integer(const char *data, size_t len)
{
    char text[24], same[24];

    if (!len || len >= sizeof(text))
        return false;
    memcpy(text, data, len);
    text[len] = '\0';
    if (strlen(text) != len)
        return false;
    errno = 0;
    snprintf(same, sizeof(same), "%" PRId64, (int64_t)strtoll(text, NULL, 10));
    return !errno && !strcmp(text, same);
}

static bool is_boolean(const char *data, size_t len)
{
    return (len == 4 && !memcmp(data, "true", 4)) ||
           (len == 5 && !memcmp(data, "false", 5));
}

static bool is_bytes(const char *data, size_t len)
{
    (void)data, (void)len;
    return true;
}

static bool is_list(const char *data, size_t len)
{
    return (!len || !data[len - 1]) && is_utf8(data, len);
}

static bool (*const checks[])(const char *data, size_t len) = {
    [HD_VALUE_STRING] = is_string,   [HD_VALUE_INTEGER] = is_integer,
    [HD_VALUE_BOOLEAN] = is_boolean, [HD_VALUE_BYTES] = is_bytes,
    [HD_VALUE_LIST] = is_list,
};

bool hd_value_is_valid(const struct hd_value *value)
{
    return value->type < HD_ARRAY_LEN(checks) && value->len <= HD_VALUE_MAX &&
           checks[value->type](value->data, value->len);
}

bool hd_value_parse(const char *text, size_t len, struct hd_value *ret)
{
    for (size_t i = 0; len && i < HD_ARRAY_LEN(types); i++) {
        struct hd_value v = {(enum hd_value_type)i, text + 1, len - 1};

        if (types[i].letter != *text)
            continue;
        if (hd_value_is_valid(&v)) {
            *ret = v;
            return true;
        }
    }
    return false;
}

const char *hd_value_next(const struct hd_value *list, size_t *at)
{
    const char *one = list->data + *at;

    if (*at >= list->len)
        return NULL;
    *at += strlen(one) + 1;
    return one;
}

/* ---- keys */

bool hd_key_is_valid(const char *key)
{
    size_t depth = 1;

    if (strnlen(key, HD_KEY_SIZE) == HD_KEY_SIZE)
        return false;
    for (size_t len;; key += len + 1, depth++) {
        len = strspn(key, NAME);
        if (!len || depth > HD_KEY_DEPTH ||
            (len <= 2 && !strncmp(key, "..", len)))
            return false;
        if (key[len] != '/')
            return !key[len];
    }
}

bool hd_key_is_below(const char *key, const char *above)
{
    size_t len = strlen(above);

    return !len ||
           (!strncmp(key, above, len) && (!key[len] || key[len] == '/'));
}

int hd_key_compare(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (*a == '/' ? 1 : *a) - (*b == '/' ? 1 : *b);
}

/* ---- a row of them */

int hd_entries_put(struct hd_entries *e, const void *bytes, size_t len,
                   struct hd_err *err)
{
    size_t room = e->room ? e->room : 256;
    char *more;

    if (!len)
        return 0;
    if (len > e->max - e->used)
        return hd_fail(err, HD_E_LIMIT, "more than %zu bytes at once", e->max);
    while (room < e->used + len)
        room *= 2;
    if (room > e->room) {
        more = realloc(e->data, room);
        if (!more)
            return hd_fail_errno(err, HD_E_FAILED, "keep %zu bytes", room);
        e->data = more;
        e->room = room;
    }
    memcpy(e->data + e->used, bytes, len);
    e->used += len;
    return 0;
}

int hd_entries_add(struct hd_entries *e, const char *key,
                   const struct hd_value *value, struct hd_err *err)
{
    bool has = value->type != HD_VALUE_NONE;
    uint32_t n = has ? (uint32_t)value->len + 1 : 0;
    const uint8_t len[] = {(uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16),
                           (uint8_t)(n >> 24)};
    const char letter = hd_value_letter(value->type);
    size_t before = e->used;

    if (hd_entries_put(e, key, strlen(key) + 1, err) ||
        hd_entries_put(e, len, sizeof(len), err) ||
        (has && (hd_entries_put(e, &letter, 1, err) ||
                 hd_entries_put(e, value->data, value->len, err)))) {
        e->used = before;
        return -1;
    }
    return 0;
}

void hd_entries_fini(struct hd_entries *e)
{
    free(hd_steal(&e->data));
    e->used = e->room = 0;
}

/* A folder's key ends with "/". */
static bool is_key(const char *key, bool has_value)
{
    char folder[HD_KEY_SIZE];
    size_t len = strnlen(key, HD_KEY_SIZE);

    if (has_value || !len || len == HD_KEY_SIZE || key[len - 1] != '/')
        return hd_key_is_valid(key);
    memcpy(folder, key, len);
    folder[len - 1] = '\0';
    return hd_key_is_valid(folder);
}

/* Of `left` bytes, which are not 0; *ret_n of them are the entry. */
static int take(const char *key, size_t left, struct hd_entry *ret,
                size_t *ret_n, struct hd_err *err)
{
    size_t n_key = strnlen(key, left < HD_KEY_SIZE ? left : HD_KEY_SIZE);
    const uint8_t *len = (const uint8_t *)key + n_key + 1;
    struct hd_value value = {.type = HD_VALUE_NONE};
    uint32_t n;

    if (n_key == HD_KEY_SIZE || left - n_key < 5)
        return hd_fail(err, HD_E_FAILED, "an entry has no end");
    n = len[0] | len[1] << 8 | len[2] << 16 | (uint32_t)len[3] << 24;
    if (n > left - n_key - 5)
        return hd_fail(err, HD_E_FAILED, "an entry has no end");
    if (!is_key(key, n))
        return hd_fail(err, HD_E_FAILED, "an entry has a key that is none");
    if (n && !hd_value_parse((const char *)len + 4, n, &value))
        return hd_fail(err, HD_E_FAILED, "an entry has a value that is none");
    memcpy(ret->key, key, n_key + 1);
    ret->value = value;
    *ret_n = n_key + 5 + n;
    return 1;
}

int hd_entries_next(const char **at, size_t *left, struct hd_entry *ret,
                    struct hd_err *err)
{
    size_t n = 0;

    if (!*left)
        return 0;
    if (take(*at, *left, ret, &n, err) < 0)
        return -1;
    *at += n;
    *left -= n;
    return 1;
}
