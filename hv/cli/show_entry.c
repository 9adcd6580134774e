/* SPDX-License-Identifier: MIT */
/* Prints entries of a guest's registry, safe for a terminal; asks nobody. */
#include "show_entry.h"

#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "client.h"
#include "show_json.h"
#include "table.h"

void hd_show_entry_text(const char *text)
{
    while (*text) {
        size_t len = strcspn(text, "\n");
        hd_autofree char *line = strndup(text, len);
        hd_autofree char *shown = malloc(4 * len + 1);

        if (line && shown) {
            hd_table_escape(line, shown, 4 * len + 1);
            puts(shown);
        }
        text += len + (text[len] == '\n');
    }
}

static void show_value(struct json_object *value)
{
    if (json_object_is_type(value, json_type_string)) {
        hd_show_entry_text(json_object_get_string(value));
        return;
    }
    if (!json_object_is_type(value, json_type_array)) {
        hd_show_json_line(value);
        return;
    }
    for (size_t i = 0; i < json_object_array_length(value); i++)
        hd_show_entry_text(
            json_object_get_string(json_object_array_get_idx(value, i)));
}

void hd_show_entry(struct json_object *entry, bool json)
{
    if (json)
        hd_show_json_line(entry);
    else
        show_value(json_object_object_get(entry, "value"));
}

void hd_show_entry_change(struct json_object *entry, bool json)
{
    if (!json)
        printf("%s ", hd_client_text(entry, "key"));
    hd_show_json_line(json ? entry : json_object_object_get(entry, "value"));
}

static void show_gone(const char *key, bool json)
{
    struct json_object *entry = json_object_new_object();

    json_object_object_add(entry, "key", json_object_new_string(key));
    json_object_object_add(entry, "type", NULL);
    json_object_object_add(entry, "value", NULL);
    hd_show_entry_change(entry, json);
    json_object_put(entry);
}

void hd_show_entry_changes(struct json_object *before, struct json_object *now,
                           bool json)
{
    json_object_object_foreach(now, key, entry)
    {
        if (!json_object_equal(entry, json_object_object_get(before, key)))
            hd_show_entry_change(entry, json);
    }
    json_object_object_foreach(before, old, was)
    {
        if (was && !json_object_object_get(now, old))
            show_gone(old, json);
    }
}
