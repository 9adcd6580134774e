/* SPDX-License-Identifier: MIT */
/* Gives a guest that runs one device more; leaves it whole, or nothing of it.
 */
#include "jobs.h"

#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/bus/xenbus_state.h"
#include "attach.h"
#include "device.h"
#include "step.h"
#include "undo.h"

static bool is_device(const struct hd_step *step)
{
    return step->kind == HD_STEP_ATTACH_BLOCK ||
           step->kind == HD_STEP_ATTACH_NET;
}

/* hd_job_request_check has seen to it that there is one. */
static const struct hd_step *device_of(const struct hd_plan *plan)
{
    const struct hd_step *step = plan->steps;

    while (!is_device(step))
        step++;
    return step;
}

int hd_job_find_running(struct hd_context *ctx, const char *guest,
                        uint32_t *ret_domid, struct hd_err *err)
{
    const struct hd_effect *e = hd_context_domain(ctx, guest);
    struct hd_domain_status status = {.state = HD_DOMAIN_GONE};

    if (e && e->running && hd_undo_find(ctx, e, &status, err))
        return -1;
    if (status.state != HD_DOMAIN_RUNNING && status.state != HD_DOMAIN_PAUSED)
        return hd_fail(err, HD_E_NO_GUEST, "guest %s does not run", guest);
    *ret_domid = status.domid;
    return 0;
}

/* What is there, by whomever, must never be undone. */
static int check_free(struct hd_context *ctx, const char *value, uint32_t domid,
                      struct hd_err *err)
{
    struct hd_device_of device;
    struct hd_xenbus_ends is;

    if (hd_device_parse(value, &device, err))
        return -1;
    device.bus.domid = domid;
    if (hd_xenbus_ends(ctx->xs, &device.bus, &is, err))
        return -1;
    if (is.back != HD_XENBUS_NONE || is.front != HD_XENBUS_NONE)
        return hd_fail(err, HD_E_EXISTS, "domain %u has a %s %u already", domid,
                       device.bus.class, device.bus.devid);
    return 0;
}

/* The volume first, then the device and what is told of it, together. */
static int perform(struct hd_context *ctx, struct hd_phases *ret,
                   struct hd_err *err)
{
    const struct hd_plan *plan = ctx->plan;
    uint64_t since = hd_io_now_ms();
    uint32_t i = 0;

    for (; !hd_attach_count(&plan->steps[i], plan->n_steps - i); i++) {
        if (hd_step_do(ctx, &plan->steps[i], err))
            return -1;
        hd_context_count(ret, plan->steps[i].kind, &since);
    }
    if (hd_attach_live(ctx, &plan->steps[i], plan->n_steps - i, err))
        return -1;
    hd_context_count(ret, device_of(plan)->kind, &since);
    return 0;
}

static void roll_back(struct hd_context *ctx, uint32_t seq, struct hd_err *why)
{
    size_t n;
    struct hd_effect effect = hd_ledger_effects(ctx->ledger, &n)[seq - 1];
    struct hd_err left = {0};

    if (!hd_device_undo(ctx, &effect, &left) &&
        !hd_ledger_undone(ctx->ledger, seq, &left))
        return;
    hd_wrap(why, "%s, behind", left.msg);
    why->code = left.code;
}

static int attach(struct hd_context *ctx, uint32_t domid, struct hd_err *err)
{
    const struct hd_step *device = device_of(ctx->plan);
    struct hd_phases phases = {0};
    char value[HD_LEDGER_VALUE];
    uint32_t seq;

    hd_device_value(device, value);
    if (check_free(ctx, value, domid, err) ||
        hd_ledger_take(ctx->ledger, HD_EFFECT_DEVICE, ctx->req->guest, value,
                       &seq, err))
        return -1;
    if (!perform(ctx, &phases, err) &&
        !hd_ledger_set_running(ctx->ledger, seq, err)) {
        hd_context_report_phases(HD_REPORT_ATTACHED, ctx->req->guest, domid,
                                 &phases);
        return 0;
    }
    roll_back(ctx, seq, err);
    return -1;
}

int hd_job_attach(struct hd_context *ctx, struct hd_err *err)
{
    struct hd_err why = {0};
    uint32_t domid;
    int rc = hd_job_resume(ctx, &why);

    if (!rc)
        rc = hd_fail(&why, HD_E_NO_GUEST, "guest %s does not run",
                     ctx->req->guest);
    if (rc > 0)
        rc = hd_job_find_running(ctx, ctx->req->guest, &domid, &why) ||
                     attach(ctx, domid, &why)
                 ? -1
                 : 0;
    if (rc && err)
        *err = why;
    return rc ? -1 : 0;
}
