/* SPDX-License-Identifier: MIT */
/* A guest's kernel: is it fit for Xen's PV loader? */
#ifndef HD_STORE_KERNEL_H
#define HD_STORE_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"

/* HD_E_BAD_KERNEL unless it is an x86-64 ELF whose program headers lie inside
 * it and which tells Xen where a PV guest begins. */
int hd_kernel_check(const void *elf, size_t len, struct hd_err *err);
/* The same for the file `fd` of `len` bytes; takes less than 128 KiB of memory
 * whatever its size. */
int hd_kernel_check_fd(int fd, uint64_t len, struct hd_err *err);

#endif
