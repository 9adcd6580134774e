/* SPDX-License-Identifier: MIT */
/* Who may open a store that is being packed: passwords, keyslots, verifiers. */
#ifndef HD_STORE_PACK_USERS_H
#define HD_STORE_PACK_USERS_H

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/mem.h"
#include "pack.h"
#include "pack_volume.h"

/*
 * Asks for each user's password.  With an encrypted volume: makes the headers
 * of all of them (`volumes`, as in the manifest), the keyslots, and what the
 * manifest says of them; `*ret_recovery` is the recovery key, NULL when none is
 * wanted.  Without one: the verifiers.  Nothing is written.  Blocks for as long
 * as people and KDFs do.
 */
int hd_pack_users_make(const struct hd_pack *in, struct hd_manifest *m,
                       struct hd_pack_volume *volumes,
                       struct hd_secret **ret_recovery, struct hd_err *err);

#endif
