/* SPDX-License-Identifier: MIT */
/* A guest's kernel as distributions ship it. */
#ifndef HD_STORE_BZIMAGE_H
#define HD_STORE_BZIMAGE_H

#include <stddef.h>

#include "../../pv-drivers/base/err.h"

/* The bare ELF of a bzImage or ELF in memory, checked (hd_kernel_check);
 * HD_E_BAD_KERNEL.  The caller frees `*ret_elf`. */
int hd_bzimage_unpack(const void *image, size_t len, void **ret_elf,
                      size_t *ret_len, struct hd_err *err);

#endif
