/* SPDX-License-Identifier: MIT */
/* Writes and reads entries as JSON; never reads deeper than one object in
 * another. */
#include "entry_json.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../pv-drivers/base/base64.h"
#include "../pv-drivers/base/mem.h"

/* ---- written */

/* The character at `at` of good UTF-8, and how many bytes it has. */
static uint32_t character(const uint8_t *at, size_t *ret_n)
{
    size_t n = *at < 0x80 ? 1 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;
    uint32_t c = n == 1 ? *at : *at & (0x7fu >> n);

    for (size_t i = 1; i < n; i++)
        c = c << 6 | (at[i] & 0x3f);
    *ret_n = n;
    return c;
}

static void put_character(uint32_t c, FILE *out)
{
    if (c == '"' || c == '\\')
        fprintf(out, "\\%c", (int)c);
    else if (c == '\n')
        fputs("\\n", out);
    else if (c >= ' ' && c <= '~')
        fputc((int)c, out);
    else if (c < 0x10000)
        fprintf(out, "\\u%04x", c);
    else
        fprintf(out, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10),
                0xdc00 + (c & 0x3ff));
}

void hd_entry_json_text(const char *text, size_t len, FILE *out)
{
    fputc('"', out);
    for (size_t n, i = 0; i < len; i += n)
        put_character(character((const uint8_t *)text + i, &n), out);
    fputc('"', out);
}

static void put_list(const struct hd_value *value, FILE *out)
{
    const char *one, *before = "";
    size_t at = 0;

    fputc('[', out);
    while ((one = hd_value_next(value, &at))) {
        fputs(before, out);
        hd_entry_json_text(one, strlen(one), out);
        before = ", ";
    }
    fputc(']', out);
}

static void put_bytes(const struct hd_value *value, FILE *out)
{
    hd_autofree char *text = malloc(HD_BASE64_SIZE(value->len));

    if (text)
        hd_base64_encode(value->data, value->len, text);
    fprintf(out, "{\"bytes\": \"%s\"}", text ? text : "");
}

void hd_entry_json_value(const struct hd_value *value, FILE *out)
{
    switch (value->type) {
    case HD_VALUE_STRING:
        hd_entry_json_text(value->data, value->len, out);
        return;
    case HD_VALUE_INTEGER:
    case HD_VALUE_BOOLEAN:
        fprintf(out, "%.*s", (int)value->len, value->data);
        return;
    case HD_VALUE_BYTES:
        put_bytes(value, out);
        return;
    case HD_VALUE_LIST:
        put_list(value, out);
        return;
    case HD_VALUE_NONE:
        break;
    }
    fputs("null", out);
}

/* ---- read */

struct reader {
    const char *at, *end;
    unsigned line;
    struct hd_entries text; /* of the value that is being read */
};

static void skip(struct reader *r)
{
    for (; r->at < r->end && strchr(" \t\r\n", *r->at) && *r->at; r->at++)
        r->line += *r->at == '\n';
}

static bool take(struct reader *r, char c)
{
    skip(r);
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

static bool take_word(struct reader *r, const char *word)
{
    size_t len = strlen(word);

    if ((size_t)(r->end - r->at) < len || memcmp(r->at, word, len) != 0)
        return false;
    r->at += len;
    return true;
}

static bool put(struct reader *r, const void *bytes, size_t len)
{
    return !hd_entries_put(&r->text, bytes, len, NULL);
}

static bool take_hex(struct reader *r, uint32_t *ret)
{
    char text[5] = "";

    if (r->end - r->at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        if (!isxdigit((unsigned char)*r->at))
            return false;
        text[i] = *r->at++;
    }
    *ret = (uint32_t)strtoul(text, NULL, 16);
    return true;
}

/* Halves of a pair that stand alone are found when the value is checked. */
static bool put_utf8(struct reader *r, uint32_t c)
{
    const uint8_t tail[] = {(uint8_t)(0x80 | (c >> 12 & 0x3f)),
                            (uint8_t)(0x80 | (c >> 6 & 0x3f)),
                            (uint8_t)(0x80 | (c & 0x3f))};
    uint8_t head = (uint8_t)(c < 0x80      ? c
                             : c < 0x800   ? 0xc0 | c >> 6
                             : c < 0x10000 ? 0xe0 | c >> 12
                                           : 0xf0 | c >> 18);
    size_t n = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;

    return put(r, &head, 1) && put(r, tail + 3 - n, n);
}

static bool take_unicode(struct reader *r)
{
    uint32_t c, low;

    if (!take_hex(r, &c) || !c)
        return false;
    if (c >= 0xd800 && c < 0xdc00) {
        if (!take_word(r, "\\u") || !take_hex(r, &low) || low < 0xdc00 ||
            low > 0xdfff)
            return false;
        c = 0x10000 + ((c & 0x3ff) << 10 | (low & 0x3ff));
    }
    return put_utf8(r, c);
}

static bool take_escape(struct reader *r)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *c;

    if (r->at == r->end || !*r->at)
        return false;
    if (*r->at == 'u') {
        r->at++;
        return take_unicode(r);
    }
    c = strchr(from, *r->at++);
    return c && put(r, &to[c - from], 1);
}

