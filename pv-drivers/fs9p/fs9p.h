/* SPDX-License-Identifier: MIT */
/* The host view in xenstore: Xen's 9pfs device with a backend of our own. */
#ifndef HD_FS9P_FS9P_H
#define HD_FS9P_FS9P_H

#include "../bus/xenbus.h"

/* A name of our own: libxl and QEMU take "9pfs" for theirs.  The guest's
 * driver, 9pnet_xen, looks for "9pfs". */
#define HD_FS9P_CLASS "hostview"
#define HD_FS9P_FRONT "9pfs"
#define HD_FS9P_TAG   "hostview" /* mount -t 9p -o trans=xen hostview /mnt */
#define HD_FS9P_DEVID 0
#define HD_FS9P_RINGS 2 /* trans_xen.c asks for two, not one */

void hd_fs9p_describe(uint32_t domid, struct hd_xenbus_device *ret);

#endif
