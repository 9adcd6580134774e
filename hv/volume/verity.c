/* SPDX-License-Identifier: MIT */
/* dm-verity over an image volume: its hash tree, made and checked in user
 * space; never touches device-mapper. */
#include "verity.h"

#define PER_BLOCK (HD_VERITY_BLOCK / 32) /* hashes */

uint64_t hd_verity_tree_size(uint64_t blocks)
{
    uint64_t tree = 0;

    while (blocks > 1) {
        blocks = (blocks + PER_BLOCK - 1) / PER_BLOCK;
        tree += blocks;
    }
    return tree * HD_VERITY_BLOCK;
}
