/* SPDX-License-Identifier: MIT */
/* What a compressor has made of a kernel or a ramdisk, in memory. */
#ifndef HD_STORE_UNPACK_H
#define HD_STORE_UNPACK_H

#include <stdbool.h>
#include <stddef.h>

#include "../../pv-drivers/base/err.h"

/* Whether it begins as gzip's do: RFC 1952, 2.3.1. */
bool hd_is_gzip(const void *packed, size_t len);

/* By gzip, bzip2, lzma, xz, lz4 or zstd; `*ret_all` says whether nothing stands
 * behind it, and may be NULL.  HD_E_BAD_KERNEL when it is damaged, none of
 * these, or unpacks to more than HD_UNPACKED_BYTES.  The caller frees `*ret`.
 */
int hd_unpack(const void *packed, size_t len, void **ret, size_t *ret_len,
              bool *ret_all, struct hd_err *err);

#endif
