/* SPDX-License-Identifier: MIT */
/* Waits for guests that were asked to end; never asks or ends one itself. */
#include "grace.h"

#include "../../pv-drivers/base/io.h"

/* Those who are up and have time left, in their order; gives their number. */
static size_t still_up(struct hd_grace *list, size_t n,
                       const struct hd_grace_ops *ops, void *ctx)
{
    size_t left = 0;

    for (size_t i = 0; i < n; i++) {
        if (!ops->is_up(ctx, list[i].guest))
            continue;
        if (hd_io_left_ms(list[i].until_ms))
            list[left++] = list[i];
        else
            ops->force(ctx, list[i].guest);
    }
    return left;
}

static uint64_t first_end(const struct hd_grace *list, size_t n)
{
    uint64_t first = list[0].until_ms;

    for (size_t i = 1; i < n; i++)
        if (list[i].until_ms < first)
            first = list[i].until_ms;
    return first;
}

void hd_grace_wait(struct hd_grace *list, size_t n,
                   const struct hd_grace_ops *ops, void *ctx)
{
    while ((n = still_up(list, n, ops, ctx)))
        if (ops->wait(ctx, first_end(list, n)))
            return;
}
