/* SPDX-License-Identifier: MIT */
/* Volumes: our own dm devices (linear, crypt, verity, multipath) over parts of
 * a store's medium. */
#ifndef HD_RUN_VOLUME_H
#define HD_RUN_VOLUME_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/mem.h"
#include "../plan/plan.h"

/* All of these are for one thread: libdevmapper keeps global state.  Nothing is
 * printed; its last message ends in `err`.  None waits for udevd.  Devices that
 * are not hotdom's (by their dm uuid) are never touched: HD_E_EXISTS. */

/* Creates it over the medium `devmajor:devminor`, over volume->over, or over
 * memory that goes with it, or over volume->disk; when it returns,
 * /dev/mapper/NAME is there, and udev's rules leave it alone (no blkid, no LVM,
 * no links by content).  `key` is CRYPT's: the kernel gets it through this
 * thread's keyring, where nothing is left of it; else NULL. */
int hd_volume_open(const struct hd_step_volume *volume,
                   const struct hd_uuid *store, uint32_t devmajor,
                   uint32_t devminor, const struct hd_secret *key,
                   struct hd_err *err);

/* 0: it is linear, and these are the numbers of what lies under it. */
int hd_volume_below(const char *dm_name, uint32_t *ret_major,
                    uint32_t *ret_minor);

/* HD_E_EXISTS when a device of that name is there. */
int hd_volume_check_free(const char *dm_name, struct hd_err *err);

/* The number of its device, whatever its node says; HD_E_BUSY when anyone has
 * it open: the host, or a guest's backend. */
int hd_volume_check_idle(const char *dm_name, dev_t *ret_device,
                         struct hd_err *err);

/* Every request, those in flight as well, ends with EIO from now on and the
 * medium is let go; users of the device may stay.  No such device is
 * success. */
int hd_volume_fence(const char *dm_name, struct hd_err *err);

/* Blocks until what was written is on the medium.  For when no guest has it any
 * more: what a HOLD keeps back is told from now on.  No such device is
 * success. */
int hd_volume_flush(const char *dm_name, struct hd_err *err);

/* Removes it, again and again while it is in use.  Still in use at the
 * deadline: the kernel removes it at the last close, and this is HD_E_BUSY.  No
 * such device is success. */
int hd_volume_remove(const char *dm_name, uint64_t deadline_ms,
                     struct hd_err *err);

#endif
