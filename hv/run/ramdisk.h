/* SPDX-License-Identifier: MIT */
/* Disks in dom0's memory: a loop device over memory that has no name. */
#ifndef HD_RUN_RAMDISK_H
#define HD_RUN_RAMDISK_H

#include <stdint.h>

#include "../../pv-drivers/base/err.h"

/* `length` bytes of zeros, of which memory is taken as they are written;
 * `name` is what its sysfs node `backing_file` shows.  Returns a descriptor of
 * the loop device or -1.  The device and its memory go by themselves when the
 * last who has it open, this descriptor or a dm device over it, lets go. */
int hd_ramdisk_open(const char *name, uint64_t length, uint32_t *ret_major,
                    uint32_t *ret_minor, struct hd_err *err);

#endif
