/* SPDX-License-Identifier: MIT */
/* Starts jobs for a store and turns what they tell into states. */
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "life.h"
#include "task.h"

static void on_guest(struct hd_store *store, const struct hd_job_report *r,
                     enum hd_state to)
{
    struct hd_guest_life *guest = hd_store_guest(store, r->guest);

    if (!guest)
        return;
    if (to == HD_STATE_RUNNING)
        guest->domid = r->domid;
    guest->why = r->err;
    hd_life_set_guest(store, guest, to,
                      r->err.code ? hd_err_reason(r->err.code) : NULL,
                      r->err.code ? r->err.msg : NULL);
}

static void on_fenced(struct hd_store *store)
{
    const char *reason = store->present ? NULL : "device-gone";

    hd_life_set(store, HD_STATE_FENCED, reason, NULL);
    for (size_t i = 0; i < store->n_guests; i++)
        if (store->guests[i].domid >= 0)
            hd_life_set_guest(store, &store->guests[i], HD_STATE_FENCED, reason,
                              NULL);
}

static void on_report(void *ctx, const struct hd_job_report *r)
{
    struct hd_store *store = ctx;

    switch ((enum hd_report_kind)r->kind) {
    case HD_REPORT_UNLOCKED:
        hd_throttle_clear(store->daemon->throttle, &store->id);
        hd_life_set(store, HD_STATE_BUILDING, NULL, NULL);
        return;
    case HD_REPORT_BUILDING:
        hd_life_set(store, HD_STATE_BUILDING, NULL, NULL);
        on_guest(store, r, HD_STATE_BUILDING);
        return;
    case HD_REPORT_RUNNING:
        on_guest(store, r, HD_STATE_RUNNING);
        return;
    case HD_REPORT_FAILED:
        on_guest(store, r, HD_STATE_FAILED);
        return;
    case HD_REPORT_EJECTING:
        on_guest(store, r, HD_STATE_EJECTING);
        return;
    case HD_REPORT_FENCED:
        /* One guest's clean-up fences its own volumes only. */
        if (!*store->op_guest)
            on_fenced(store);
        return;
    case HD_REPORT_GONE:
        on_guest(store, r, HD_STATE_GONE);
        return;
    case HD_REPORT_DONE: /* the outcome comes with the end */
        return;
    }
}

static void on_ended(void *ctx, const struct hd_err *outcome)
{
    struct hd_store *store = ctx;

    store->task = NULL;
    if (store->op == HD_JOB_START)
        hd_start_ended(store, outcome);
    else
        hd_teardown_ended(store, outcome);
}

int hd_report_start_task(struct hd_store *store, struct hd_job_request *request,
                         const struct hd_plan *plan,
                         const struct hd_secret *password, struct hd_err *err)
{
    static const struct hd_task_ops ops = {on_report, on_ended};
    struct hd_task_input input = {
        .request = request,
        .plan = plan,
        .files = store->fds,
        .n_files = plan ? store->n_fds : 0,
        .password = password,
        .n_guests = store->n_guests,
    };

    request->store = store->id;
    request->devmajor = store->device.major;
    request->devminor = store->device.minor;
    if (hd_task_start(store->daemon->loop, &input, &ops, store, &store->task,
                      err))
        return -1;
    store->op = request->op;
    strcpy(store->op_guest, request->guest);
    return 0;
}
