/* SPDX-License-Identifier: MIT */
/* A guest's kernel: out of its bzImage, and fit for Xen's PV loader. */
#ifndef HD_STORE_KERNEL_H
#define HD_STORE_KERNEL_H

#include <stddef.h>

#include "../../pv-drivers/base/err.h"

/* The bare ELF of a bzImage or ELF in memory, checked; HD_E_BAD_KERNEL.  The
 * caller frees `*ret_elf`. */
int hd_kernel_unpack(const void *image, size_t len, void **ret_elf,
                     size_t *ret_len, struct hd_err *err);

/* HD_E_BAD_KERNEL unless it is an x86-64 ELF whose program headers lie inside
 * it and which tells Xen where a PV guest begins. */
int hd_kernel_check(const void *elf, size_t len, struct hd_err *err);

#endif
