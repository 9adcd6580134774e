/* SPDX-License-Identifier: MIT */
/* Ends the guests of a store whose plug was pulled, or that a killed job left;
 * never waits for the medium. */
#include "jobs.h"

#include <pthread.h>
#include <stdlib.h>
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

/* What is beside the end of the domains: it has libdevmapper to itself, and
 * nothing of the ledger's, which others write to meanwhile. */
struct fencing {
    char (*volumes)[HD_LEDGER_VALUE]; /* owned */
    size_t n;
    const char *guest; /* of the report */
    pthread_t thread;
    int rc;
    struct hd_err err;
};

/* Those of the guests that stand still. */
static int note_volumes(struct fencing *f, const struct hd_ledger *ledger,
                        char guests[HD_MAX_GUESTS][HD_NAME_SIZE], size_t n,
                        struct hd_err *err)
{
    size_t n_effects;
    const struct hd_effect *e = hd_ledger_effects(ledger, &n_effects);

    f->volumes = calloc(n_effects + 1, sizeof(*f->volumes));
    if (!f->volumes)
        return hd_fail_errno(err, HD_E_FAILED, "fence volumes");
    for (size_t i = 0; i < n_effects; i++)
        for (size_t k = 0; k < n; k++)
            if (e[i].kind == HD_EFFECT_DM && !e[i].undone &&
                !strcmp(e[i].guest, guests[k]))
                strcpy(f->volumes[f->n++], e[i].value);
    return 0;
}

static void *fence(void *arg)
{
    struct fencing *f = arg;
    struct hd_err ignored;

    for (size_t i = 0; i < f->n; i++)
        if (hd_volume_fence(f->volumes[i], f->rc ? &ignored : &f->err))
            f->rc = -1;
    if (!f->rc)
        hd_context_report(HD_REPORT_FENCED, f->guest, 0, NULL);
    return NULL;
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

/* Who stands still does not see which of both is first: each takes tens of
 * milliseconds, the one in the kernel, the other in Xen and in xenstored. */
static int fence_and_end(struct hd_context *ctx, struct fencing *f,
                         char ending[HD_MAX_GUESTS][HD_NAME_SIZE], size_t n,
                         struct hd_err *err)
{
    const char *names[HD_MAX_GUESTS] = {0};
    bool beside = !pthread_create(&f->thread, NULL, fence, f);

    for (size_t i = 0; i < n; i++)
        names[i] = ending[i];
    if (!beside)
        (void)fence(f);
    hd_undo_begin(ctx, names, n);
    if (beside)
        pthread_join(f->thread, NULL);
    if (f->rc && err)
        *err = f->err;
    return f->rc;
}

int hd_job_yank(struct hd_context *ctx, struct hd_err *err)
{
    char guests[HD_MAX_GUESTS][HD_NAME_SIZE];
    struct fencing fencing = {.guest = ctx->req->guest};
    uint32_t domids[HD_MAX_GUESTS];
    struct hd_err ignored;
    int rc = hd_job_resume(ctx, err);
    size_t n;

    if (rc <= 0)
        return rc;
    n = hd_context_guests(ctx, guests);
    pause_all(ctx, domids, domids_of(ctx, guests, n, domids));
    rc = note_volumes(&fencing, ctx->ledger, guests, n, err);
    n = leave_kept(ctx->req, guests, n);
    if (!rc)
        rc = fence_and_end(ctx, &fencing, guests, n, err);
    free(fencing.volumes);
    if (hd_job_finish(ctx, guests, n, hd_undo_guest, rc ? &ignored : err))
        rc = -1;
    return rc;
}
