/* SPDX-License-Identifier: MIT */
/* The guests of a plan, several side by side. */
#ifndef HD_RUN_LANES_H
#define HD_RUN_LANES_H

#include "context.h"

/* What is done for one guest, whose steps are [from, to) of the plan; `ctx` is
 * the lane's own and has the turn, now and when this returns.  `behind` names a
 * guest that it is after and for which this has failed; else NULL.  0 or -1. */
typedef int hd_lane_fn(struct hd_context *ctx, uint32_t from, uint32_t to,
                       const char *behind, void *arg);

/* Calls `fn` once for each guest of ctx->plan, for up to `n` at a time: a
 * thread each, with ways to Xen of its own.  They begin in the plan's order,
 * and one that is after others when it is done for all of these that the plan
 * has.  A lane that cannot be opened leaves its work to the others; the first
 * is `ctx` itself.  Returns when all are done. */
void hd_lanes_run(struct hd_context *ctx, uint32_t n, hd_lane_fn *fn,
                  void *arg);

#endif
