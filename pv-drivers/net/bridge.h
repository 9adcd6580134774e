/* SPDX-License-Identifier: MIT */
/* Bridges of dom0: found, and ours made, given a port, and removed. */
#ifndef HD_NET_BRIDGE_H
#define HD_NET_BRIDGE_H

#include <stdint.h>

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

/* HD_E_GONE unless the interface `name` has this index; HD_E_BUSY when dom0
 * uses it: part of something, set up, or with an address. */
int hd_bridge_check_port(const char *name, uint32_t index, struct hd_err *err);
/* Joins such an interface to one of our bridges and sets it up; dom0 gets no
 * address there. */
int hd_bridge_add_port(const char *bridge, const char *name, uint32_t index,
                       struct hd_err *err);
/* Sets it down, lets it go, and gives it the IPv6 setting of every new
 * interface.  No such interface, or one that is no port of that bridge, is
 * success. */
int hd_bridge_free_port(const char *bridge, const char *name,
                        struct hd_err *err);

#endif
