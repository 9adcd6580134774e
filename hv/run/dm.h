/* SPDX-License-Identifier: MIT */
/* One request to the kernel's device-mapper, through libdevmapper. */
#ifndef HD_RUN_DM_H
#define HD_RUN_DM_H

#include <libdevmapper.h>

#include "../../pv-drivers/base/err.h"

/* For one thread: libdevmapper keeps global state.  None of these waits for
 * udevd or for I/O, but a request that suspends a device. */

void hd_dm_freep(struct dm_task **task);
#define hd_auto_dm __attribute__((cleanup(hd_dm_freep))) struct dm_task *

/* `type` is a DM_DEVICE_ of libdevmapper.h.  NULL: hd_dm_fail says why.
 * The nodes in /dev/mapper are made by libdevmapper itself: without udev's
 * semaphore there is nothing to wait for when udevd is slow or away, and
 * nothing to leak when this process is killed.  Udev's flags travel all the
 * same. */
struct dm_task *hd_dm_task(int type, const char *name);
int hd_dm_run(struct dm_task *task);
/* "cannot VERB the volume NAME: what libdevmapper said last". */
int hd_dm_fail(struct hd_err *err, const char *verb, const char *name);

/* 1: a device of that name is there and ours, 0: there is none, -1:
 * HD_E_EXISTS when it is somebody else's, by its dm uuid. */
int hd_dm_find(const char *name, struct dm_info *ret, struct hd_err *err);

#endif
