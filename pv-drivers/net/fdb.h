/* SPDX-License-Identifier: MIT */
/* The addresses that a bridge knows, and on which of its ports. */
#ifndef HD_NET_FDB_H
#define HD_NET_FDB_H

#include <stdint.h>

#include "../base/err.h"
#include "rtnl.h"

/* Makes `mac` the address of `port` of the bridge `master`, which is called
 * `bridge`, for as long as the port is there: frames from elsewhere do not move
 * it.  Only what the bridge has merely learned gives way, as that of a store
 * that was another host's a moment ago.  Not taken are an address that somebody
 * set, the bridge's own, and one from which a guest of this host has sent of
 * late, for the bridge forgets it in five minutes: HD_E_BUSY, after at most one
 * second, within which a guest that ends may let go of it. */
int hd_fdb_give(struct hd_rtnl *nl, const char *bridge, uint32_t master,
                uint32_t port, const uint8_t mac[6], struct hd_err *err);

#endif
