/* SPDX-License-Identifier: MIT */
/* `hotdom explain --diff`: where the earlier map comes from, and what moved, as
 * a person reads it. */
#ifndef HD_CLI_MOVED_H
#define HD_CLI_MOVED_H

#include <json-c/json.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/uuid.h"

/* The guest's object of an earlier map: of `file` ("-": stdin), which anybody
 * may have written, or with NULL of the last time that the store was here.  The
 * caller puts it. */
int hd_moved_load(const char *file, const struct hd_uuid *id, const char *guest,
                  struct json_object **ret, struct hd_err *err);

/* `diff` is of hd_map_diff. */
int hd_moved_print(struct json_object *diff, struct hd_err *err);

#endif
