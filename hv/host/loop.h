/* SPDX-License-Identifier: MIT */
/* A store in a file: the loop device that makes a disk of it. */
#ifndef HD_HOST_LOOP_H
#define HD_HOST_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"

#define HD_LOOP_NAME      16
#define HD_LOOP_MARK_SIZE 64

/* The kernel's name, "loop3", and which of its media: the next file under that
 * name has another diskseq. */
struct hd_loop {
    char name[HD_LOOP_NAME];
    uint64_t diskseq;
};

/* Makes a disk of the regular file `path`.  A mark, a file in /run/hotdom by
 * which config/54-hotdom.rules knows it for one that can be a store, stands
 * before the kernel tells udev.  Needs root; the kernel keeps the file open.
 * HD_E_BUSY when the file is a loop device's already, whoever made it.  Waits
 * for others who make or free one, not for udev. */
int hd_loop_make(const char *path, struct hd_loop *ret, struct hd_err *err);

/* Where the mark of disk `name` is. */
void hd_loop_mark(const char *name, char ret[HD_LOOP_MARK_SIZE]);

/* Did hd_loop_make make it?  Of any name of a disk. */
bool hd_loop_is_ours(const char *name);
/* And has it that medium still? */
bool hd_loop_is_there(const char *name, uint64_t diskseq);

/* Lets go of the file, or has the kernel do so when the last who uses the disk
 * is done; nothing for one that is not ours, or has another file by now.  May
 * block until what was written is in the file. */
int hd_loop_free(const struct hd_loop *loop, struct hd_err *err);

#endif
