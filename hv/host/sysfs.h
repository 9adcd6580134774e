/* SPDX-License-Identifier: MIT */
/* Attributes and folders of sysfs and the like, below a root that a test may
 * choose; what vanishes while it is read is simply not there. */
#ifndef HD_HOST_SYSFS_H
#define HD_HOST_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"

/* "/", for what follows; -1 with HD_E_FAILED. */
int hd_sysfs_root(struct hd_err *err);
/* Paths are below `root`, a folder's descriptor ("/" on a host).  None of these
 * fails loudly: text becomes "", numbers 0. */

/* The first line of a file, printable: other characters become '?', blanks at
 * both ends go, and it is cut to `size`.  Says whether there was a file. */
bool hd_sysfs_text(int root, char *ret, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
uint64_t hd_sysfs_number(int root, int base, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Makes the first line of `text` printable and trims it, in place. */
void hd_sysfs_clean(char *text);
/* Where a link leads, or only the last part of that. */
bool hd_sysfs_link(int root, char *ret, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
bool hd_sysfs_link_name(int root, char *ret, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* The address of the USB device nearest to the end of a device's path ("1-2.3"
 * of ".../usb1/1-2/1-2.3/1-2.3:1.0/host4"), or "". */
void hd_sysfs_usb(const char *path, char ret[32]);
/* The addresses of the PCI devices in a device's path, "0000:00:14.0/"; only
 * the last ones when there is no room. */
void hd_sysfs_pci(const char *path, char *ret, size_t size);
/* Does a line of the file begin with `text`? */
bool hd_sysfs_has(int root, const char *text, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool hd_sysfs_exists(int root, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Calls `fn` for each entry but "." and "..", in the order of their names. */
typedef void hd_sysfs_fn(void *ctx, int root, const char *name);
void hd_sysfs_each(int root, const char *folder, hd_sysfs_fn *fn, void *ctx);

#endif
