/* SPDX-License-Identifier: MIT */
/* Disks behind a network, LUNs: what the kernel says of them in sysfs. */
#ifndef HD_HOST_LUN_H
#define HD_HOST_LUN_H

#include <stdbool.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"

enum hd_lun_state {
    HD_LUN_RUNS,
    /* Its portal does not answer: the kernel holds back what is read and
     * written ("blocked"), or has given it up ("transport-offline"). */
    HD_LUN_SILENT,
};

/* `sys` is a descriptor of /sys, `disk` a name as "sda".  None of these blocks
 * but the last. */

/* Is it a session's of iSCSI?  By its place in the tree of devices. */
bool hd_lun_is_one(int sys, const char *disk);
/* That of the SCSI layer, scsi_device_types of linux/drivers/scsi/scsi_sysfs.c;
 * what has none runs. */
enum hd_lun_state hd_lun_state(int sys, const char *disk);
/* Has the kernel remove the disk, as if it was pulled: what it holds back fails
 * at once, and not when the session's recovery_tmo (two minutes) is over.
 * Nothing when the disk is another by now.  Blocks for as long as the kernel
 * works on it. */
int hd_lun_remove(int sys, const char *disk, uint64_t diskseq,
                  struct hd_err *err);

#endif
