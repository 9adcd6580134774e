/* SPDX-License-Identifier: MIT */
/* Waits for guests that were asked to end, and says when who is asked again or
 * forced; never does it itself. */
#include "grace.h"

#include "../../pv-drivers/base/io.h"

static void remind(struct hd_grace *guest, const struct hd_grace_ops *ops,
                   void *ctx)
{
    if (hd_io_left_ms(guest->again_ms))
        return;
    ops->ask_again(ctx, guest->guest);
    guest->pause_ms *= 2;
    guest->again_ms = hd_io_now_ms() + guest->pause_ms;
}

/* Those who are up and have time left, in their order; gives their number. */
static size_t still_up(struct hd_grace *list, size_t n,
                       const struct hd_grace_ops *ops, void *ctx)
{
    size_t left = 0;

    for (size_t i = 0; i < n; i++) {
        if (!ops->is_up(ctx, list[i].guest))
            continue;
        if (!hd_io_left_ms(list[i].until_ms)) {
            ops->force(ctx, list[i].guest);
            continue;
        }
        remind(&list[i], ops, ctx);
        list[left++] = list[i];
    }
    return left;
}

static uint64_t next_turn(const struct hd_grace *list, size_t n)
{
    uint64_t first = UINT64_MAX;

    for (size_t i = 0; i < n; i++) {
        if (list[i].until_ms < first)
            first = list[i].until_ms;
        if (list[i].again_ms < first)
            first = list[i].again_ms;
    }
    return first;
}

void hd_grace_wait(struct hd_grace *list, size_t n,
                   const struct hd_grace_ops *ops, void *ctx)
{
    for (size_t i = 0; i < n; i++) {
        list[i].pause_ms = ops->again_ms;
        list[i].again_ms = hd_io_now_ms() + ops->again_ms;
    }
    while ((n = still_up(list, n, ops, ctx)))
        ops->wait(ctx, next_turn(list, n));
}
