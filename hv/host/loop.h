/* SPDX-License-Identifier: MIT */
/* A store in a file: the loop device that makes a disk of it. */
#ifndef HD_HOST_LOOP_H
#define HD_HOST_LOOP_H

#include <stdbool.h>

#include "../../pv-drivers/base/err.h"

#define HD_LOOP_NAME 16

/* Makes a disk of the regular file `path` and gives its kernel's name, "loop3".
 * A mark below HD_LOOP_DIR, by which config/59-hotdom.rules knows it for one
 * that can be a store, stands before the kernel tells udev.  Needs root; the
 * kernel keeps the file open.  HD_E_BUSY when the file is a loop device's
 * already, whoever made it.  Does not wait for udev. */
int hd_loop_make(const char *path, char ret[HD_LOOP_NAME], struct hd_err *err);

/* Did hd_loop_make make it?  Of any name of a disk. */
bool hd_loop_is_ours(const char *name);

/* Lets go of the file, or has the kernel do so when the last who uses the disk
 * is done; of one that is not ours, or has no file any more, only the mark is
 * removed.  May block until what was written is in the file. */
int hd_loop_free(const char *name, struct hd_err *err);

#endif
