/* SPDX-License-Identifier: MIT */
/* Waits for a store's change while hotdomd works on it, and shows its way. */
#ifndef HD_CLI_FOLLOW_H
#define HD_CLI_FOLLOW_H

#include <json-c/json.h>

#include "../../pv-drivers/base/err.h"

/* Calls `method` (`parameters` are taken), prints each change of state on
 * stderr when that is a terminal, and blocks until the last reply, for as long
 * as hotdomd may take.  The caller puts `*ret`. */
int hd_follow_call(const char *method, struct json_object *parameters,
                   struct json_object **ret, struct hd_err *err);
/* One event as a line, without its time: "travel.desk: building -> running". */
void hd_follow_line(struct json_object *event, char *text, size_t size);
/* {"store": STORE}, with STORE as hotdomd knows it: a path is resolved. */
struct json_object *hd_follow_store(const char *key, const char *name);

#endif
