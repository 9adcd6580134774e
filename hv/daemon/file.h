/* SPDX-License-Identifier: MIT */
/* The files that `hotdom attach` made disks of. */
#ifndef HD_DAEMON_FILE_H
#define HD_DAEMON_FILE_H

#include <uv.h>

/* Lets go of the file behind disk `name` in a thread; nothing for other disks.
 * That it could not is logged. */
void hd_file_release(uv_loop_t *loop, const char *name);

#endif
