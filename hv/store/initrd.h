/* SPDX-License-Identifier: MIT */
/* A ramdisk of our own making, for guests that bring none: the agent as its
 * first process, and the modules it needs to get to the guest's root. */
#ifndef HD_STORE_INITRD_H
#define HD_STORE_INITRD_H

#include <stddef.h>

#include "../../pv-drivers/base/err.h"

/* A cpio archive in newc, by zstd, as Linux unpacks it; the same input gives
 * the same bytes.  `modules` is the folder of the guest's kernel, as
 * /lib/modules/VERSION, and `agent` the program hotdom-guest.  The caller frees
 * `*ret`.  Blocks as reading some MiB does. */
int hd_initrd_make(const char *modules, const char *agent, void **ret,
                   size_t *ret_len, struct hd_err *err);

#endif
