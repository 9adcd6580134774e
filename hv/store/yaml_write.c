/* SPDX-License-Identifier: MIT */
/* Writes structs as YAML by field tables; same struct, same bytes, and never
 * anything that hd_yaml_read would not give back. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "../../pv-drivers/base/mem.h"
#include "yaml.h"
#include "yaml_scalar.h"

struct writer {
    yaml_emitter_t emitter;
    unsigned which;
    const char *root; /* the outermost struct, which has the pools */
    FILE *out;
};

static bool write_map(struct writer *w, const struct hd_table *t,
                      const char *obj);

static int to_stream(void *data, unsigned char *buf, size_t size)
{
    return fwrite(buf, 1, size, data) == size;
}

static bool emit(struct writer *w, yaml_event_t *e, int made)
{
    return made && yaml_emitter_emit(&w->emitter, e);
}

static bool write_text(struct writer *w, const char *text)
{
    yaml_event_t e;

    return emit(w, &e,
                yaml_scalar_event_initialize(
                    &e, NULL, NULL, (const yaml_char_t *)text,
                    (int)strlen(text), 1, 1, YAML_ANY_SCALAR_STYLE));
}

/* A table without tables below stands on one line. */
static yaml_mapping_style_t style_of(const struct hd_table *t)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->fields[i].sub && !(t->fields[i].flags & HD_F_BARE))
            return YAML_BLOCK_MAPPING_STYLE;
    return YAML_FLOW_MAPPING_STYLE;
}

static bool write_scalar(struct writer *w, const struct hd_field *f,
                         const char *obj)
{
    char text[HD_SCALAR_TEXT];

    hd_scalar_format(f, obj, text);
    return write_text(w, text);
}

static bool write_list(struct writer *w, const struct hd_field *f,
                       const char *obj)
{
    uint32_t count = *(const uint32_t *)(const void *)(obj + f->count);
    const char *elements = hd_yaml_elements(f, w->root, obj);
    bool bare = f->flags & HD_F_BARE;
    yaml_event_t e;

    if (!emit(w, &e,
              yaml_sequence_start_event_initialize(
                  &e, NULL, NULL, 1,
                  bare ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE)))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        const char *element = elements + i * f->sub->size;

        if (!(bare ? write_scalar(w, &f->sub->fields[0], element)
                   : write_map(w, f->sub, element)))
            return false;
    }
    return emit(w, &e, yaml_sequence_end_event_initialize(&e));
}

static bool write_field(struct writer *w, const struct hd_field *f,
                        const char *obj)
{
    if (!write_text(w, f->key))
        return false;
    if (f->type == HD_T_MAP)
        return write_map(w, f->sub, obj + f->offset);
    return f->type == HD_T_LIST ? write_list(w, f, obj)
                                : write_scalar(w, f, obj);
}

/* Left out when reading puts the same there again. */
static bool is_absent(const struct hd_field *f, const char *obj)
{
    if (f->flags & HD_F_OPTIONAL)
        return hd_yaml_is_zero(f, obj);
    if (f->type == HD_T_LIST)
        return !*(const uint32_t *)(const void *)(obj + f->count) &&
               !(f->flags & HD_F_REQUIRED);
    return hd_scalar_is_empty(f, obj);
}

static bool write_map(struct writer *w, const struct hd_table *t,
                      const char *obj)
{
    yaml_event_t e;

    if (!emit(w, &e,
              yaml_mapping_start_event_initialize(&e, NULL, NULL, 1,
                                                  style_of(t))))
        return false;
    for (size_t i = 0; i < t->n; i++)
        if (hd_field_visible(&t->fields[i], w->which) &&
            !is_absent(&t->fields[i], obj) &&
            !write_field(w, &t->fields[i], obj))
            return false;
    return emit(w, &e, yaml_mapping_end_event_initialize(&e));
}

static bool write_document(struct writer *w, const struct hd_table *table,
                           const void *obj)
{
    yaml_event_t e;

    return emit(w, &e,
                yaml_stream_start_event_initialize(&e, YAML_UTF8_ENCODING)) &&
           emit(
               w, &e,
               yaml_document_start_event_initialize(&e, NULL, NULL, NULL, 1)) &&
           write_map(w, table, obj) &&
           emit(w, &e, yaml_document_end_event_initialize(&e, 1)) &&
           emit(w, &e, yaml_stream_end_event_initialize(&e));
}

int hd_yaml_write(const struct hd_table *table, unsigned which, const void *obj,
                  char **ret_text, size_t *ret_len, struct hd_err *err)
{
    hd_autofree char *text = NULL;
    size_t len = 0;
    struct writer w = {
        .which = which, .root = obj, .out = open_memstream(&text, &len)};
    bool ok;

    if (!w.out || !yaml_emitter_initialize(&w.emitter))
        return hd_fail(err, HD_E_FAILED, "no memory");
    yaml_emitter_set_unicode(&w.emitter, 1);
    yaml_emitter_set_width(&w.emitter, -1);
    yaml_emitter_set_output(&w.emitter, to_stream, w.out);
    ok = write_document(&w, table, obj);
    yaml_emitter_delete(&w.emitter);
    if (fclose(w.out) || !ok)
        return hd_fail(err, HD_E_FAILED, "cannot write YAML");
    *ret_text = hd_steal(&text);
    *ret_len = len;
    return 0;
}
