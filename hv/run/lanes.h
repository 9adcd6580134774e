/* SPDX-License-Identifier: MIT */
/* The guests of a plan, several side by side. */
#ifndef HD_RUN_LANES_H
#define HD_RUN_LANES_H

#include "context.h"

/* What is done for one guest, whose steps are [from, to) of the plan; `ctx` is
 * the lane's own and has the turn, now and when this returns. */
typedef void hd_lane_fn(struct hd_context *ctx, uint32_t from, uint32_t to,
                        void *arg);

/* Calls `fn` once for each guest of ctx->plan, in the plan's order, for up to
 * `n` at a time: a thread each, with ways to Xen of its own.  A lane that
 * cannot be opened leaves its work to the others; the first is `ctx` itself.
 * Returns when all are done. */
void hd_lanes_run(struct hd_context *ctx, uint32_t n, hd_lane_fn *fn,
                  void *arg);

#endif
