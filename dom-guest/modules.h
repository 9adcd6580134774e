/* SPDX-License-Identifier: MIT */
/* The modules of the ramdisk that hotdom packs (hv/store/initrd.c). */
#ifndef HD_GUEST_MODULES_H
#define HD_GUEST_MODULES_H

/* Lists of them, in order, one for each use (hv/store/kmods.h). */
#define HD_MODULES_ROOT "/modules.root" /* before the root is there */
#define HD_MODULES_VIEW "/modules.view" /* before the host's files are */
#define HD_MODULES_MORE "/modules.more" /* other kinds of file systems */

/* Loads those of a list that are not there yet; what cannot be loaded is
 * logged.  Blocks: Linux waits, minutes, for a device of Xen whose backend is
 * silent. */
void hd_modules_load(const char *list);

#endif
