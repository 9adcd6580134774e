/* SPDX-License-Identifier: MIT */
/* Replaces a file of the guest's in one step. */
#ifndef HD_GUEST_REPLACE_H
#define HD_GUEST_REPLACE_H

#include <stddef.h>
#include <sys/types.h>

#include "../pv-drivers/base/err.h"

/*
 * `path` holds the `len` bytes of `buf`, after 0 also behind a loss of power. A
 * file that is there, or that a link there leads to, leaves the new one its
 * owner, group and mode; `mode` is of one that is not.  One that is so already
 * is left alone.  Blocks as the volume does.
 *
 * What is being written stands beside it as `path`.hotdom, where the next call
 * replaces what a loss of power has left.  So each file has one writer, the
 * agent.
 */
int hd_replace_file(const char *path, const void *buf, size_t len, mode_t mode,
                    struct hd_err *err);

#endif
