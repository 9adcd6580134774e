/* SPDX-License-Identifier: MIT */
/* Virtual disks over a block device of dom0, served by the kernel's blkback. */
#ifndef HD_BLOCK_VBD_H
#define HD_BLOCK_VBD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../base/err.h"
#include "../bus/xenbus.h"

#define HD_VBD_CLASS "vbd"

struct hd_vbd {
    uint32_t domid;
    const char *vdev; /* "xvda" to "xvdp" */
    const char *path; /* "/dev/mapper/hotdom-..." */
    dev_t device;     /* the volume's number, as device-mapper gives it */
    bool writable;
};

/* The number by which Xen knows a disk of that name; 0 when it is none. */
uint32_t hd_vbd_devid(const char *vdev);

/* What blkback needs, the device's numbers among it, so that it is ready by
 * itself.  Read-only is blkback's to keep; flushes go to the device, and
 * discards too when it is writable; queues and persistent grants are the two
 * drivers' to agree on.  HD_E_DENIED when `path` is no volume of ours,
 * HD_E_GONE when it is not there, or is another device than `device`.  Nothing
 * is opened. */
int hd_vbd_describe(const struct hd_vbd *vbd, struct hd_xenbus_device *ret,
                    struct hd_err *err);

#endif
