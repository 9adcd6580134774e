/* SPDX-License-Identifier: MIT */
/* Finds where an entry of a list stands in a document that was read already;
 * judges nothing. */
#include <stdbool.h>
#include <string.h>
#include <yaml.h>

#include "yaml_locate.h"

struct finder {
    const char *key;
    size_t left; /* entries before the wanted one */
    unsigned depth;
    bool is_key, in_list; /* of the outermost map; of the wanted list */
};

/* True at the event that begins the wanted entry. */
static bool step(struct finder *f, const yaml_event_t *e)
{
    bool starts = e->type == YAML_MAPPING_START_EVENT ||
                  e->type == YAML_SEQUENCE_START_EVENT;
    bool ends =
        e->type == YAML_MAPPING_END_EVENT || e->type == YAML_SEQUENCE_END_EVENT;

    if (f->depth == 1 && e->type == YAML_SCALAR_EVENT) {
        f->in_list =
            f->is_key && !strcmp((const char *)e->data.scalar.value, f->key);
        f->is_key = !f->is_key;
    }
    if (f->depth == 2 && (starts || e->type == YAML_SCALAR_EVENT) &&
        f->in_list && !f->left--)
        return true;
    f->depth += starts;
    f->depth -= ends;
    if (ends && f->depth == 1)
        f->is_key = true;
    return false;
}

int hd_yaml_locate(const char *text, size_t len, const char *key, size_t index,
                   size_t *ret_line, size_t *ret_column)
{
    struct finder f = {.key = key, .left = index, .is_key = true};
    yaml_parser_t parser;
    bool found = false, end = false;

    if (!yaml_parser_initialize(&parser))
        return -1;
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
    while (!found && !end) {
        yaml_event_t e;

        if (!yaml_parser_parse(&parser, &e))
            break;
        found = step(&f, &e);
        end = e.type == YAML_STREAM_END_EVENT;
        if (found) {
            *ret_line = e.start_mark.line + 1;
            *ret_column = e.start_mark.column + 1;
        }
        yaml_event_delete(&e);
    }
    yaml_parser_delete(&parser);
    return found ? 0 : -1;
}
