/* SPDX-License-Identifier: MIT */
/* Where a store is written to: an image file or a device nobody uses. */
#ifndef HD_STORE_TARGET_H
#define HD_STORE_TARGET_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"

struct hd_target {
    int fd;
    bool device;
    bool fixed;      /* it cannot grow; a device */
    uint32_t sector; /* bytes of a logical block */
    uint64_t size;   /* bytes; of an image: set by hd_target_resize */
    uint64_t pushed, pushed_len; /* by hd_target_push */
    char path[PATH_MAX];         /* as given */
    char temp[PATH_MAX];         /* an image under construction, or empty */
};

/*
 * Opens `path` for a store.  A device must be one that nobody has mounted or
 * holds (HD_E_BUSY), whatever `force` says; without `force` it must hold
 * nothing that libblkid knows, and an image must not exist (HD_E_EXISTS).  An
 * image is made in a file beside it, so that `path` changes in one step.
 */
int hd_target_open(const char *path, bool force, struct hd_target *ret,
                   struct hd_err *err);

/*
 * Opens a store to change it in place: an image, or a device that nobody has
 * mounted or holds.  HD_E_BUSY otherwise, and while another program does the
 * same.  Who reads it must do so after this call.
 */
int hd_target_edit(const char *path, struct hd_target *ret, struct hd_err *err);

/* Makes room for `size` bytes; HD_E_FAILED when a device is too small. */
int hd_target_resize(struct hd_target *t, uint64_t size, struct hd_err *err);

/* True for a fresh image: what was not written reads as zeros. */
bool hd_target_is_zero(const struct hd_target *t);

/* Makes the range read as zeros.  Of a fresh image nothing is written. */
int hd_target_zero(struct hd_target *t, uint64_t start, uint64_t len,
                   struct hd_err *err);

/* Sends this range on its way to the medium and waits until the range of the
 * last call is there: the medium works while the next bytes are made, and
 * progress is not only that of memory. */
int hd_target_push(struct hd_target *t, uint64_t start, uint64_t len,
                   struct hd_err *err);
/* Everything written so far is on the medium. */
int hd_target_sync(struct hd_target *t, struct hd_err *err);
/* Reading this range comes from the medium, after hd_target_sync. */
void hd_target_forget(const struct hd_target *t, uint64_t start, uint64_t len);

/* A fresh image gets its name; the kernel reads the device's partitions. */
int hd_target_commit(struct hd_target *t, struct hd_err *err);

/* Closes; removes an image that was not committed.  Idempotent. */
void hd_target_fini(struct hd_target *t);

#endif
