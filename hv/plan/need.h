/* SPDX-License-Identifier: MIT */
/* How much memory of Xen's a guest takes; arithmetic only. */
#ifndef HD_PLAN_NEED_H
#define HD_PLAN_NEED_H

#include <stdint.h>

/* Bytes of the host that a PV guest of `memory` bytes takes.  As
 * libxl_domain_need_memory of Xen 4.17 counts (tools/libs/light/libxl_mem.c
 * and libxl_create.c: the shadow's share, 1 MiB, all rounded up to 2 MiB), and
 * never less than 8 MiB beside its own. */
uint64_t hd_need_bytes(uint64_t memory, uint64_t vcpus);

/* The most memory, in whole MiB from `min` to `want`, whose need is at most
 * `have`; `min` itself when not even that fits. */
uint64_t hd_need_most(uint64_t min, uint64_t want, uint64_t vcpus,
                      uint64_t have);

#endif
