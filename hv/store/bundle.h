/* SPDX-License-Identifier: MIT */
/* The header's content while it is made: files, then the signed tar stream. */
#ifndef HD_STORE_BUNDLE_H
#define HD_STORE_BUNDLE_H

#include <stddef.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/mem.h"
#include "manifest.h"
#include "pack.h"
#include "sign.h"
#include "target.h"

struct hd_bundle {
    size_t n;
    void *files[HD_MAX_FILES]; /* owned; sizes are in the manifest */
    uint8_t *tar;              /* owned; made by hd_bundle_seal */
    size_t tar_len;
};

void hd_bundle_free(struct hd_bundle *b);
HD_DEFINE_AUTO(hd_bundle)

/*
 * Reads the kernels and ramdisks of all guests (paths relative to the folder
 * descriptor `dir`), unpacks and compresses, and replaces the paths in `m` by
 * the names in m->files, which it fills in.  One file is stored once.  With
 * `modules`, guests without a ramdisk share one that is made of those, see
 * initrd.h.
 */
int hd_bundle_load(struct hd_bundle *b, int dir, const char *modules,
                   struct hd_manifest *m, struct hd_err *err);

/* Writes the manifest's signed form, signs it, and lays the stream out; once
 * more when the manifest has changed. */
int hd_bundle_seal(struct hd_bundle *b, const struct hd_manifest *m,
                   const char *key, struct hd_signer *ret_signer,
                   struct hd_err *err);

/* The same files once more: byte for byte from a store whose manifest is `m`,
 * the first one's tar block at `at` of `medium`.  Their digests are compared.
 */
int hd_bundle_copy(struct hd_bundle *b, int medium, uint64_t at,
                   const struct hd_manifest *m, struct hd_err *err);

/* The stream to `start` of the target, and read from there again; the latter
 * counts as the first bytes of `total`. */
int hd_bundle_write(const struct hd_bundle *b, const struct hd_target *t,
                    uint64_t start, const struct hd_pack_ops *ops,
                    struct hd_err *err);
int hd_bundle_verify(const struct hd_bundle *b, const struct hd_target *t,
                     uint64_t start, uint64_t total,
                     const struct hd_pack_ops *ops, struct hd_err *err);

#endif
