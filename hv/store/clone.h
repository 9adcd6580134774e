/* SPDX-License-Identifier: MIT */
/* Makes a store out of another one: its content, with an identity and keys of
 * its own. */
#ifndef HD_STORE_CLONE_H
#define HD_STORE_CLONE_H

#include <stdbool.h>

#include "../../pv-drivers/base/err.h"
#include "pack.h"
#include "reader.h"

struct hd_clone {
    int medium;                    /* the source, borrowed */
    const struct hd_answer *store; /* what the reader said of it */
    const int *headers;            /* checked copies of its LUKS2 headers */
    bool trusted;     /* its signer is; else it must be the key's, or: */
    bool resign;      /* whoever signed it */
    const char *user; /* whose password opens both; NULL: the only one */
    /* Without manifest; ops.password gives the password of `user`. */
    struct hd_pack pack;
};

/*
 * New are: the ids of the store, its guests, partitions and table, the volume
 * keys, LUKS2 headers and marks, the recovery key, the generation (1), the
 * signature.  The one user is `user`, with the same password.  Images that only
 * hotdom revert knows stay behind.  HD_E_WRONG_PASSWORD, HD_E_NO_USER;
 * HD_E_BAD_VOLUME for an image that is not what was signed.  Nothing is left of
 * a clone that fails.  Blocks for as long as copying takes.
 */
int hd_clone(const struct hd_clone *clone, struct hd_packed *ret,
             struct hd_err *err);

#endif
