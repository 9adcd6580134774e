/* SPDX-License-Identifier: MIT */
/* Volume keys on their way to dm-crypt, in a keyring of this thread alone. */
#ifndef HD_RUN_KEYRING_H
#define HD_RUN_KEYRING_H

#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/mem.h"

/* A key of the type "logon", which the kernel uses and no one can read.  Only
 * this thread finds it, and it ends with the thread. */
int hd_keyring_add(const char *description, const struct hd_secret *key,
                   int32_t *ret, struct hd_err *err);
/* The kernel forgets it; what dm-crypt has taken is its own copy. */
void hd_keyring_drop(int32_t key);

#endif
