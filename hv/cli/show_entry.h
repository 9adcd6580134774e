/* SPDX-License-Identifier: MIT */
/* Entries of a guest's registry on standard output: any of their text may be
 * meant for a terminal, and none of it is obeyed there. */
#ifndef HD_CLI_SHOW_ENTRY_H
#define HD_CLI_SHOW_ENTRY_H

#include <json-c/json.h>
#include <stdbool.h>

/* The text, whose lines stay lines. */
void hd_show_entry_text(const char *text);
/* {"key", "type", "value"}: its value for a person, a list's strings one a
 * line; or all of it as JSON. */
void hd_show_entry(struct json_object *entry, bool json);
/* That it is so now: its key, and its value as JSON. */
void hd_show_entry_change(struct json_object *entry, bool json);
/* Of objects of keys and entries: each that is so in `now` alone, then, without
 * a value, each that is in `before` alone. */
void hd_show_entry_changes(struct json_object *before, struct json_object *now,
                           bool json);

#endif