/* Behind its first quote, to the end of `text`. */
static bool take_string(struct reader *r)
{
    while (r->at < r->end && *r->at != '"') {
        const char *c = r->at++;

        if ((unsigned char)*c < ' ' ||
            !(*c == '\\' ? take_escape(r) : put(r, c, 1)))
            return false;
    }
    return take(r, '"');
}

static bool take_number(struct reader *r)
{
    const char *begin = r->at;

    while (r->at < r->end && *r->at && strchr("-0123456789", *r->at))
        r->at++;
    return put(r, begin, (size_t)(r->at - begin));
}

static bool take_list(struct reader *r)
{
    if (take(r, ']'))
        return true;
    do {
        if (!take(r, '"') || !take_string(r) || !put(r, "", 1))
            return false;
    } while (take(r, ','));
    return take(r, ']');
}

/* {"bytes": "BASE64"}, decoded in its place. */
static bool take_bytes(struct reader *r)
{
    ssize_t n;

    skip(r);
    if (!take_word(r, "\"bytes\"") || !take(r, ':') || !take(r, '"') ||
        !take_string(r) || !take(r, '}'))
        return false;
    n = hd_base64_decode(r->text.data, r->text.used, r->text.data,
                         r->text.used);
    if (n < 0)
        return false;
    r->text.used = (size_t)n;
    return true;
}

static bool take_value(struct reader *r, enum hd_value_type *ret)
{
    static const char *const words[] = {"true", "false"};

    if (take(r, '"')) {
        *ret = HD_VALUE_STRING;
        return take_string(r);
    }
    if (take(r, '[')) {
        *ret = HD_VALUE_LIST;
        return take_list(r);
    }
    if (take(r, '{')) {
        *ret = HD_VALUE_BYTES;
        return take_bytes(r);
    }
    *ret = HD_VALUE_BOOLEAN;
    for (size_t i = 0; i < HD_ARRAY_LEN(words); i++)
        if (take_word(r, words[i]))
            return put(r, words[i], strlen(words[i]));
    *ret = HD_VALUE_NONE;
    if (take_word(r, "null"))
        return true;
    *ret = HD_VALUE_INTEGER;
    return take_number(r);
}

static int take_entry(struct reader *r, struct hd_entries *ret,
                      struct hd_err *err)
{
    struct hd_value value = {.type = HD_VALUE_NONE};
    char key[HD_KEY_SIZE];

    r->text.used = 0;
    if (!take(r, '"') || !take_string(r) || r->text.used >= sizeof(key))
        return hd_fail(err, HD_E_USAGE, "line %u: a key is expected", r->line);
    memcpy(key, r->text.data ? r->text.data : "", r->text.used);
    key[r->text.used] = '\0';
    if (strlen(key) != r->text.used || !hd_key_is_valid(key))
        return hd_fail(err, HD_E_USAGE, "line %u: the key is none", r->line);
    r->text.used = 0;
    if (!take(r, ':') || !take_value(r, &value.type))
        return hd_fail(err, HD_E_USAGE, "line %u: %s has a value that is none",
                       r->line, key);
    value.data = r->text.data ? r->text.data : "";
    value.len = r->text.used;
    if (value.type != HD_VALUE_NONE && !hd_value_is_valid(&value))
        return hd_fail(err, HD_E_USAGE, "line %u: the value of %s is no %s",
                       r->line, key, hd_value_type_name(value.type));
    return hd_entries_add(ret, key, &value, err);
}

static int take_all(struct reader *r, struct hd_entries *ret,
                    struct hd_err *err)
{
    if (!take(r, '{'))
        return hd_fail(err, HD_E_USAGE, "line %u: an object is expected",
                       r->line);
    if (!take(r, '}')) {
        do {
            if (take_entry(r, ret, err))
                return -1;
        } while (take(r, ','));
        if (!take(r, '}'))
            return hd_fail(err, HD_E_USAGE,
                           "line %u: \",\" or \"}\" is "
                           "expected",
                           r->line);
    }
    skip(r);
    return r->at == r->end
               ? 0
               : hd_fail(err, HD_E_USAGE, "line %u: it goes on behind its end",
                         r->line);
}

int hd_entry_json_parse(const char *text, size_t len, struct hd_entries *ret,
                        struct hd_err *err)
{
    /* Base64 is longer than what it stands for. */
    struct reader r = {.at = text,
                       .end = text + len,
                       .line = 1,
                       .text = {.max = 2 * HD_VALUE_MAX}};
    int rc = take_all(&r, ret, err);

    hd_entries_fini(&r.text);
    return rc;
}
