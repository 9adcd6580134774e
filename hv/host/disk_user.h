/* SPDX-License-Identifier: MIT */
/* Who on the host uses a disk that a guest is to have. */
#ifndef HD_HOST_DISK_USER_H
#define HD_HOST_DISK_USER_H

#include <stdbool.h>

#define HD_DISK_USER_TEXT 320

/* Of the whole disk by its kernel's name, or of one of its partitions; sysfs
 * and procfs below `root`, answers at once.  Says whether there is one. */

/* "/dev/sda2 is part of dm-3 (vg-home)": who shares it with the dm devices of
 * hotdom's own, as the kernel lets nobody else.  Of dm-multipath, with what to
 * do about it. */
bool hd_disk_user_share(int root, const char *disk,
                        char ret[HD_DISK_USER_TEXT]);
/* Also "/dev/sda2 is mounted on /mnt" and "/dev/sda3 is swap". */
bool hd_disk_user_find(int root, const char *disk, char ret[HD_DISK_USER_TEXT]);

#endif
