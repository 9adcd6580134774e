/* SPDX-License-Identifier: MIT */
/* Bridges of dom0: found, and without an uplink made and removed. */
#ifndef HD_NET_BRIDGE_H
#define HD_NET_BRIDGE_H

#include "../base/err.h"

/* HD_E_NO_NETWORK when there is no bridge of that name. */
int hd_bridge_find(const char *name, struct hd_err *err);
/* HD_E_EXISTS when an interface of any kind has that name. */
int hd_bridge_check_free(const char *name, struct hd_err *err);
/* Up, without ports and without an address, so that dom0 itself is not to be
 * reached through it.  Nobody else's name is taken: HD_E_EXISTS. */
int hd_bridge_make(const char *name, struct hd_err *err);
/* No such interface is success; one that is no bridge is left, HD_E_EXISTS. */
int hd_bridge_remove(const char *name, struct hd_err *err);

#endif
