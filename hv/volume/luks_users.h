/* SPDX-License-Identifier: MIT */
/* Changes who may open a store: one way, for hotdom-job and for the command
 * line; never trusts a header that hotdom-reader has not checked. */
#ifndef HD_VOLUME_LUKS_USERS_H
#define HD_VOLUME_LUKS_USERS_H

#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/mem.h"
#include "luks.h"

/* What there is to say when a store has no encrypted volume. */
#define HD_LUKS_NO_KEYSLOTS                                                    \
    "the passwords of this store are in its signed manifest; pack it again, "  \
    "or use encrypted volumes"

enum hd_keys_action {
    HD_KEYS_CHANGE, /* `user`'s password becomes the new one */
    HD_KEYS_ADD,    /* `user`, with the new password */
    HD_KEYS_REMOVE, /* `user` */
};

/* Plain data.  Whoever opens a keyslot may ask for any of these, of any user:
 * all users hold the one volume key, with which the header can be changed
 * anyway. */
struct hd_luks_change {
    uint32_t action; /* enum hd_keys_action */
    char user[HD_NAME_SIZE];
    uint64_t start; /* bytes: the key volume's partition on the medium */
    struct hd_luks luks;
    struct hd_luks_cost cost; /* of a new keyslot */
};

/* Opens `keyslot` of the key volume's header and holds the key against the
 * signed manifest: HD_E_WRONG_PASSWORD, HD_E_BAD_VOLUME.  Blocks for the KDF.
 */
int hd_luks_users_open(int header, uint32_t keyslot, const struct hd_luks *luks,
                       const struct hd_secret *password,
                       struct hd_secret **ret_key, struct hd_err *err);

/*
 * Performs `change` on a copy of `header`, which stays as it is, and writes
 * that to `medium` when the header there is still the one that was read
 * (HD_E_BUSY when not).  `password` is the new one; NULL for REMOVE.  A loss of
 * power at any point leaves the old users or the new ones, and the others as
 * they were.  Blocks.
 */
int hd_luks_users_change(int header, const struct hd_secret *key,
                         const struct hd_luks_change *change,
                         const struct hd_secret *password, int medium,
                         struct hd_err *err);

#endif
