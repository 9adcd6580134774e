/* SPDX-License-Identifier: MIT */
/* Reads YAML events into structs by field tables; never accepts a construct
 * that a table does not name, and never allocates by what the text says. */
#include "yaml.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <yaml.h>

#include "../../pv-drivers/base/mem.h"
#include "text.h"
#include "yaml_scalar.h"

struct reader {
    yaml_parser_t parser;
    unsigned which;
    enum hd_code code;
    char *root; /* the outermost struct, which has the pools */
    struct hd_err *err;
};

#define autoevent __attribute__((cleanup(yaml_event_delete))) yaml_event_t

static int read_map(struct reader *r, const struct hd_table *t,
                    yaml_mark_t start, void *obj);

/* Positions are counted from 1, as editors do. */
static int fail_at(struct reader *r, yaml_mark_t at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int fail_at(struct reader *r, yaml_mark_t at, const char *fmt, ...)
{
    char what[400];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    return hd_fail(r->err, r->code, "line %zu, column %zu: %s", at.line + 1,
                   at.column + 1, what);
}

/* What no document of ours may use, wherever it stands. */
static const char *forbidden(const yaml_event_t *e)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;

    if (e->type == YAML_ALIAS_EVENT)
        return "aliases are not allowed";
    if (e->type == YAML_SCALAR_EVENT) {
        anchor = e->data.scalar.anchor;
        tag = e->data.scalar.tag;
    } else if (e->type == YAML_SEQUENCE_START_EVENT) {
        anchor = e->data.sequence_start.anchor;
        tag = e->data.sequence_start.tag;
    } else if (e->type == YAML_MAPPING_START_EVENT) {
        anchor = e->data.mapping_start.anchor;
        tag = e->data.mapping_start.tag;
    } else if (e->type == YAML_DOCUMENT_START_EVENT &&
               (e->data.document_start.version_directive ||
                e->data.document_start.tag_directives.start !=
                    e->data.document_start.tag_directives.end)) {
        return "directives are not allowed";
    }
    if (anchor)
        return "anchors are not allowed";
    return tag ? "tags are not allowed" : NULL;
}

static int next(struct reader *r, yaml_event_t *e)
{
    const char *why;

    if (!yaml_parser_parse(&r->parser, e))
        return fail_at(r, r->parser.problem_mark, "%s",
                       r->parser.problem ? r->parser.problem : "no memory");
    why = forbidden(e);
    return why ? fail_at(r, e->start_mark, "%s", why) : 0;
}

static int expect(struct reader *r, yaml_event_type_t type, const char *what,
                  yaml_mark_t *ret_at)
{
    autoevent e = {0};

    if (next(r, &e))
        return -1;
    if (e.type != type)
        return fail_at(r, e.start_mark, "%s expected here", what);
    if (ret_at)
        *ret_at = e.start_mark;
    return 0;
}

static int read_scalar(struct reader *r, const struct hd_field *f,
                       const yaml_event_t *e, void *obj)
{
    const char *text = (const char *)e->data.scalar.value;
    size_t len = e->data.scalar.length;
    bool unquoted = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    struct hd_err why;

    if (e->type != YAML_SCALAR_EVENT)
        return fail_at(r, e->start_mark, "%s: one value expected here", f->key);
    if (unquoted && !len)
        return fail_at(r, e->start_mark, "%s: the value is missing", f->key);
    if (!unquoted && (f->type == HD_T_UINT || f->type == HD_T_SIZE ||
                      f->type == HD_T_DURATION || f->type == HD_T_BOOL))
        return fail_at(r, e->start_mark, "%s: write it without quotes", f->key);
    if (hd_scalar_parse(f, text, len, r->code, obj, &why))
        return fail_at(r, e->start_mark, "%s", why.msg);
    return 0;
}

