/* SPDX-License-Identifier: MIT */
/* Joins the host end of a virtual NIC to its bridge. */
#ifndef HD_NET_VIF_HOTPLUG_H
#define HD_NET_VIF_HOTPLUG_H

#include "../base/err.h"
#include "../bus/backend_path.h"
#include "../bus/xs.h"

/* A name that the kernel would take for an interface: 1 to 15 printable
 * characters but '/' and ':', not "." or "..". */
int hd_vif_hotplug_check(const char *bridge, struct hd_err *err);

/* Sets the MTU of vifDOMID.DEVID when the backend has a node `mtu`, joins it to
 * the bridge in its node `bridge` and brings it up.  The name of the interface
 * comes from `path`, never from the environment. */
int hd_vif_hotplug_add(struct hd_xs *xs, const struct hd_backend_path *path,
                       struct hd_err *err);
/* Takes it off its bridge and down; an interface that is gone is success. */
int hd_vif_hotplug_remove(struct hd_xs *xs, const struct hd_backend_path *path,
                          struct hd_err *err);

#endif
