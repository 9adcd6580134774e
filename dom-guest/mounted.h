/* SPDX-License-Identifier: MIT */
/* What the view has mounted, as HD_GUEST_MOUNTS has it: a line each, the
 * mount's number and its mount point, in the order in which they were mounted.
 */
#ifndef HD_GUEST_MOUNTED_H
#define HD_GUEST_MOUNTED_H

#include <stdint.h>

#include "../pv-drivers/base/err.h"

/* The number of the mount that is on top at `path`; 0: there is none. */
uint64_t hd_mounted_at(const char *path);

/* What was mounted at `path` just now, no link. */
int hd_mounted_note(const char *path, struct hd_err *err);

/* Forgets what has gone, and what stands there twice. */
void hd_mounted_tidy(void);

/* Takes away all that is on top where it was mounted; what is in use goes when
 * that is over.  What the guest has hidden stays, and stays noted. */
void hd_mounted_drop(void);

#endif
