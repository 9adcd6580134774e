/* SPDX-License-Identifier: MIT */
/* Free space between the partitions of a store. */
#ifndef HD_STORE_ROOM_H
#define HD_STORE_ROOM_H

#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "gpt.h"

/*
 * The first gap of `len` bytes, in front of, between or behind the partitions,
 * that begins at whole MiB and ends by `end`.  HD_E_FAILED says how many bytes
 * are missing.  Pure.
 */
int hd_room_find(const struct hd_gpt *gpt, uint64_t end, uint64_t len,
                 uint64_t *ret_start, struct hd_err *err);

#endif
