/* SPDX-License-Identifier: MIT */
/* Makes a store: from a source manifest and a key to an image or a device. */
#ifndef HD_STORE_PACK_H
#define HD_STORE_PACK_H

#include <stdbool.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/mem.h"
#include "../volume/luks.h"
#include "manifest.h"
#include "sign.h"

struct hd_pack_ops {
    /* The new password of `user`; the callee frees nothing it gave. */
    int (*password)(void *ctx, const char *user, struct hd_secret **ret,
                    struct hd_err *err);
    /* `done` of `total` bytes of `phase`, as often as there is news.  Anything
     * but 0 ends the work: HD_E_FAILED "interrupted; INTERRUPTED". */
    int (*progress)(void *ctx, const char *phase, uint64_t done,
                    uint64_t total);
    void *ctx;
    const char *interrupted; /* what that leaves: "nothing was packed" */
};

/* Calls `progress`; -1 when it says to end. */
int hd_pack_tell(const struct hd_pack_ops *ops, const char *phase,
                 uint64_t done, uint64_t total, struct hd_err *err);

struct hd_pack {
    const char *manifest; /* path; local paths in it are relative to it */
    const char *key;      /* path of the signer's private key */
    const char *output;   /* image or device */
    bool force;
    bool no_recovery_key;
    /* For guests that bring no ramdisk: the folder of their kernel's modules,
     * see initrd.h; NULL: they have none. */
    const char *modules;
    struct hd_luks_cost cost; /* of the keyslots of encrypted volumes */
    struct hd_pack_ops ops;
};

struct hd_packed {
    struct hd_signer signer;
    struct hd_store_id store;
    uint64_t size;              /* bytes of the medium that the store takes */
    struct hd_secret *recovery; /* the caller frees it; NULL: there is none */
};

/* Blocks for as long as writing takes.  An interrupted pack leaves no valid
 * store: the partition table is written last. */
int hd_pack(const struct hd_pack *pack, struct hd_packed *ret,
            struct hd_err *err);

#endif
