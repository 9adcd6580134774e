/* SPDX-License-Identifier: MIT */
/* The folder of guests' memory, HD_DUMP_DIR: bounded, root's alone, and without
 * half a file.  Knows no guest. */
#ifndef HD_DAEMON_DUMPS_H
#define HD_DAEMON_DUMPS_H

#include <limits.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"

/* A file that is being written; plain data, but for `fd`, which is -1 when it
 * is closed. */
struct hd_dump {
    int fd;
    uint64_t most; /* bytes that it may become */
    char path[PATH_MAX];
    char part[PATH_MAX + 8]; /* its name until it is whole */
};

/* Bytes that a guest with so much memory may make, with what describes it. */
uint64_t hd_dumps_most(uint64_t memory);
/*
 * Makes `folder` and in it the file `name`, for `most` bytes: HD_E_LIMIT when
 * the files there, `promised` bytes of others that are being written and this
 * one are more than `limit`, or the disk would be left with less than a
 * twentieth.  The caller closes ret->fd.
 */
int hd_dumps_open(const char *folder, const char *name, uint64_t most,
                  uint64_t promised, uint64_t limit, struct hd_dump *ret,
                  struct hd_err *err);
/* It is whole. */
int hd_dumps_keep(const struct hd_dump *dump, struct hd_err *err);
void hd_dumps_drop(const struct hd_dump *dump);
/* Of what an earlier hotdomd was writing nothing stays. */
void hd_dumps_sweep(const char *folder);

#endif
