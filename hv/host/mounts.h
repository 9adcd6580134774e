/* SPDX-License-Identifier: MIT */
/* Which of the host's block devices are mounted, or swap. */
#ifndef HD_HOST_MOUNTS_H
#define HD_HOST_MOUNTS_H

/* `name` is the kernel's ("sda2"), `at` where it is mounted, as mountinfo
 * escapes it and cut to 63 bytes; NULL: it is swap. */
typedef void hd_mounts_fn(void *ctx, int root, const char *name,
                          const char *at);
/* Below `root`, "/" on a host; opens no device.  A device may come twice. */
void hd_mounts_each(int root, hd_mounts_fn *fn, void *ctx);

#endif
