/* SPDX-License-Identifier: MIT */
/* The order of a store's guests: which of them a guest is `after`. */
#ifndef HD_STORE_AFTER_H
#define HD_STORE_AFTER_H

#include "manifest.h"

/* What the field table cannot say of guest `index`: those that it names are
 * others of this store, each once, and none of them is after it, by whatever
 * way: HD_E_BAD_MANIFEST.  hd_yaml_check took it before. */
int hd_after_check(const struct hd_manifest *m, uint32_t index,
                   struct hd_err *err);

/* Guests' indices such that each stands behind those that it is after, and else
 * in the manifest's order.  Of a manifest that was checked. */
void hd_after_order(const struct hd_manifest *m, uint32_t ret[HD_MAX_GUESTS]);

/* How many guests stand one behind another before each: 0 for one that is after
 * nobody.  Of a manifest that was checked. */
void hd_after_ranks(const struct hd_manifest *m, uint32_t ret[HD_MAX_GUESTS]);

#endif
