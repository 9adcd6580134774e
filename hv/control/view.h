/* SPDX-License-Identifier: MIT */
/* What clients see of stores and events, as JSON objects (hotdomd.8). */
#ifndef HD_CONTROL_VIEW_H
#define HD_CONTROL_VIEW_H

#include <json-c/json.h>
#include <stdbool.h>

#include "../daemon/event.h"
#include "../daemon/store.h"

/* The caller owns what these give. */
struct json_object *hd_view_store(const struct hd_store *store);
/* `brief`: of each what a list shows, and a key without a value is not there.
 */
struct json_object *hd_view_stores(const struct hd_stores *stores, bool brief);
/* {"state", "os", "version", "addresses": [...], "message"}; NULL, which is
 * null, of a guest that does not run. */
struct json_object *hd_view_agent(const struct hd_guest_life *guest);
/* {"store", "users": [...], "recovery", "encrypted"}; it must have an answer.
 */
struct json_object *hd_view_users(const struct hd_store *store);
struct json_object *hd_view_event(const struct hd_event *event);

#endif
