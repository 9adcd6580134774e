/* SPDX-License-Identifier: MIT */
/* The host's files below, the guest's writes above. */
#ifndef HD_GUEST_OVERLAY_H
#define HD_GUEST_OVERLAY_H

#include <stdbool.h>

#include "../pv-drivers/base/err.h"

/* The host view, at HD_GUEST_HOST; waits 3 s for its device at most. */
int hd_overlay_mount_host(struct hd_err *err);

/* The folder that takes what the guest writes, HD_GUEST_WRITES or one in
 * memory, from before anything is laid over the folder that it is in; `make`
 * makes it where it is not there.  Returns a descriptor (O_PATH) that the
 * caller closes, or -1. */
int hd_overlay_open_writes(bool make, struct hd_err *err);

/* Mounts what the guest writes to `key`, a folder of `writes`, over `lower` at
 * `where`. */
int hd_overlay_lay(const char *lower, const char *writes, const char *key,
                   const char *where, struct hd_err *err);

/* Of the overlay whose mount `fd` is: forgets what it has found and not found,
 * for the host's files are others now.  What is in use stays. */
void hd_overlay_forget(int fd);

#endif
