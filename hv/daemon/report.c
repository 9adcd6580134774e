/* SPDX-License-Identifier: MIT */
/* Starts jobs for a store and turns what they tell into states. */
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/paths.h"
#include "../host/tries.h"
#include "explain.h"
#include "life.h"
#include "record.h"
#include "tabling.h"
#include "task.h"

static void on_guest(struct hd_store *store, const struct hd_job_report *r,
                     enum hd_cause on)
{
    struct hd_guest_life *guest = hd_store_guest(store, r->guest);

    if (!guest)
        return;
    if (on == HD_ON_RUN) {
        guest->domid = r->domid;
        guest->ended_ms = 0;
        guest->dumped = false;
    }
    /* Why one failed stays to be told once it was undone. */
    if (on != HD_ON_UNDO || r->err.code || guest->state != HD_STATE_FAILED) {
        guest->phases = r->phases;
        guest->why = r->err;
    }
    hd_life_set_guest(store, guest, on,
                      r->err.code ? hd_err_reason(r->err.code) : NULL,
                      r->err.code ? r->err.msg : NULL);
    if (on == HD_ON_RUN)
        hd_tabling_judge(store, guest); /* it was planned some time ago */
}

/* The ledger is there, of guests that the next hotdomd may find. */
static void on_building(struct hd_store *store)
{
    if (store->state == HD_STATE_BUILDING && store->saved)
        return;
    hd_explain_save(store);
    hd_restart_save(store);
    hd_life_set(store, HD_ON_BUILD, NULL, NULL);
}

static void on_fenced(struct hd_store *store)
{
    const char *reason = store->present ? NULL : "device-gone";

    hd_life_set(store, HD_ON_FENCE, reason, NULL);
    for (size_t i = 0; i < store->n_guests; i++)
        if (store->guests[i].domid >= 0)
            hd_life_set_guest(store, &store->guests[i], HD_ON_FENCE, reason,
                              NULL);
}

/* Of a locked store; its state stays. */
static void on_ahead(struct hd_store *store, const struct hd_job_report *r)
{
    struct hd_guest_life *guest = hd_store_guest(store, r->guest);

    if (r->kind == HD_REPORT_QUARANTINED)
        store->quarantined = r->err;
    if (guest && r->kind == HD_REPORT_FAILED) {
        guest->ahead = false;
        hd_log(HD_LOG_WARNING, "%s.%s is not built ahead: %s", store->label,
               guest->name, r->err.msg);
    }
}

void hd_report_take(struct hd_store *store, const struct hd_job_report *r)
{
    if (store->op == HD_JOB_BUILD ||
        (store->op == HD_JOB_YANK && store->ahead.plan)) {
        on_ahead(store, r);
        return;
    }
    switch ((enum hd_report_kind)r->kind) {
    case HD_REPORT_UNLOCKED:
        if (store->op == HD_JOB_START)
            hd_life_set(store, HD_ON_BUILD, NULL, NULL);
        return;
    case HD_REPORT_BUILDING:
        if (store->op == HD_JOB_START)
            on_building(store);
        on_guest(store, r, HD_ON_BUILD);
        return;
    case HD_REPORT_RUNNING:
        on_guest(store, r, HD_ON_RUN);
        store->ran = true;
        hd_record_boot(store->daemon->loop, &store->id,
                       store->answer->manifest.store.generation);
        return;
    case HD_REPORT_FAILED:
        on_guest(store, r,
                 r->err.code == HD_E_DEPENDENCY ? HD_ON_REFUSE : HD_ON_FAIL);
        return;
    case HD_REPORT_EJECTING:
        on_guest(store, r, HD_ON_END);
        hd_order_cut(store);
        return;
    case HD_REPORT_FENCED:
        /* One guest's clean-up fences its own volumes only. */
        if (!*store->op_guest)
            on_fenced(store);
        return;
    case HD_REPORT_GONE:
        on_guest(store, r, HD_ON_UNDO);
        hd_order_cut(store);
        return;
    case HD_REPORT_QUARANTINED:
        store->quarantined = r->err;
        on_guest(store, r, HD_ON_QUARANTINE);
        return;
    case HD_REPORT_ATTACHED:
        store->hot.phases = r->phases;
        return;
    case HD_REPORT_DETACHED:
        hd_hot_detached(store, r->guest, r->device);
        return;
    case HD_REPORT_BUILT:
    case HD_REPORT_DONE: /* the outcome comes with the end */
        return;
    }
}

static void on_report(void *ctx, const struct hd_job_report *r)
{
    hd_report_take(ctx, r);
}

static void on_ended(void *ctx, const struct hd_err *outcome)
{
    struct hd_store *store = ctx;

    store->task = NULL;
    switch (store->op) {
    case HD_JOB_START:
        hd_start_ended(store, outcome);
        return;
    case HD_JOB_BUILD:
        hd_ahead_ended(store, outcome);
        return;
    case HD_JOB_RESTART:
        hd_restart_ended(store, outcome);
        return;
    case HD_JOB_KEYS:
        hd_keys_ended(store, outcome);
        return;
    case HD_JOB_ATTACH:
    case HD_JOB_DETACH:
        hd_hot_ended(store, outcome);
        return;
    case HD_JOB_EJECT:
    case HD_JOB_YANK:
        hd_teardown_ended(store, outcome);
        return;
    case HD_JOB_DUMP:
        hd_coredump_ended(store, outcome);
        return;
    }
}

/* What the job may look into: a start all of it, a change of users the key
 * volume's header. */
static void choose_fds(const struct hd_store *store, struct hd_task_input *in)
{
    size_t n_files = store->answer ? store->answer->manifest.n_files : 0;

    if (n_files > store->n_fds)
        n_files = store->n_fds;
    in->headers = store->fds + n_files;
    if (in->request->op == HD_JOB_DUMP) {
        in->files = &store->dump.fd;
        in->n_files = 1;
        in->bytes = store->dump.most;
    }
    if (in->request->op == HD_JOB_START || in->request->op == HD_JOB_BUILD ||
        in->request->op == HD_JOB_RESTART) {
        in->files = store->fds;
        in->n_files = n_files;
    }
    if (in->request->op == HD_JOB_START) {
        in->n_headers = store->n_fds - n_files;
    } else if (in->request->op == HD_JOB_KEYS) {
        in->n_headers = store->n_fds > n_files;
    }
}

/* The job asks the same and charges the try; asked here it costs no job, and
 * the store stays in its state. */
static int allow(const struct hd_store *store,
                 const struct hd_job_request *request, struct hd_err *err)
{
    if (request->ask == HD_ASK_NOTHING)
        return 0;
    return hd_tries_allow(HD_TRIES_DIR, &store->id, err);
}

int hd_report_start_task(struct hd_store *store, struct hd_job_request *request,
                         const struct hd_plan *plan,
                         const struct hd_secret *password,
                         const struct hd_secret *new_password,
                         struct hd_err *err)
{
    static const struct hd_task_ops ops = {on_report, on_ended};
    struct hd_task_input input = {
        .request = request,
        .plan = plan,
        .password = password,
        .new_password = new_password,
        .n_guests = store->n_guests,
    };

    choose_fds(store, &input);
    request->store = store->id;
    request->devmajor = store->device.major;
    request->devminor = store->device.minor;
    if (allow(store, request, err))
        return -1;
    if (hd_task_start(store->daemon->spare, &input, &ops, store, &store->task,
                      err))
        return -1;
    store->op = request->op;
    strcpy(store->op_guest, request->guest);
    return 0;
}
