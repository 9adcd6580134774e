/* SPDX-License-Identifier: MIT */
/* Ends the guests of a store whose plug was pulled, or that a killed job left;
 * never waits for the medium. */
#include "jobs.h"

#include <string.h>
#include <time.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/paths.h"
#include "undo.h"
#include "volume.h"

#define PAUSE_NS 10000000

int hd_job_resume(struct hd_context *ctx, struct hd_err *err)
{
    static const struct timespec pause = {.tv_nsec = PAUSE_NS};
    struct hd_err why;

    while (
        hd_ledger_open(HD_LEDGER_DIR, &ctx->req->store, &ctx->ledger, &why)) {
        if (why.code == HD_E_NO_STORE)
            return 0;
        if (why.code != HD_E_BUSY || !hd_io_left_ms(ctx->req->deadline_ms)) {
            if (err)
                *err = why;
            return -1;
        }
        nanosleep(&pause, NULL);
    }
    return hd_context_prepare(ctx, err) ? -1 : 1;
}

/* The domids of the guests' domains that are there. */
static size_t domids_of(struct hd_context *ctx,
                        char guests[HD_MAX_GUESTS][HD_NAME_SIZE], size_t n,
                        uint32_t domids[HD_MAX_GUESTS])
{
    size_t used = 0;

    for (size_t i = 0; i < n; i++) {
        const struct hd_effect *e = hd_context_domain(ctx, guests[i]);
        struct hd_domain_status status;

        if (e && !hd_undo_find(ctx, e, &status, NULL) &&
            status.state != HD_DOMAIN_GONE)
            domids[used++] = status.domid;
    }
    return used;
}

/* Pauses first, so that no guest makes a flood of errors, or sees one. */
static void pause_all(struct hd_context *ctx, const uint32_t *domids, size_t n)
{
    for (size_t i = 0; i < n; i++)
        (void)hd_domain_pause(ctx->hv, domids[i], NULL);
}

/* After a YANK, which fences first, that is the end of it: another try may be
 * made later, and nobody waits for it. */
static int end_one(struct hd_context *ctx, const char *guest,
                   hd_job_end_fn *end, struct hd_err *err)
{
    struct hd_err why = {0};

    if (!end(ctx, guest, &why)) {
        hd_context_report(HD_REPORT_GONE, guest, 0, NULL);
        return 0;
    }
    if (why.code == HD_E_QUARANTINED && ctx->req->op == HD_JOB_YANK) {
        hd_context_report(HD_REPORT_QUARANTINED, guest, 0, &why);
        return 0;
    }
    if (err)
        *err = why;
    return -1;
}

int hd_job_finish(struct hd_context *ctx,
                  char guests[HD_MAX_GUESTS][HD_NAME_SIZE], size_t n,
                  hd_job_end_fn *end, struct hd_err *err)
{
    const char *all[HD_MAX_GUESTS] = {0};
    struct hd_err ignored;
    bool empty;
    int rc = 0;

    for (size_t i = 0; i < n; i++)
        all[i] = guests[i];
    hd_undo_begin(ctx, all, n);
    for (size_t i = 0; i < n; i++)
        if (end_one(ctx, guests[i], end, rc ? &ignored : err))
            rc = -1;
    if (hd_ledger_close(ctx->ledger, &empty, rc ? &ignored : err))
        rc = -1;
    return rc;
}

static int fence_guest(struct hd_context *ctx, const char *guest,
                       struct hd_err *err)
{
    size_t n;
    const struct hd_effect *e = hd_ledger_effects(ctx->ledger, &n);
    int rc = 0;

    for (size_t i = 0; i < n; i++)
        if (e[i].kind == HD_EFFECT_DM && !e[i].undone &&
            !strcmp(e[i].guest, guest) && hd_volume_fence(e[i].value, err))
            rc = -1;
    return rc;
}

static bool is_kept(const struct hd_job_request *req, const char *guest)
{
    for (uint32_t i = 0; i < req->n_kept; i++)
        if (!strcmp(req->kept[i].name, guest))
            return true;
    return false;
}

/* Those that are not kept, which a later YANK ends; gives their number. */
static size_t leave_kept(const struct hd_job_request *req,
                         char guests[HD_MAX_GUESTS][HD_NAME_SIZE], size_t n)
{
    size_t left = 0;

    for (size_t i = 0; i < n; i++)
        if (!is_kept(req, guests[i]) && left++ != i)
            strcpy(guests[left - 1], guests[i]);
    return left;
}

int hd_job_yank(struct hd_context *ctx, struct hd_err *err)
{
    char guests[HD_MAX_GUESTS][HD_NAME_SIZE];
    uint32_t domids[HD_MAX_GUESTS];
    struct hd_err ignored;
    int rc = hd_job_resume(ctx, err);
    size_t n;

    if (rc <= 0)
        return rc;
    n = hd_context_guests(ctx, guests);
    pause_all(ctx, domids, domids_of(ctx, guests, n, domids));
    rc = 0;
    for (size_t i = 0; i < n; i++)
        if (fence_guest(ctx, guests[i], rc ? &ignored : err))
            rc = -1;
    if (!rc)
        hd_context_report(HD_REPORT_FENCED, ctx->req->guest, 0, NULL);
    n = leave_kept(ctx->req, guests, n);
    if (hd_job_finish(ctx, guests, n, hd_undo_guest, rc ? &ignored : err))
        rc = -1;
    return rc;
}
