/* SPDX-License-Identifier: MIT */
/* The map of a guest that runs, as the daemon keeps it: the guest's object of
 * hd_map_to_json, changed as devices come and go.  Pure. */
#ifndef HD_PLAN_MAP_KEPT_H
#define HD_PLAN_MAP_KEPT_H

#include <json-c/json.h>

#include "map.h"

/* `kept` may be NULL where it is only looked into: nothing is found then. */

/* Borrowed; NULL when there are none. */
struct json_object *hd_map_kept_rows(struct json_object *kept);
/* Borrowed; by the disk ("xvdc") or the MAC that the guest has, or by name;
 * NULL when it has none. */
struct json_object *hd_map_kept_find(struct json_object *kept,
                                     const char *what);
/* In place of the row of that class and name, or behind all; `row` is taken. */
void hd_map_kept_put(struct json_object *kept, struct json_object *row);
/* It has it no longer: a wish of its manifest is absent, another row goes. Both
 * texts may be the row's own. */
void hd_map_kept_drop(const struct hd_guest *guest, struct json_object *kept,
                      const char *class, const char *name);

/* The guest's manifest has a disk, nic or wish of that name. */
bool hd_map_kept_is_wished(const struct hd_guest *guest, const char *name);

#endif
