/* SPDX-License-Identifier: MIT */
/* Finds gaps in a partition table; never moves a partition. */
#include "room.h"

/* How many bytes are free from `start` on. */
static uint64_t gap_at(const struct hd_gpt *gpt, uint64_t start, uint64_t end)
{
    for (uint32_t i = 0; i < gpt->n; i++) {
        const struct hd_part *p = &gpt->parts[i];

        if (start >= p->start && start < p->start + p->length)
            return 0;
        if (p->start > start && p->start < end)
            end = p->start;
    }
    return start < end ? end - start : 0;
}

int hd_room_find(const struct hd_gpt *gpt, uint64_t end, uint64_t len,
                 uint64_t *ret_start, struct hd_err *err)
{
    uint64_t found = UINT64_MAX, most = 0;

    for (uint32_t i = 0; i <= gpt->n; i++) {
        uint64_t at =
            i ? gpt->parts[i - 1].start + gpt->parts[i - 1].length : 1;
        uint64_t start = (at + HD_GPT_ALIGN - 1) / HD_GPT_ALIGN * HD_GPT_ALIGN;
        uint64_t gap = gap_at(gpt, start, end);

        if (gap > most)
            most = gap;
        if (gap >= len && start < found)
            found = start;
    }
    if (found == UINT64_MAX)
        return hd_fail(err, HD_E_FAILED,
                       "there is no room for %llu MiB more: %llu bytes are "
                       "missing",
                       (unsigned long long)(len + HD_GPT_ALIGN - 1) >> 20,
                       (unsigned long long)(len - most));
    *ret_start = found;
    return 0;
}
