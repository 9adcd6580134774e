/* SPDX-License-Identifier: MIT */
/* What the manifest says of its guests' registries. */
#ifndef HD_STORE_REGISTRY_KEYS_H
#define HD_STORE_REGISTRY_KEYS_H

#include "manifest.h"

/* What the field table cannot say, HD_E_BAD_MANIFEST: a key of `registry`
 * stands once, and its value is one of its type; `*ret_index` is the entry that
 * is not so.  hd_yaml_check took it before. */
int hd_registry_keys_check(const struct hd_manifest *m, uint32_t *ret_index,
                           struct hd_err *err);
/* The same of `bind`: a key of one of the three parts, and a file that
 * pv-drivers/base/tables.h takes, once, and that the guest's tables leave to
 * the guest. */
int hd_registry_keys_check_guest(const struct hd_manifest *m,
                                 const struct hd_guest *g, struct hd_err *err);

/* Only whether `tables`, a text of host_view.h, leave the files of `bind` to
 * the guest: they may be other ones than the manifest's. */
int hd_registry_keys_check_tables(const struct hd_guest *g, const char *tables,
                                  struct hd_err *err);

#endif
