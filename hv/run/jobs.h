/* SPDX-License-Identifier: MIT */
/* The things that hotdom-job does; each takes over the whole of it. */
#ifndef HD_RUN_JOBS_H
#define HD_RUN_JOBS_H

#include "context.h"

/* `ctx` holds request and plan, and nothing else yet.  They report as they go
 * on; the caller reports HD_REPORT_DONE with `err`, and frees `ctx`. */

/* Authenticates, then starts the guests, some side by side.  Fails when none
 * runs; nothing is left of a guest that does not. */
int hd_job_start(struct hd_context *ctx, struct hd_err *err);
/* Builds domains that a START will find in the ledger, and give devices to.
 * Fails when none could be built; nothing is left of one that could not. */
int hd_job_build(struct hd_context *ctx, struct hd_err *err);
/* Ends what is left of the guest's domain, and starts it again with the volumes
 * that it had; when that fails, all of it goes. */
int hd_job_restart(struct hd_context *ctx, struct hd_err *err);
/* Asks the guests to shut down, waits, and undoes; fails when what they wrote
 * may not be on the medium, or something is left. */
int hd_job_eject(struct hd_context *ctx, struct hd_err *err);
/* Ends the guests without asking, safe with a medium that does not answer. */
int hd_job_yank(struct hd_context *ctx, struct hd_err *err);

/* Writes the memory of a guest that is paused to its file, as a core.  Of one
 * that the request keeps, behind a pull, the ledger is held meanwhile, and its
 * end waits. */
int hd_job_dump(struct hd_context *ctx, struct hd_err *err);

/* Opens the acting user's keyslot, then changes users on the medium. */
int hd_job_keys(struct hd_context *ctx, struct hd_err *err);

/* Gives a running guest one device, both ends connected, or leaves nothing of
 * it. */
int hd_job_attach(struct hd_context *ctx, struct hd_err *err);
/* The domain of a guest; HD_E_NO_GUEST when it does not run. */
int hd_job_find_running(struct hd_context *ctx, const char *guest,
                        uint32_t *ret_domid, struct hd_err *err);
/* Takes one from it, or lets it keep it whole: HD_E_BUSY. */
int hd_job_detach(struct hd_context *ctx, struct hd_err *err);

/* For all that finds a ledger: 1 with ctx->ledger and Xen open, 0: nothing is
 * to undo, -1. Waits for what a killed job's children still hold. */
int hd_job_resume(struct hd_context *ctx, struct hd_err *err);
/* Their end: `end` for each guest, whatever became of the one before, then the
 * ledger.  The first error is kept. */
typedef int hd_job_end_fn(struct hd_context *ctx, const char *guest,
                          struct hd_err *err);
int hd_job_finish(struct hd_context *ctx,
                  char guests[HD_MAX_GUESTS][HD_NAME_SIZE], size_t n,
                  hd_job_end_fn *end, struct hd_err *err);

#endif
