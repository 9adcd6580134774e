/* SPDX-License-Identifier: MIT */
/* The data of an encrypted volume, in user space: what dm-crypt with
 * HD_LUKS_CIPHER and 512-byte sectors does. */
#ifndef HD_VOLUME_XTS_H
#define HD_VOLUME_XTS_H

#include <stddef.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/mem.h"

struct hd_xts;

/* `key` has HD_LUKS_KEY_BYTES; not borrowed behind the call. */
int hd_xts_new(const struct hd_secret *key, struct hd_xts **ret,
               struct hd_err *err);
void hd_xts_free(struct hd_xts *x);
HD_DEFINE_AUTO(hd_xts)

/* In place; `at` counts bytes of data from the volume's offset; both are whole
 * sectors. */
int hd_xts_encrypt(struct hd_xts *x, void *data, size_t len, uint64_t at,
                   struct hd_err *err);
int hd_xts_decrypt(struct hd_xts *x, void *data, size_t len, uint64_t at,
                   struct hd_err *err);

#endif
