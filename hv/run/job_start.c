/* SPDX-License-Identifier: MIT */
/* Starts the guests of a store: authenticate, then step by step; never leaves
 * half a guest. */
#include "jobs.h"

#include <string.h>
#include <sys/mman.h>

#include "../../pv-drivers/base/io.h"
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
                    struct hd_phases *phases, struct hd_err *err)
{
    const struct hd_step *steps = ctx->plan->steps;
    uint64_t since = hd_io_now_ms();

    for (uint32_t i = from; i < to;) {
        uint32_t n = hd_attach_count(&steps[i], to - i);

        if (n ? hd_attach(ctx, &steps[i], n, err)
              : hd_step_do(ctx, &steps[i], err))
            return -1;
        hd_context_count(phases, steps[i].kind, &since);
        i += n ? n : 1;
    }
    return 0;
}

/* Lets libxl finish, and tells it of the devices among those steps. */
static int settle(struct hd_context *ctx, uint32_t from, uint32_t to,
                  struct hd_err *err)
{
    const struct hd_step *steps = &ctx->plan->steps[from];
    const struct hd_effect *domain = hd_context_domain(ctx, steps->guest);
    uint32_t domid = domain ? (uint32_t)domain->domid : 0;
    int rc;

    hd_context_leave(ctx);
    rc = hd_domain_settle(ctx->ts, domid, steps, to - from, err);
    hd_context_enter(ctx);
    return rc;
}

/* libxl is let finish when the guest runs already. */
static int start_guest(struct hd_context *ctx, uint32_t from, uint32_t to,
                       struct hd_err *err)
{
    const char *guest = ctx->plan->steps[from].guest;
    const struct hd_effect *domain;
    struct hd_phases phases = {0};
    struct hd_err built;

    hd_context_report(HD_REPORT_BUILDING, guest, 0, NULL);
    if (do_steps(ctx, from, to, &phases, err)) {
        /* A domain that could not be built fails its devices as well. */
        if (hd_build_end(ctx, &built) && err)
            *err = built;
        return -1;
    }
    domain = hd_context_domain(ctx, guest);
    if (!domain || !domain->running)
        return hd_fail(err, HD_E_FAILED, "the plan does not start guest %s",
                       guest);
    hd_context_report_phases(HD_REPORT_RUNNING, guest, (uint32_t)domain->domid,
                             &phases);
    return settle(ctx, from, to, err);
}

/* What cannot be undone stays in the ledger and is said with why. */
static void give_up(struct hd_context *ctx, const char *guest,
                    struct hd_err *why)
{
    struct hd_err left = {0};

    (void)hd_build_end(ctx, NULL);
    (void)settle(ctx, 0, 0, NULL);
    if (hd_undo_guest(ctx, guest, &left)) {
        hd_wrap(why, "%s, behind", left.msg);
        why->code = left.code;
    }
    hd_context_report(HD_REPORT_FAILED, guest, 0, why);
}

/* Of those that were built ahead: who is not in the plan, since the user wants
 * others, or is not there any more, goes. */
static bool is_to_go(struct hd_context *ctx, const char *guest)
{
    const struct hd_effect *e = hd_context_domain(ctx, guest);
    struct hd_domain_status status;

    if (!e || hd_undo_find(ctx, e, &status, NULL) ||
        status.state != HD_DOMAIN_PAUSED)
        return true;
    for (uint32_t i = 0; i < ctx->plan->n_steps; i++)
        if (!strcmp(ctx->plan->steps[i].guest, guest))
            return false;
    return true;
}

static int sort_out(struct hd_context *ctx, struct hd_err *err)
{
    char guests[HD_MAX_GUESTS][HD_NAME_SIZE];
    size_t n = hd_context_guests(ctx, guests);

    for (size_t i = 0; i < n; i++)
        if (is_to_go(ctx, guests[i]) && hd_undo_guest(ctx, guests[i], err))
            return -1;
    return 0;
}

static int open_built(struct hd_context *ctx, struct hd_err *err)
{
    int rc = hd_job_resume(ctx, err);

    return rc ? (rc < 0 ? -1 : 0)
              : hd_fail(err, HD_E_FAILED, "what was built ahead is gone");
}

