/* SPDX-License-Identifier: MIT */
/* Counts what a guest takes beside its own memory; never asks Xen. */
#include "need.h"

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)

/* What Xen and its toolstack really take beside a PV guest's own pages (page
 * tables of the pool, grant frames, the shared info): measured about 3 MiB. */
#define LEAST (8 * MIB)
/* LIBXL_PV_EXTRA_MEMORY, libxl_internal.h. */
#define PV_EXTRA (1024 * KIB)

/* libxl__get_required_paging_memory: libxl counts it for PV guests as well, but
 * no page a MiB for a P2M map, which only the others have. */
static uint64_t shadow(uint64_t memory, uint64_t vcpus)
{
    return 4 * KIB * (256 * vcpus + memory / MIB);
}

uint64_t hd_need_bytes(uint64_t memory, uint64_t vcpus)
{
    uint64_t need = memory + shadow(memory, vcpus) + PV_EXTRA;

    need = (need + 2 * MIB - 1) / (2 * MIB) * (2 * MIB);
    return need > memory + LEAST ? need : memory + LEAST;
}

uint64_t hd_need_most(uint64_t min, uint64_t want, uint64_t vcpus,
                      uint64_t have)
{
    uint64_t low = min / MIB, high = want / MIB;

    while (low < high) {
        uint64_t middle = low + (high - low + 1) / 2;

        if (hd_need_bytes(middle * MIB, vcpus) <= have)
            low = middle;
        else
            high = middle - 1;
    }
    return low * MIB;
}
