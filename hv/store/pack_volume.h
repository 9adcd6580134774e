/* SPDX-License-Identifier: MIT */
/* One volume of a store that is being packed: how large it is, and its content
 * on its way from a file to the medium. */
#ifndef HD_STORE_PACK_VOLUME_H
#define HD_STORE_PACK_VOLUME_H

#include <stdbool.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/mem.h"
#include "pack.h"
#include "target.h"

struct hd_pack_volume {
    struct hd_volume *v; /* borrowed: its row in the manifest */
    int from;            /* the content, or -1 for none */
    uint64_t content;    /* bytes of it; what it grows by is not packed */
    uint64_t start;      /* of the partition, in bytes; set by the caller */
    /* Copied from another store: */
    bool copied; /* an image's salt and root are known, and must come out */
    uint64_t from_at;           /* byte of `from` at which the content begins */
    struct hd_secret *from_key; /* the key it is encrypted with, owned */
    /* Encrypted; set by hd_pack_users_make, owned. */
    int header; /* a memfd with the LUKS2 header, or -1 */
    struct hd_secret *key;
};

/* Opens `v->from`, relative to the folder `dir`, and fills in the volume's size
 * and partuuid, and of an image the number of blocks; of an encrypted volume
 * luks.offset is there. */
int hd_pack_volume_open(struct hd_volume *v, int dir,
                        struct hd_pack_volume *ret, struct hd_err *err);

/* Writes the LUKS2 header and the content, and of an image the tree, whose salt
 * and root it puts in the manifest.  HD_E_BAD_VOLUME for a copied image that is
 * not what was signed.  Blocks for as long as that takes. */
int hd_pack_volume_write(struct hd_pack_volume *pv, struct hd_target *t,
                         const struct hd_pack_ops *ops, struct hd_err *err);

/* Bytes that describe the content: LUKS2 header, hash tree. */
uint64_t hd_pack_volume_overhead(const struct hd_pack_volume *pv);
/* Reads those again. */
int hd_pack_volume_verify(const struct hd_pack_volume *pv,
                          const struct hd_target *t, struct hd_err *err);

/* Closes, and cleanses the keys.  Idempotent. */
void hd_pack_volume_fini(struct hd_pack_volume *pv);

#endif