/* The ledger, new or as a BUILD has left it, and the ways to Xen. */
static int prepare(struct hd_context *ctx, struct hd_err *err)
{
    const struct hd_job_request *req = ctx->req;

    /* Who looks for leftovers holds it for a moment. */
    if (req->built
            ? open_built(ctx, err)
            : hd_ledger_create(HD_LEDGER_DIR, &req->head, &ctx->ledger, err))
        return -1;
    lock_no_more();
    return 0;
}

/* Paused, without a device; a START goes on with it. */
static int build_guest(struct hd_context *ctx, uint32_t from, uint32_t to,
                       struct hd_err *err)
{
    struct hd_phases phases = {0}; /* nobody waits for it */

    if (do_steps(ctx, from, to, &phases, err) || hd_build_end(ctx, err) ||
        settle(ctx, from, from, err))
        return -1;
    hd_context_report(HD_REPORT_BUILT, ctx->plan->steps[from].guest, 0, NULL);
    return 0;
}

typedef int guest_fn(struct hd_context *ctx, uint32_t from, uint32_t to,
                     struct hd_err *err);

struct outcome {
    guest_fn *fn;
    uint32_t good;
    struct hd_err first; /* failure */
};

static int lead_one(struct hd_context *ctx, uint32_t from, uint32_t to,
                    const char *behind, void *arg)
{
    const char *guest = ctx->plan->steps[from].guest;
    struct outcome *outcome = arg;
    struct hd_err why = {0};

    if (behind) {
        hd_fail(&why, HD_E_DEPENDENCY,
                "guest %s is after %s, which did not start", guest, behind);
    } else if (!outcome->fn(ctx, from, to, &why)) {
        outcome->good++;
        return 0;
    }
    give_up(ctx, guest, &why);
    if (!outcome->first.code)
        outcome->first = why;
    return -1;
}

/* All guests; fails when it does with all. */
static int lead(struct hd_context *ctx, guest_fn *fn, struct hd_err *err)
{
    struct outcome outcome = {.fn = fn};
    struct hd_err ignored;
    bool empty;
    int rc =
        hd_context_prepare(ctx, err) || (ctx->req->built && sort_out(ctx, err));

    if (!rc)
        hd_lanes_run(ctx, ctx->req->parallel, lead_one, &outcome);
    if (!outcome.good && outcome.first.code) {
        rc = -1;
        if (err)
            *err = outcome.first;
    }
    if (hd_ledger_close(ctx->ledger, &empty, rc ? &ignored : err))
        return -1;
    return rc ? -1 : 0;
}

int hd_job_start(struct hd_context *ctx, struct hd_err *err)
{
    return authenticate(ctx, err) || prepare(ctx, err)
               ? -1
               : lead(ctx, start_guest, err);
}

int hd_job_build(struct hd_context *ctx, struct hd_err *err)
{
    return prepare(ctx, err) ? -1 : lead(ctx, build_guest, err);
}

/* A device of the plan's that it had not given back when it ended. */
static int forget_leaving(struct hd_context *ctx, const char *guest,
                          struct hd_err *err)
{
    size_t n;
    const struct hd_effect *e = hd_ledger_effects(ctx->ledger, &n);

    for (size_t i = 0; i < n; i++)
        if (e[i].kind == HD_EFFECT_LEAVING && !e[i].undone &&
            !strcmp(e[i].guest, guest) &&
            hd_ledger_undone(ctx->ledger, e[i].seq, err))
            return -1;
    return 0;
}

int hd_job_restart(struct hd_context *ctx, struct hd_err *err)
{
    const char *guest = ctx->req->guest;
    struct hd_err why = {0};
    int rc = hd_job_resume(ctx, err);
    bool empty;

    if (rc <= 0)
        return rc ? rc
                  : hd_fail(err, HD_E_NO_GUEST, "nothing is left of guest %s",
                            guest);
    lock_no_more();
    /* What it was given while it ran is not in the plan. */
    rc = hd_undo(ctx, guest, HD_EFFECT_DOMAIN, &why) ||
                 hd_undo(ctx, guest, HD_EFFECT_DEVICE, &why) ||
                 forget_leaving(ctx, guest, &why) ||
                 start_guest(ctx, 0, ctx->plan->n_steps, &why)
             ? -1
             : 0;
    if (rc) {
        give_up(ctx, guest, &why);
        if (err)
            *err = why;
    }
    return hd_ledger_close(ctx->ledger, &empty, rc ? NULL : err) ? -1 : rc;
}
