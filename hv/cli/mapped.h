/* SPDX-License-Identifier: MIT */
/* What a store that is not in use would get on this host: read, mapped and
 * planned here, without hotdomd; changes neither store nor host. */
#ifndef HD_CLI_MAPPED_H
#define HD_CLI_MAPPED_H

#include "../plan/map.h"
#include "../plan/plan.h"
#include "open_store.h"

struct hd_mapped { /* all owned */
    struct hd_open_store *store;
    struct hd_map *map;
};

/*
 * `store` as for hd_open_store; `user` NULL: the only one there is, or nobody's
 * settings.  As if no other store had guests on the way.  HD_E_BUSY when its
 * guests are there: what it has now is not what it would get.  HD_E_NO_XEN but
 * in dom0; root alone may ask Xen.
 */
int hd_mapped_open(const char *store, const char *user, struct hd_mapped **ret,
                   struct hd_err *err);
void hd_mapped_free(struct hd_mapped *mapped);
HD_DEFINE_AUTO(hd_mapped)

#endif
