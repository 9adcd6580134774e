/* SPDX-License-Identifier: MIT */
/* Prints entries of the registry, as they are or as JSON; asks nobody. */
#include "registry_show.h"

#include <string.h>

#include "entry_json.h"

void hd_registry_show_value(const struct hd_value *value, FILE *out)
{
    size_t len = value->len;

    if (value->type == HD_VALUE_LIST) {
        const char *one;
        size_t at = 0;

        while ((one = hd_value_next(value, &at)))
            fprintf(out, "%s\n", one);
        return;
    }
    fwrite(value->data, 1, len, out);
    if (value->type != HD_VALUE_BYTES && (!len || value->data[len - 1] != '\n'))
        fputc('\n', out);
}

void hd_registry_show_entry(const struct hd_entry *e, FILE *out)
{
    fprintf(out, "{\"key\": \"%s\", \"type\": \"%s\", \"value\": ", e->key,
            hd_value_type_name(e->value.type));
    hd_entry_json_value(&e->value, out);
    fputs("}\n", out);
}

/* ---- where a name leads */

enum { CLASS, HOW, HOST, WHERE, DEVICE };

static const char *const parts[HD_REGISTRY_PARTS] = {"class", "how", "host",
                                                     "where", "device"};

void hd_registry_show_take(const struct hd_entry *e,
                           struct hd_registry_place *place)
{
    const char *name = strrchr(e->key, '/') + 1;

    for (size_t i = 0; i < HD_REGISTRY_PARTS; i++)
        if (!strcmp(name, parts[i]))
            snprintf(place->part[i], sizeof(place->part[i]), "%.*s",
                     (int)e->value.len, e->value.data);
}

static void show_json(const char *name, const struct hd_registry_place *place,
                      bool absent, FILE *out)
{
    fprintf(out, "{\"name\": \"%s\"", name);
    for (size_t i = 0; i < HD_REGISTRY_PARTS; i++) {
        const char *text = absent && i == WHERE ? "" : place->part[i];

        fprintf(out, ", \"%s\": ", parts[i]);
        hd_entry_json_text(text, strlen(text), out);
    }
    fputs("}\n", out);
}

/* Of one that is absent, what it had before is told no more. */
void hd_registry_show_place(const char *name,
                            const struct hd_registry_place *place, bool json,
                            FILE *out)
{
    static const char *const before[] = {": ", ", ", ", the host's ", " at ",
                                         ", here "};
    bool absent = !strcmp(place->part[HOW], "absent");

    if (json) {
        show_json(name, place, absent, out);
        return;
    }
    fputs(name, out);
    for (size_t i = 0; i < HD_REGISTRY_PARTS; i++)
        if (*place->part[i] && !(absent && i == WHERE))
            fprintf(out, "%s%s", before[i], place->part[i]);
    fputc('\n', out);
}
