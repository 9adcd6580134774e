/* SPDX-License-Identifier: MIT */
/* The signers that this host trusts: /etc/hotdom/trusted.d/NAME.pub. */
#ifndef HD_HOST_TRUST_H
#define HD_HOST_TRUST_H

#include <stddef.h>

#include "../../pv-drivers/base/err.h"
#include "../store/manifest.h"
#include "../store/sign.h"

#define HD_MAX_TRUSTED 256

struct hd_trusted {
    char name[HD_NAME_SIZE];
    struct hd_signer signer;
};

/* `dir` is HD_TRUSTED_DIR but for tests.  A missing folder is an empty list;
 * a file that is no key or that others may write is left out and named in
 * `*ret_skipped` (may be NULL; the caller frees it; NULL when none). Sorted by
 * name; the caller frees `*ret_list`. */
int hd_trust_list(const char *dir, struct hd_trusted **ret_list, size_t *ret_n,
                  char **ret_skipped, struct hd_err *err);
/* HD_E_EXISTS when the name or the key is there already. */
int hd_trust_add(const char *dir, const char *name,
                 const struct hd_signer *signer, struct hd_err *err);
/* HD_E_FAILED "no trusted signer NAME" when there is none. */
int hd_trust_rm(const char *dir, const char *name, struct hd_err *err);

#endif
