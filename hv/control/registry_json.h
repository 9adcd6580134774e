/* SPDX-License-Identifier: MIT */
/* A registry's entries as JSON, as dom-guest/entry_json.h writes them: strings,
 * integers, booleans and lists are JSON's, and bytes {"bytes": "BASE64"}. */
#ifndef HD_CONTROL_REGISTRY_JSON_H
#define HD_CONTROL_REGISTRY_JSON_H

#include <json-c/json.h>

#include "../../pv-drivers/base/regcall.h"

/* [{"key", "type", "value"}], of entries that were looked at; without a value
 * both of the others are null.  The caller's. */
struct json_object *hd_registry_to_json(const char *entries, size_t len);
/* Of an object of keys and values; null is no value.  HD_E_USAGE. */
int hd_registry_from_json(struct json_object *map, struct hd_entries *ret,
                          struct hd_err *err);

/* What came from a guest, whole: {"sequence", "lost", "from", "entries"}, or an
 * error, the guest's own too.  Any bytes may be asked of. */
int hd_registry_read_answer(const struct hd_entries *bytes,
                            struct json_object **ret, struct hd_err *err);

#endif
