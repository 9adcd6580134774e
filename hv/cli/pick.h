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
/* Calls `fn` for each guest of List's `reply`, which `word` means exactly, also
 * for those behind one that failed: -1 then, else 0. */
typedef int hd_pick_fn(struct json_object *guest, const char *word, void *ctx);
int hd_pick_each(struct json_object *reply, hd_pick_fn *fn, void *ctx);
/* The same for those of one store. */
int hd_pick_guests(struct json_object *store, hd_pick_fn *fn, void *ctx);
/* The guest's domid, or -1. */
int64_t hd_pick_domid(struct json_object *guest);

#endif
