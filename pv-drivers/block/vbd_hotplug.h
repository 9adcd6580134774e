/* SPDX-License-Identifier: MIT */
/* Tells blkback which block device stands behind a virtual disk. */
#ifndef HD_BLOCK_VBD_HOTPLUG_H
#define HD_BLOCK_VBD_HOTPLUG_H

#include "../base/err.h"
#include "../bus/backend_path.h"
#include "../bus/xs.h"

/* Our own devices alone: "/dev/mapper/hotdom-" and a name of dm's plain
 * characters. */
int hd_vbd_hotplug_check(const char *params, struct hd_err *err);

/* Reads the backend's `params` and writes `physical-device`; nothing is opened
 * or mapped, so there is nothing to leak.  blkback itself reads `mode`.
 * HD_E_GONE when the node there is not that of the volume of its name. */
int hd_vbd_hotplug_add(struct hd_xs *xs, const struct hd_backend_path *path,
                       struct hd_err *err);
/* Takes back what add wrote; nothing there is success. */
int hd_vbd_hotplug_remove(struct hd_xs *xs, const struct hd_backend_path *path,
                          struct hd_err *err);

#endif
