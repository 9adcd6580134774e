/* SPDX-License-Identifier: MIT */
/* Guests that were asked to end, each with its own grace time. */
#ifndef HD_DOMAIN_GRACE_H
#define HD_DOMAIN_GRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hd_grace {
    const char *guest; /* borrowed */
    uint64_t until_ms; /* CLOCK_MONOTONIC, see pv-drivers/base/io.h */
    /* hd_grace_wait's own. */
    uint64_t again_ms;
    uint32_t pause_ms;
};

struct hd_grace_ops {
    bool (*is_up)(void *ctx, const char *guest);
    /* It is still up: a guest that was asked too early in its boot has not
     * heard, or could not do it yet. */
    void (*ask_again)(void *ctx, const char *guest);
    /* Its time is over; called once. */
    void (*force)(void *ctx, const char *guest);
    /* Until one may have ended, or that time. */
    void (*wait)(void *ctx, uint64_t until_ms);
    uint32_t again_ms; /* until the first ask_again; then twice that, and on */
};

/* Blocks until each of the `n` guests has ended or outlived its own time, no
 * matter what the others have; `list` is used up. */
void hd_grace_wait(struct hd_grace *list, size_t n,
                   const struct hd_grace_ops *ops, void *ctx);

#endif