static int read_element(struct reader *r, const struct hd_field *f,
                        const yaml_event_t *e, char *element)
{
    struct hd_field bare = f->sub->fields[0];

    if (!(f->flags & HD_F_BARE))
        return read_map(r, f->sub, e->start_mark, element);
    bare.key = f->key; /* the one that stands in the text */
    return read_scalar(r, &bare, e, element);
}

/* Where the next element of a list is to stand. */
static char *place_of(struct reader *r, const struct hd_field *f, char *obj,
                      uint32_t count, yaml_mark_t at)
{
    const struct hd_pool *pool = f->pool;
    uint32_t *used;

    if (count >= f->max) {
        fail_at(r, at, "%s: more than %llu", f->key,
                (unsigned long long)f->max);
        return NULL;
    }
    if (!pool)
        return obj + f->offset + count * f->sub->size;
    used = (void *)(r->root + pool->count);
    if (*used >= pool->max) {
        fail_at(r, at, "%s: more than %u %s", f->key, pool->max, pool->what);
        return NULL;
    }
    if (!count)
        *(uint32_t *)(void *)(obj + f->offset) = *used;
    return r->root + pool->offset + (*used)++ * f->sub->size;
}

static int read_list(struct reader *r, const struct hd_field *f,
                     yaml_mark_t start, char *obj)
{
    uint32_t *count = (void *)(obj + f->count);
    bool bare = f->flags & HD_F_BARE;

    for (;;) {
        autoevent e = {0};
        char *element;

        if (next(r, &e))
            return -1;
        if (e.type == YAML_SEQUENCE_END_EVENT)
            break;
        if (bare ? e.type != YAML_SCALAR_EVENT
                 : e.type != YAML_MAPPING_START_EVENT)
            return fail_at(r, e.start_mark, "%s: a %s%s expected here", f->key,
                           f->sub->what, bare ? "" : " in {...}");
        element = place_of(r, f, obj, *count, e.start_mark);
        if (!element || read_element(r, f, &e, element))
            return -1;
        ++*count;
    }
    if (*count < f->min)
        return fail_at(r, start, "%s: fewer than %llu", f->key,
                       (unsigned long long)f->min);
    return 0;
}

static int read_value(struct reader *r, const struct hd_field *f, void *obj)
{
    autoevent e = {0};

    if (next(r, &e))
        return -1;
    if (f->type == HD_T_MAP) {
        if (e.type != YAML_MAPPING_START_EVENT)
            return fail_at(r, e.start_mark, "%s: a map expected here", f->key);
        return read_map(r, f->sub, e.start_mark, (char *)obj + f->offset);
    }
    if (f->type == HD_T_LIST) {
        if (e.type != YAML_SEQUENCE_START_EVENT)
            return fail_at(r, e.start_mark, "%s: a list expected here", f->key);
        return read_list(r, f, e.start_mark, obj);
    }
    return read_scalar(r, f, &e, obj);
}

static int fail_unknown(struct reader *r, const struct hd_table *t,
                        const yaml_event_t *key)
{
    char quoted[HD_TEXT_QUOTED], keys[250] = "";
    size_t used = 0;

    for (size_t i = 0; i < t->n && used < sizeof(keys); i++)
        if (hd_field_visible(&t->fields[i], r->which))
            used += (size_t)snprintf(keys + used, sizeof(keys) - used, "%s%s",
                                     used ? ", " : "", t->fields[i].key);
    return fail_at(r, key->start_mark, "unknown key %s in %s; it has: %s",
                   hd_text_quote(quoted, (char *)key->data.scalar.value,
                                 key->data.scalar.length),
                   t->what, keys);
}

/* The field that a key event names, or NULL. */
static const struct hd_field *find(struct reader *r, const struct hd_table *t,
                                   const yaml_event_t *key)
{
    for (size_t i = 0; i < t->n; i++)
        if (hd_field_visible(&t->fields[i], r->which) &&
            strlen(t->fields[i].key) == key->data.scalar.length &&
            !memcmp(t->fields[i].key, key->data.scalar.value,
                    key->data.scalar.length))
            return &t->fields[i];
    return NULL;
}

