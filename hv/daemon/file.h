/* SPDX-License-Identifier: MIT */
/* The files that `hotdom attach` made disks of. */
#ifndef HD_DAEMON_FILE_H
#define HD_DAEMON_FILE_H

#include "../control/control.h"
#include "../watch/monitor.h"

/* Lets go of the file behind a disk of ours, in a thread.  Then `waiter`, which
 * may be NULL and is taken, is told that it is safe to remove, or why not. */
void hd_file_release(uv_loop_t *loop, const struct hd_device *disk,
                     struct hd_conn *waiter);

#endif
