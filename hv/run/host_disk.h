/* SPDX-License-Identifier: MIT */
/* Disks of the host's own that guests are given. */
#ifndef HD_RUN_HOST_DISK_H
#define HD_RUN_HOST_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "../plan/plan.h"

/* sysfs, answers at once.  HD_E_GONE unless volume->disk is the whole disk with
 * volume->diskseq; HD_E_BUSY unless `holders` devices are made of it and of its
 * partitions.  A mount or swap makes the opening itself fail: device-mapper
 * takes the disk for itself, but shares it with other dm devices. */
int hd_host_disk_check(const struct hd_step_volume *volume, unsigned holders,
                       struct hd_err *err);
/* The numbers of its device; HD_E_GONE when there is none. */
int hd_host_disk_number(const struct hd_step_volume *volume,
                        uint32_t *ret_major, uint32_t *ret_minor,
                        struct hd_err *err);
/* Is this dm device one over such a disk, and that was unplugged? */
bool hd_host_disk_pulled(const char *dm_name);

#endif
