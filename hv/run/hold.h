/* SPDX-License-Identifier: MIT */
/* Devices that hold back what fails below them, HD_TARGET_HOLD. */
#ifndef HD_RUN_HOLD_H
#define HD_RUN_HOLD_H

#include <stdbool.h>

#include "../../pv-drivers/base/err.h"

/*
 * A guest must not hear of a medium's end before it is paused: Linux's blkfront
 * takes a flush that failed for one that nobody needs, and tells the program
 * that its data is safe (blkif_interrupt in
 * linux/drivers/block/xen-blkfront.c). So each volume that a guest writes has a
 * dm-multipath device on top, with one path, the volume, and
 * "queue_if_no_path": what fails stays in dom0.  After a pull the fence ends
 * it, when the guest is paused.  Errors that the medium itself tells, as of a
 * bad sector or of no space, pass at once (blk_path_error in
 * linux/include/linux/blk_types.h).
 *
 * While something is held a thread of dom0's kernel, kmultipathd, tries it
 * again and again (multipath_queue_bio in dm-mpath.c): a processor is busy
 * until the fence, of a LUN whose portal is silent for some 30 seconds.
 *
 * For one thread, see dm.h.  None of these waits for I/O, nor keeps a
 * descriptor.
 */

/* What is held back, if anything is, is tried once more; what fails then, and
 * from now on, is told.  Nothing for a device that is not there or is of
 * another kind. */
int hd_hold_let_go(const char *dm_name, bool *ret_held, struct hd_err *err);

/* What fails is held back again. */
int hd_hold_again(const char *dm_name, struct hd_err *err);

#endif
