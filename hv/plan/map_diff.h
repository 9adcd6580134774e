/* SPDX-License-Identifier: MIT */
/* What moved for a guest between two resource maps; pure. */
#ifndef HD_PLAN_MAP_DIFF_H
#define HD_PLAN_MAP_DIFF_H

#include <json-c/json.h>

/*
 * Compares the guest's objects of two maps that hd_map_text_read or
 * hd_map_to_json made, the earlier one first.  Rows are the same when class and
 * name are; of two that have both in common the first goes with the first.
 * The caller puts the object:
 *
 * guest, from, to: starts, reason (a code or null),
 * rows: array, in the order of `after`, what is gone behind it, of
 *   class, name, moved: "same", "changed", "new" or "gone",
 *   from, to: null where there was none, else
 *     how, host, given, width, height, disk, own
 *   why (of `to`; null when it is gone)
 */
struct json_object *hd_map_diff(struct json_object *before,
                                struct json_object *after);

#endif
