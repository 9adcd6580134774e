/* SPDX-License-Identifier: MIT */
/* Which stores and guests of List's reply a person's word means. */
#ifndef HD_CLI_PICK_H
#define HD_CLI_PICK_H

#include <json-c/json.h>
#include <stdbool.h>

/* What a person calls a store: its label, or while it has none the device;
 * borrowed. */
const char *hd_pick_title(struct json_object *store);
/* `word` is the store's label, id or device ("sda", "/dev/sda"). */
bool hd_pick_store(struct json_object *store, const char *word);
/* `word` is GUEST, STORE.GUEST or its domid. */
bool hd_pick_guest(struct json_object *store, struct json_object *guest,
                   const char *word);
/* The guest's domid, or -1. */
int64_t hd_pick_domid(struct json_object *guest);

#endif
