/* SPDX-License-Identifier: MIT */
/* What one job works with; never changes the host. */
#include "context.h"

#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"

static void send(struct hd_job_report *report, const char *guest)
{
    snprintf(report->guest, sizeof(report->guest), "%s", guest);
    (void)hd_io_write(HD_JOB_SOCK, report, sizeof(*report), NULL);
}

static bool wanted(const struct hd_context *ctx, const char *guest)
{
    return !ctx->req->guest[0] || !strcmp(ctx->req->guest, guest);
}

static bool listed(char names[HD_MAX_GUESTS][HD_NAME_SIZE], size_t n,
                   const char *guest)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(names[i], guest))
            return true;
    return false;
}

int hd_context_prepare(struct hd_context *ctx, struct hd_err *err)
{
    if ((!ctx->ts && hd_toolstack_open(&ctx->ts, err)) ||
        (!ctx->hv && hd_hypervisor_open(&ctx->hv, err)) ||
        (!ctx->xs && hd_xs_open(&ctx->xs, err)) || hd_xs_warm(ctx->xs, err))
        return -1;
    return 0;
}

void hd_context_fini(struct hd_context *ctx)
{
    (void)hd_build_end(ctx, NULL);
    hd_xs_free(ctx->xs);
    hd_hypervisor_free(ctx->hv);
    hd_toolstack_free(ctx->ts);
    *ctx = (struct hd_context){0};
}

void hd_context_leave(struct hd_context *ctx)
{
    if (ctx->turn)
        pthread_mutex_unlock(ctx->turn);
}

void hd_context_enter(struct hd_context *ctx)
{
    if (ctx->turn)
        pthread_mutex_lock(ctx->turn);
}

const struct hd_effect *hd_context_domain(const struct hd_context *ctx,
                                          const char *guest)
{
    size_t n;
    const struct hd_effect *e = hd_ledger_effects(ctx->ledger, &n);

    for (size_t i = 0; i < n; i++)
        if (e[i].kind == HD_EFFECT_DOMAIN && !e[i].undone &&
            !strcmp(e[i].guest, guest))
            return &e[i];
    return NULL;
}

size_t hd_context_guests(const struct hd_context *ctx,
                         char names[HD_MAX_GUESTS][HD_NAME_SIZE])
{
    size_t n, used = 0;
    const struct hd_effect *e = hd_ledger_effects(ctx->ledger, &n);

    while (n-- > 0 && used < HD_MAX_GUESTS) {
        if (e[n].undone || !wanted(ctx, e[n].guest) ||
            listed(names, used, e[n].guest))
            continue;
        strcpy(names[used++], e[n].guest);
    }
    return used;
}

void hd_context_report(enum hd_report_kind kind, const char *guest,
                       uint32_t domid, const struct hd_err *err)
{
    struct hd_job_report report = {.kind = kind, .domid = domid};

    if (err)
        report.err = *err;
    send(&report, guest);
}

void hd_context_report_detached(const char *guest, const char *device)
{
    struct hd_job_report report = {.kind = HD_REPORT_DETACHED};

    snprintf(report.device, sizeof(report.device), "%s", device);
    send(&report, guest);
}

void hd_context_count(struct hd_phases *phases, enum hd_step_kind kind,
                      uint64_t *since_ms)
{
    uint64_t now = hd_io_now_ms();

    phases->ms[kind] += (uint32_t)(now - *since_ms);
    *since_ms = now;
}

void hd_context_report_phases(enum hd_report_kind kind, const char *guest,
                              uint32_t domid, const struct hd_phases *phases)
{
    struct hd_job_report report = {
        .kind = kind, .domid = domid, .phases = *phases};

    send(&report, guest);
}
