/* SPDX-License-Identifier: MIT */
/* What one job works with: its request, the ledger, and the ways to Xen. */
#ifndef HD_RUN_CONTEXT_H
#define HD_RUN_CONTEXT_H

#include <pthread.h>
#include <stdbool.h>

#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/bus/xs.h"
#include "build.h"
#include "../domain/domain.h"
#include "job.h"

/* Filled in and owned by hotdom-job's main, or a lane of lanes.c; everything
 * else borrows it. */
struct hd_context {
    const struct hd_job_request *req;
    const struct hd_plan *plan; /* START */
    /* With lanes: who has it may use what they share, and libdevmapper, which
     * is for one thread; NULL: nobody else is there.  See hd_context_leave. */
    pthread_mutex_t *turn;
    struct hd_ledger *ledger; /* shared; NULL until the job has it */
    struct hd_toolstack *ts;  /* not while `build` is under way */
    struct hd_build build;
    struct hd_hypervisor *hv;
    struct hd_xs *xs;
    /* Domains whose end has begun and whose nodes are away (hd_domain_end). */
    struct hd_ended {
        uint32_t domid;
        bool rested;
    } ended[HD_MAX_GUESTS];
    size_t n_ended;
    /* START: shared; HD_MAX_LUKS, of the encrypted volumes that are not open
     * yet, by header. */
    struct hd_secret **keys;
};

/* Opens the ways to Xen that are not open yet, ahead of need: nothing comes in
 * on them. */
int hd_context_prepare(struct hd_context *ctx, struct hd_err *err);
/* Closes them, and waits for a build; what is shared stays. */
void hd_context_fini(struct hd_context *ctx);

/* Around what waits: another lane may go on.  A borrowed effect is not valid
 * behind it, for the ledger may have grown. */
void hd_context_leave(struct hd_context *ctx);
void hd_context_enter(struct hd_context *ctx);

/* A borrowed effect of the guest that is not undone, or NULL. */
const struct hd_effect *hd_context_domain(const struct hd_context *ctx,
                                          const char *guest);

/* The guests that the request is about and that have something left to undo,
 * the last one started first.  Gives their number. */
size_t hd_context_guests(const struct hd_context *ctx,
                         char names[HD_MAX_GUESTS][HD_NAME_SIZE]);

/* One report to hotdomd; `err` may be NULL.  A report that cannot be written is
 * lost: without hotdomd the job is killed anyway. */
void hd_context_report(enum hd_report_kind kind, const char *guest,
                       uint32_t domid, const struct hd_err *err);
void hd_context_report_detached(const char *guest, const char *device);
/* Adds to the phase the time since `*since_ms`, which is now then. */
void hd_context_count(struct hd_phases *phases, enum hd_step_kind kind,
                      uint64_t *since_ms);
void hd_context_report_phases(enum hd_report_kind kind, const char *guest,
                              uint32_t domid, const struct hd_phases *phases);

#endif
