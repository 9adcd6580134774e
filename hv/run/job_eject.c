/* SPDX-License-Identifier: MIT */
/* Ends the guests of a store in order; destroys only who outlives the grace
 * time, never drops what a guest has written. */
#include "jobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../pv-drivers/base/io.h"
#include "../domain/grace.h"
#include "host_disk.h"
#include "../domain/shutdown.h"
#include "undo.h"
#include "volume.h"

/* Watch events are lost with xenstored; Xen is asked again after this. */
#define LOOK_MS 1000

static void ask(struct hd_context *ctx, const char *guest)
{
    const struct hd_effect *e = hd_context_domain(ctx, guest);
    struct hd_domain_status status;

    if (!e || hd_undo_find(ctx, e, &status, NULL))
        return;
    hd_context_report(HD_REPORT_EJECTING, guest, status.domid, NULL);
    /* A guest that cannot be asked is destroyed in the end. */
    if (e->running &&
        (status.state == HD_DOMAIN_RUNNING || status.state == HD_DOMAIN_PAUSED))
        (void)hd_shutdown_order(ctx->xs, status.domid, "poweroff", NULL);
    if (e->running && status.state == HD_DOMAIN_PAUSED)
        (void)hd_domain_unpause(ctx->hv, status.domid, NULL);
}

static bool is_up(void *arg, const char *guest)
{
    struct hd_context *ctx = arg;
    const struct hd_effect *e = hd_context_domain(ctx, guest);
    struct hd_domain_status status;

    if (!e || !e->running || hd_undo_find(ctx, e, &status, NULL))
        return false;
    return status.state == HD_DOMAIN_RUNNING ||
           status.state == HD_DOMAIN_PAUSED;
}

/* Those that end together. */
struct rank {
    size_t n;
    struct hd_grace guests[HD_MAX_GUESTS];
};

static const struct hd_job_end *end_of(const struct hd_job_request *req,
                                       const char *guest)
{
    static const struct hd_job_end unknown = {.grace_ms = HD_JOB_UNKNOWN_MS};

    for (uint32_t i = 0; i < req->n_ends; i++)
        if (!strcmp(req->ends[i].guest, guest))
            return &req->ends[i];
    return &unknown;
}

static void force(void *ctx, const char *guest)
{
    hd_undo_begin(ctx, &guest, 1);
}

/* libxl_create.c writes when it has built a domain. */
static bool is_young(struct hd_context *ctx, const struct hd_uuid *uuid)
{
    char id[HD_UUID_SIZE], path[HD_UUID_SIZE + 24], text[32];
    time_t begun, now = time(NULL);

    hd_uuid_format(uuid, id);
    snprintf(path, sizeof(path), "/vm/%s/start_time", id);
    if (hd_xs_read(ctx->xs, path, text, sizeof(text), NULL) <= 0)
        return false;
    begun = (time_t)strtoull(text, NULL, 10);
    return begun <= now && now - begun < HD_JOB_YOUNG_MS / 1000;
}

/* Linux takes the order off its node before it does what it says, for which it
 * runs a program that a guest in the midst of its boot may not have yet.  Who
 * was up by then is not asked twice: some programs take a second order for one
 * to be quick. */
static void ask_again(void *arg, const char *guest)
{
    struct hd_context *ctx = arg;
    const struct hd_effect *e = hd_context_domain(ctx, guest);
    struct hd_domain_status status;

    if (!e || hd_undo_find(ctx, e, &status, NULL) ||
        status.state != HD_DOMAIN_RUNNING || !is_young(ctx, &status.uuid))
        return;
    if (hd_shutdown_is_taken(ctx->xs, status.domid))
        (void)hd_shutdown_order(ctx->xs, status.domid, "poweroff", NULL);
}

/* Xen tells who is up, and still does when xenstored has gone: nobody is
 * destroyed before the grace time for that. */
static void wait_for_one(void *arg, uint64_t until_ms)
{
    struct hd_context *ctx = arg;

    hd_xs_rest(ctx->xs, hd_io_within_ms(LOOK_MS, until_ms));
}

static void shut_down(struct hd_context *ctx, const struct rank *rank)
{
    static const struct hd_grace_ops ops = {is_up, ask_again, force,
                                            wait_for_one, HD_JOB_ASK_MS};
    const struct hd_job_request *req = ctx->req;
    struct rank up = *rank;

    for (size_t i = 0; i < up.n; i++) {
        struct hd_grace *grace = &up.guests[i];

        ask(ctx, grace->guest);
        grace->until_ms = hd_io_within_ms(end_of(req, grace->guest)->grace_ms,
                                          req->deadline_ms);
    }
    hd_grace_wait(up.guests, up.n, &ops, ctx);
}

static void begin_end(struct hd_context *ctx, const struct rank *rank)
{
    const char *guests[HD_MAX_GUESTS] = {0};

    for (size_t i = 0; i < rank->n; i++)
        guests[i] = rank->guests[i].guest;
    hd_undo_begin(ctx, guests, rank->n);
}

/* The last ranks first; who outlives its grace time does not see those end that
 * it is after. */
static void shut_down_all(struct hd_context *ctx,
                          char guests[HD_MAX_GUESTS][HD_NAME_SIZE], size_t n)
{
    struct rank ranks[HD_MAX_GUESTS];

    for (uint32_t r = 0; r < HD_MAX_GUESTS; r++)
        ranks[r].n = 0;
    for (size_t i = 0; i < n; i++) {
        struct rank *rank = &ranks[end_of(ctx->req, guests[i])->rank];

        rank->guests[rank->n++].guest = guests[i];
    }
    for (uint32_t r = HD_MAX_GUESTS; r-- > 0;) {
        shut_down(ctx, &ranks[r]);
        if (r)
            begin_end(ctx, &ranks[r]);
    }
}

static int flush(struct hd_context *ctx, const char *guest, struct hd_err *err)
{
    size_t n;
    const struct hd_effect *e = hd_ledger_effects(ctx->ledger, &n);
    int rc = 0;

    for (size_t i = 0; i < n; i++)
        if (e[i].kind == HD_EFFECT_DM && !e[i].undone &&
            !strcmp(e[i].guest, guest) &&
            /* Who pulls a stick of the host's knows that; it is not the
             * store's, which must not be called safe for it. */
            !hd_host_disk_pulled(e[i].value) &&
            hd_volume_flush(e[i].value, err))
            rc = -1;
    return rc;
}

/* All of it whatever happens, so that as little as may be is left. */
static int end(struct hd_context *ctx, const char *guest, struct hd_err *err)
{
    struct hd_err ignored;
    int rc = hd_undo(ctx, guest, HD_EFFECT_DOMAIN, err);

    if (flush(ctx, guest, rc ? &ignored : err))
        rc = -1;
    if (hd_undo_guest(ctx, guest, rc ? &ignored : err))
        rc = -1;
    return rc;
}

int hd_job_eject(struct hd_context *ctx, struct hd_err *err)
{
    char guests[HD_MAX_GUESTS][HD_NAME_SIZE];
    int rc = hd_job_resume(ctx, err);
    size_t n;

    if (rc <= 0)
        return rc;
    /* Without it Xen is asked every LOOK_MS. */
    (void)hd_xs_watch(ctx->xs, "@releaseDomain", "ended", NULL);
    n = hd_context_guests(ctx, guests);
    shut_down_all(ctx, guests, n);
    return hd_job_finish(ctx, guests, n, end, err);
}
