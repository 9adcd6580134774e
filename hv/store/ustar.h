/* SPDX-License-Identifier: MIT */
/* Members of the header's tar stream, in exactly one form. */
#ifndef HD_STORE_USTAR_H
#define HD_STORE_USTAR_H

#include <stdint.h>

#include "../../pv-drivers/base/err.h"

#define HD_USTAR_BLOCK 512
/* A member's bytes have 11 octal digits. */
#define HD_USTAR_MAX (((uint64_t)1 << 33) - 1)

/* The header block of a plain file; `name` has at most 99 characters, `size` is
 * at most HD_USTAR_MAX. */
void hd_ustar_make(const char *name, uint64_t size,
                   uint8_t block[HD_USTAR_BLOCK]);

/*
 * The size in a block that must be the one hd_ustar_make gives for `name`, byte
 * by byte: so there are no links, devices, sparse files, extensions, foreign
 * names or owners.  HD_E_BAD_HEADER when it is not.
 */
int hd_ustar_expect(const uint8_t block[HD_USTAR_BLOCK], const char *name,
                    uint64_t *ret_size, struct hd_err *err);

/* What a member of `size` bytes takes in the stream behind its block. */
static inline uint64_t hd_ustar_padded(uint64_t size)
{
    return (size + HD_USTAR_BLOCK - 1) / HD_USTAR_BLOCK * HD_USTAR_BLOCK;
}

#endif
