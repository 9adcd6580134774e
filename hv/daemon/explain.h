/* SPDX-License-Identifier: MIT */
/* The resource map of each attached store, kept for whoever asks why: while the
 * store is here in memory; while its guests are here in HD_MAP_DIR as well, so
 * that the next hotdomd has it; and afterwards, the last one, in HD_LAST_DIR,
 * until trust in the store is reset. */
#ifndef HD_DAEMON_EXPLAIN_H
#define HD_DAEMON_EXPLAIN_H

#include <json-c/json.h>

#include "../host/seen.h"
#include "../plan/map.h"
#include "store.h"

/* As many last maps as there are stores of which more is known. */
#define HD_LAST_MAX HD_SEEN_MAX

/* The map that decides over the store's guests from now on; no file yet.  Maps
 * that cannot be kept are missed by nobody but who asks: what goes wrong here
 * is logged. */
void hd_explain_keep(struct hd_store *store, const struct hd_map *map);
/* A ledger tells of its guests now: the next hotdomd will ask for the map. */
void hd_explain_save(struct hd_store *store);
/* A guest was given or has lost something since. */
void hd_explain_changed(struct hd_store *store);
/* An earlier hotdomd saved it. */
void hd_explain_adopt(struct hd_store *store);
/* The guests are not here any more. */
void hd_explain_end(struct hd_store *store);
/* Nor is what was decided over them. */
void hd_explain_drop(struct hd_store *store);
/* Removes what was saved of stores that are not in the table. */
void hd_explain_sweep(struct hd_stores *stores);

/*
 * `name` is GUEST or STORE.GUEST.  `*ret`, which the caller puts: store, id,
 * device, state, guest, and map: the guest's object of hd_map_to_json, or null
 * while the store is locked.  HD_E_NO_GUEST when none or several are called so,
 * HD_E_BUSY while the store is being read, and the store's own reason when it
 * was refused or has failed before there was a map.
 */
int hd_explain_guest(const struct hd_stores *stores, const char *name,
                     struct json_object **ret, struct hd_err *err);

#endif
