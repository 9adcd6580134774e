/* SPDX-License-Identifier: MIT */
/* Starts the guests of a store: authenticate, then step by step; never leaves
 * half a guest. */
#include "jobs.h"

#include <string.h>
#include <sys/mman.h>

#include "../../pv-drivers/base/paths.h"
#include "../host/tries.h"
#include "attach.h"
#include "lanes.h"
#include "step.h"
#include "undo.h"
#include "unlock.h"

struct attempt {
    struct hd_context *ctx;
    const struct hd_secret *password;
};

static int check(void *arg, struct hd_err *err)
{
    const struct attempt *attempt = arg;
    struct hd_context *ctx = attempt->ctx;

    return hd_unlock(ctx->req, ctx->plan, HD_JOB_FILES + (int)ctx->req->n_files,
                     attempt->password, ctx->keys, err);
}

/* All that a password opens, before the host changes. */
static int authenticate(struct hd_context *ctx, struct hd_err *err)
{
    const struct hd_job_request *req = ctx->req;
    hd_auto(hd_secret) password = NULL;
    struct attempt attempt = {.ctx = ctx};

    if (req->ask == HD_ASK_NOTHING)
        return check(&attempt, err);
    if (hd_unlock_read(HD_JOB_PASSWORD, &password, err))
        return -1;
    attempt.password = password;
    if (hd_tries_check(HD_TRIES_DIR, &req->store, check, &attempt, err))
        return -1;
    hd_context_report(HD_REPORT_UNLOCKED, "", 0, NULL);
    return 0;
}

/* What a password opened stays in memory that is locked by now.  What is mapped
 * from here on are kernels and the memory of guests, which need not be: locking
 * it page by page takes longer than copying it. */
static void lock_no_more(void)
{
    (void)mlockall(MCL_CURRENT | MCL_ONFAULT);
}

/* Steps [from, to) are one guest's. */
static int do_steps(struct hd_context *ctx, uint32_t from, uint32_t to,
                    struct hd_err *err)
{
    const struct hd_step *steps = ctx->plan->steps;

    for (uint32_t i = from; i < to;) {
        uint32_t n = hd_attach_count(&steps[i], to - i);

        if (n ? hd_attach(ctx, &steps[i], n, err)
              : hd_step_do(ctx, &steps[i], err))
            return -1;
        i += n ? n : 1;
    }
    return 0;
}

/* libxl is let finish when the guest runs already. */
static int start_guest(struct hd_context *ctx, uint32_t from, uint32_t to,
                       struct hd_err *err)
{
    const char *guest = ctx->plan->steps[from].guest;
    const struct hd_effect *domain;
    struct hd_err built;
    uint32_t domid;
    int rc;

    hd_context_report(HD_REPORT_BUILDING, guest, 0, NULL);
    if (do_steps(ctx, from, to, err)) {
        /* A domain that could not be built fails its devices as well. */
        if (hd_build_end(ctx, &built) && err)
            *err = built;
        return -1;
    }
    domain = hd_context_domain(ctx, guest);
    if (!domain || !domain->running)
        return hd_fail(err, HD_E_FAILED, "the plan does not start guest %s",
                       guest);
    domid = (uint32_t)domain->domid;
    hd_context_report(HD_REPORT_RUNNING, guest, domid, NULL);
    hd_context_leave(ctx);
    rc = hd_domain_settle(ctx->ts, domid, &ctx->plan->steps[from], to - from,
                          err);
    hd_context_enter(ctx);
    return rc;
}

/* What cannot be undone stays in the ledger and is said with why. */
static void give_up(struct hd_context *ctx, const char *guest,
                    struct hd_err *why)
{
    struct hd_err left = {0};

    (void)hd_build_end(ctx, NULL);
    hd_context_leave(ctx);
    (void)hd_domain_settle(ctx->ts, 0, NULL, 0, NULL);
    hd_context_enter(ctx);
    if (hd_undo_guest(ctx, guest, &left)) {
        hd_wrap(why, "%s, behind", left.msg);
        why->code = left.code;
    }
    hd_context_report(HD_REPORT_FAILED, guest, 0, why);
}

struct outcome {
    uint32_t running;
    struct hd_err first; /* failure */
};

static void start_one(struct hd_context *ctx, uint32_t from, uint32_t to,
                      void *arg)
{
    struct outcome *outcome = arg;
    struct hd_err why = {0};

    if (!start_guest(ctx, from, to, &why)) {
        outcome->running++;
        return;
    }
    give_up(ctx, ctx->plan->steps[from].guest, &why);
    if (!outcome->first.code)
        outcome->first = why;
}

static int start_all(struct hd_context *ctx, struct hd_err *err)
{
    struct outcome outcome = {0};

    hd_lanes_run(ctx, ctx->req->parallel, start_one, &outcome);
    if (outcome.running || !outcome.first.code)
        return 0;
    if (err)
        *err = outcome.first;
    return -1;
}

int hd_job_start(struct hd_context *ctx, struct hd_err *err)
{
    struct hd_err ignored;
    bool empty;
    int rc;

    if (authenticate(ctx, err) ||
        hd_ledger_create(HD_LEDGER_DIR, &ctx->req->head, &ctx->ledger, err))
        return -1;
    lock_no_more();
    rc = hd_context_prepare(ctx, err) || start_all(ctx, err);
    if (hd_ledger_close(ctx->ledger, &empty, rc ? &ignored : err))
        return -1;
    return rc ? -1 : 0;
}
