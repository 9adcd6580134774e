/* SPDX-License-Identifier: MIT */
/* Performs one step of a plan, none of hd_attach's; its effect is in the ledger
 * first. */
#ifndef HD_RUN_STEP_H
#define HD_RUN_STEP_H

#include "context.h"

/* On failure the step may be half done: hd_undo_guest takes it back. */
int hd_step_do(struct hd_context *ctx, const struct hd_step *step,
               struct hd_err *err);

#endif
