/* SPDX-License-Identifier: MIT */
/* From a manifest, files and volumes in hand to a whole store on a medium; what
 * pack and clone have in common. */
#ifndef HD_STORE_NEW_STORE_H
#define HD_STORE_NEW_STORE_H

#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "bundle.h"
#include "gpt.h"
#include "manifest.h"
#include "pack_volume.h"
#include "target.h"

struct hd_new_store {
    struct hd_manifest *m;    /* the signed form; roots come while writing */
    struct hd_bundle *bundle; /* with its files */
    struct hd_pack_volume
        *volumes;    /* m->n_volumes of them; start is set here */
    const char *key; /* path of the signer's private key */
    const struct hd_pack_ops *ops;
};

/*
 * Lays out, makes room, writes and reads back, the partition table last, and
 * commits the target.  All is borrowed.  Blocks for as long as writing takes.
 */
int hd_new_store_write(const struct hd_new_store *s, struct hd_target *t,
                       struct hd_signer *ret_signer, uint64_t *ret_size,
                       struct hd_err *err);

/* A row of the table: the header's when `volume` is NULL. */
void hd_new_store_part(const struct hd_volume *volume, uint64_t start,
                       uint64_t length, const struct hd_uuid *id,
                       struct hd_part *ret);

#endif
