/* SPDX-License-Identifier: MIT */
/* dm-verity over an image volume: its hash tree, made and checked in user
 * space; never touches device-mapper. */
#ifndef HD_VOLUME_VERITY_H
#define HD_VOLUME_VERITY_H

#include <stddef.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/mem.h"

/*
 * Linux, admin-guide/device-mapper/verity.rst: version 1, SHA-256 over salt and
 * block, data and hash blocks of 4096 bytes, no superblock (what one would say
 * is in the signed manifest).  The tree stands right behind the data, the top
 * level first.  `veritysetup verify --no-superblock` reads the same.
 */
#define HD_VERITY_BLOCK 4096u

/* Plain data, in the manifest; zero when the volume has no tree. */
struct hd_verity {
    uint64_t blocks; /* of data; the tree begins at blocks * 4096 */
    uint8_t salt[32];
    uint8_t root[32];
};

/* Bytes of the tree over so many blocks. */
uint64_t hd_verity_tree_size(uint64_t blocks);

/* Makes the tree while the data streams by; memory is one block a level. */
struct hd_verity_maker;

/* Writes tree blocks to `fd`; the data begins at `start` there, and has
 * `blocks` blocks.  A random salt. */
int hd_verity_begin(int fd, uint64_t start, uint64_t blocks,
                    struct hd_verity_maker **ret, struct hd_err *err);
/* Before the first block: with this salt, so that the same data has the same
 * root. */
void hd_verity_salt(struct hd_verity_maker *v, const uint8_t salt[32]);
/* The next bytes of data, in order, in whole blocks. */
int hd_verity_add(struct hd_verity_maker *v, const void *data, size_t len,
                  struct hd_err *err);
/* After the last block: writes what is left. */
int hd_verity_end(struct hd_verity_maker *v, struct hd_verity *ret,
                  struct hd_err *err);
void hd_verity_maker_free(struct hd_verity_maker *v);
HD_DEFINE_AUTO(hd_verity_maker)

/* `done` of `total` bytes; anything but 0 ends the work with HD_E_FAILED. */
typedef int hd_verity_progress_fn(void *ctx, uint64_t done, uint64_t total);

/* Reads tree and data, the tree first.  HD_E_BAD_VOLUME names the first bad
 * block in `*ret_bad` (of the data; UINT64_MAX: the tree itself is bad),
 * HD_E_IO one that cannot be read.  Blocks as the medium does. */
int hd_verity_check(int fd, uint64_t start, const struct hd_verity *v,
                    hd_verity_progress_fn *progress, void *ctx,
                    uint64_t *ret_bad, struct hd_err *err);

/* The tree alone, a 128th of the work: that it was written as it was made. */
int hd_verity_check_tree(int fd, uint64_t start, const struct hd_verity *v,
                         struct hd_err *err);

#endif