/* What the keys that are not there stand for, or that they must be there. */
static int read_absent(struct reader *r, const struct hd_table *t,
                       uint64_t seen, yaml_mark_t start, void *obj)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct hd_field *f = &t->fields[i];

        if (seen >> i & 1 || !hd_field_visible(f, r->which))
            continue;
        if (f->flags & HD_F_REQUIRED)
            return fail_at(r, start, "this %s has no \"%s\"", t->what, f->key);
        if (f->type == HD_T_MAP && !(f->flags & HD_F_OPTIONAL) &&
            read_absent(r, f->sub, 0, start, (char *)obj + f->offset))
            return -1;
        hd_scalar_default(f, obj);
    }
    return 0;
}

static int read_map(struct reader *r, const struct hd_table *t,
                    yaml_mark_t start, void *obj)
{
    uint64_t seen = 0; /* by field; a table has at most 64 */

    for (;;) {
        const struct hd_field *f;
        autoevent key = {0};
        size_t i;

        if (next(r, &key))
            return -1;
        if (key.type == YAML_MAPPING_END_EVENT)
            return read_absent(r, t, seen, start, obj);
        if (key.type != YAML_SCALAR_EVENT)
            return fail_at(r, key.start_mark, "a key of %s expected here",
                           t->what);
        f = find(r, t, &key);
        if (!f)
            return fail_unknown(r, t, &key);
        i = (size_t)(f - t->fields);
        if (seen >> i & 1)
            return fail_at(r, key.start_mark, "the key \"%s\" stands twice",
                           f->key);
        seen |= 1ull << i;
        if (read_value(r, f, obj))
            return -1;
    }
}

/* Judges the bytes before libyaml sees them, which would skip a byte order
 * mark, switch to UTF-16 for one, and take NEL for a line's end. */
static int check_bytes(const char *text, size_t len, struct reader *r)
{
    yaml_mark_t at = {0};
    size_t n;

    for (; at.index < len; at.index += n) {
        uint32_t c;

        n = hd_text_next(text + at.index, len - at.index, &c);
        if (!n)
            return fail_at(r, at, "invalid UTF-8");
        if (c == '\n') {
            at.line++;
            at.column = 0;
            continue;
        }
        if (!hd_text_printable(c) && c != '\t' && c != '\r')
            return fail_at(r, at, "the character U+%04X is not allowed", c);
        at.column++;
    }
    return 0;
}

static int read_document(struct reader *r, const struct hd_table *table,
                         void *out)
{
    yaml_mark_t at;

    if (expect(r, YAML_STREAM_START_EVENT, "a document", NULL) ||
        expect(r, YAML_DOCUMENT_START_EVENT, "a document", NULL) ||
        expect(r, YAML_MAPPING_START_EVENT, "a map", &at) ||
        read_map(r, table, at, out) ||
        expect(r, YAML_DOCUMENT_END_EVENT, "the end", NULL))
        return -1;
    return expect(r, YAML_STREAM_END_EVENT, "the end, no second document,",
                  NULL);
}

int hd_yaml_read(const char *text, size_t len, const struct hd_table *table,
                 unsigned which, enum hd_code code, void *out,
                 struct hd_err *err)
{
    struct reader r = {.which = which, .code = code, .err = err};
    hd_autofree void *read = calloc(1, table->size);
    int rc;

    if (!read || !yaml_parser_initialize(&r.parser))
        return hd_fail(err, HD_E_FAILED, "no memory");
    r.root = read;
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
    rc = check_bytes(text, len, &r);
    if (!rc)
        rc = read_document(&r, table, read);
    yaml_parser_delete(&r.parser);
    if (!rc)
        memcpy(out, read, table->size);
    return rc;
}
