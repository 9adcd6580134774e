/* SPDX-License-Identifier: MIT */
/* Resource maps that come back as JSON text: a daemon's own of before, another
 * host's, anybody's.  Checks all of it; pure. */
#ifndef HD_PLAN_MAP_TEXT_H
#define HD_PLAN_MAP_TEXT_H

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"

/* More than the map and the plan of the largest store have. */
#define HD_MAP_TEXT_MAX (16 << 20)

/*
 * `len` bytes, NUL-terminated behind them, of what `hotdom plan --json` or
 * `hotdom explain --json` printed, or of a map alone.  `*ret`, which the caller
 * puts, is a map as hd_map_to_json makes it: every key of plan_json.h is of its
 * type or null, there are no more guests and rows than a store can have, and
 * the texts are UTF-8, though not printable.  HD_E_FAILED says what is wrong.
 */
int hd_map_text_read(const char *text, size_t len, struct json_object **ret,
                     struct hd_err *err);

/* Of such a map; NULL when it has no guest of that name. */
struct json_object *hd_map_text_guest(struct json_object *map,
                                      const char *guest);
/* Of an object in it; "" and 0 for null. */
const char *hd_map_text_get(struct json_object *object, const char *key);
uint64_t hd_map_text_number(struct json_object *object, const char *key);

#endif
