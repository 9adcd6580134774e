/* SPDX-License-Identifier: MIT */
/* The guest's network interfaces under the names that the map promises. */
#ifndef HD_GUEST_NICS_H
#define HD_GUEST_NICS_H

#include <stddef.h>
#include <stdint.h>

#include "../pv-drivers/base/err.h"
#include "promise.h"

/* Waits until `deadline_ms` for those that are not there yet.  One that is up
 * keeps its name and gets the other beside it, for what has it open would lose
 * it; one that is down makes room for another whose name it has.  How many have
 * theirs; what failed first is in `err`, whose code is 0 otherwise. */
size_t hd_nics_name(const struct hd_promise *promises, size_t n_promises,
                    uint64_t deadline_ms, struct hd_err *err);

#endif
