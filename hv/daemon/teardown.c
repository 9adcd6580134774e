/* SPDX-License-Identifier: MIT */
/* Eject, yank, and what a dead job has left: back to the host as it was. */
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/paths.h"
#include "../host/ejected.h"
#include "../host/policy.h"
#include "ends.h"
#include "keep.h"
#include "life.h"
#include "task.h"

/* Before anything of it ends: a hotdomd that dies meanwhile must not start it
 * again. */
static void note_ejected(const struct hd_store *store)
{
    struct hd_err err;

    if (store->present &&
        hd_ejected_add(HD_EJECTED_DIR, store->device.diskseq, &err))
        hd_log(HD_LOG_WARNING, "%s: %s; it may start again with hotdomd",
               hd_store_title(store), err.msg);
}

void hd_teardown_eject(struct hd_store *store, const char *guest,
                       const char *reason)
{
    struct hd_job_request request = {.op = HD_JOB_EJECT};
    struct hd_err err = {0};

    hd_ends_fill(&store->answer->manifest, guest, &request);
    if (guest) {
        strcpy(request.guest, guest);
    } else {
        note_ejected(store);
        hd_life_set(store, HD_ON_END, reason, NULL);
    }
    if (hd_report_start_task(store, &request, NULL, NULL, NULL, &err)) {
        store->op = HD_JOB_EJECT;
        strcpy(store->op_guest, request.guest);
        hd_teardown_ended(store, &err);
    }
}

void hd_teardown_force(struct hd_store *store, const char *reason)
{
    note_ejected(store);
    if (store->state == HD_STATE_RUNNING)
        hd_life_set(store, HD_ON_END, reason, NULL);
    store->tries = 0;
    store->why = (struct hd_err){0}; /* told when it failed */
    hd_keep_nobody(store);
    hd_teardown_yank(store, NULL, HD_AFTER_DROP);
}

/* Nothing of it is on the host but what was built ahead. */
static void forget(struct hd_store *store)
{
    if (store->ahead.plan)
        hd_ahead_drop(store, HD_AFTER_DROP);
    else
        hd_life_drop(store, "eject");
}

/* What goes on with it comes first, but for what saves a guest's memory; of one
 * that failed nothing does. */
static bool is_busy(const struct hd_store *store, enum hd_work work)
{
    if (work == HD_WORK_EJECT || store->state == HD_STATE_FENCED ||
        store->state == HD_STATE_QUARANTINED)
        return (store->task && store->op != HD_JOB_DUMP) || store->reader ||
               store->retrying;
    return work == HD_WORK_NONE && hd_keys_busy(store);
}

int hd_teardown_request(struct hd_store *store, struct hd_err *err)
{
    const struct hd_change *change =
        hd_states_find(HD_OF_STORE, store->state, HD_ON_END);

    if (!change || is_busy(store, change->work))
        return hd_fail(err, HD_E_BUSY, "%s is %s; try again when that is over",
                       hd_store_title(store), hd_state_name(store->state));
    if (change->work == HD_WORK_EJECT) {
        if (hd_coredump_leave(store))
            note_ejected(store);
        else
            hd_teardown_eject(store, NULL, "eject");
    } else if (change->work == HD_WORK_YANK) {
        hd_teardown_force(store, NULL);
    } else {
        note_ejected(store);
        forget(store);
    }
    return 0;
}

static void on_retry(uv_timer_t *timer)
{
    struct hd_store *store = timer->data;
    hd_autofree char *guest = strdup(store->op_guest);

    store->retrying = false;
    hd_teardown_yank(store, guest && *guest ? guest : NULL, store->after);
}

/* ---- kept behind a pull */

static uint64_t longest_pause_ms(const struct hd_store *store)
{
    const struct hd_policy *policy =
        hd_rules_policy(&store->daemon->rules, NULL);

    return policy ? policy->limits.pause : 0;
}

/* A guest alone, and what is cleaned up behind a failure, keeps nobody. */
static void choose_kept(struct hd_store *store, const char *guest,
                        struct hd_job_request *request)
{
    if (guest || store->present || store->after != HD_AFTER_DROP)
        return;
    hd_keep_choose(store, longest_pause_ms(store), hd_io_now_ms());
    hd_keep_name(store, hd_io_now_ms(), request);
}

static void on_kept(uv_timer_t *timer)
{
    hd_teardown_yank(timer->data, NULL, HD_AFTER_DROP);
}

static void say_kept(struct hd_store *store, struct hd_guest_life *guest,
                     uint64_t ms)
{
    if (*guest->why.msg)
        return;
    snprintf(guest->why.msg, sizeof(guest->why.msg),
             "its memory is kept for %llu s; `hotdom dump %s.%s FILE` saves it",
             (unsigned long long)(ms + 999) / 1000, store->label, guest->name);
    hd_life_note(store, guest, "kept", guest->why.msg);
}

/* False when nobody is. */
static bool keep(struct hd_store *store)
{
    uint64_t now = hd_io_now_ms(), until = hd_keep_until(store, now);
    struct hd_err gone = {0};

    if (!until || store->daemon->stopping)
        return false;
    store->tries = 0;
    /* What it was that somebody waited for, the pull ended it. */
    if (store->waiter) {
        hd_fail(&gone, HD_E_GONE, "%s was unplugged", hd_store_title(store));
        hd_control_finish(&store->waiter, &gone, NULL);
    }
    for (size_t i = 0; i < store->n_guests; i++)
        if (store->guests[i].kept_until_ms > now)
            say_kept(store, &store->guests[i],
                     store->guests[i].kept_until_ms - now);
    uv_timer_start(&store->retry, on_kept, until - now, 0);
    return true;
}

/* ---- a domain that does not go */

static void on_quarantined(uv_timer_t *timer)
{
    struct hd_store *store = timer->data;

    hd_teardown_yank(store, NULL, store->after);
}

/* Of a store that is cleaned up as a whole; false when there is none.  Who
 * waits is told that the medium is free; what was to come after waits. */
static bool quarantine(struct hd_store *store)
{
    struct hd_err why = store->quarantined;

    if (!why.code || store->daemon->stopping)
        return false;
    store->tries = 0;
    store->why = why;
    hd_log(HD_LOG_ERROR, "%s: %s", hd_store_title(store), why.msg);
    hd_life_set(store, HD_ON_QUARANTINE, hd_err_reason(why.code), why.msg);
    /* Who wanted to unlock it is told now, and asks again. */
    store->ahead.wanted = false;
    hd_secret_free(hd_steal(&store->ahead.password));
    hd_wrap(&why, "%s is safe to remove", hd_store_title(store));
    hd_control_finish(&store->waiter, &why, NULL);
    uv_timer_start(&store->retry, on_quarantined, HD_LIMIT_QUARANTINE, 0);
    return true;
}

static void on_look(uv_timer_t *timer)
{
    hd_life_look(timer->data);
}

static bool has_gone(const struct hd_store *store,
                     const struct hd_guest_life *guest)
{
    struct hd_domain_status status;

    return !hd_domain_find(store->daemon->xen, &guest->uuid, &status, NULL) &&
           status.state == HD_DOMAIN_GONE;
}

/* A job would wait for the domain, and who wants something of the store for the
 * job, so none begins before it has gone. */
bool hd_teardown_look(struct hd_store *store)
{
    bool any = false;

    for (size_t i = 0; i < store->n_guests; i++) {
        const struct hd_guest_life *guest = &store->guests[i];

        if (guest->state != HD_STATE_QUARANTINED)
            continue;
        if (has_gone(store, guest)) {
            hd_teardown_yank(store, guest->name, HD_AFTER_LOOK);
            return true;
        }
        any = true;
    }
    if (any && !uv_is_active((uv_handle_t *)&store->retry))
        uv_timer_start(&store->retry, on_look, HD_LIMIT_QUARANTINE, 0);
    return false;
}

/* ---- by force */

/* Of one guest, what it left is its own matter: the others go on. */
static void give_up(struct hd_store *store, const struct hd_err *why)
{
    struct hd_guest_life *guest = hd_store_guest(store, store->op_guest);
    enum hd_cause on = hd_work(HD_WORK_YANK)->failed;

    store->tries = 0;
    if (guest) {
        guest->why = *why;
        guest->stuck = true;
        hd_life_set_guest(store, guest, on, hd_err_reason(why->code), why->msg);
        hd_life_look(store);
        return;
    }
    store->why = *why;
    hd_life_set(store, on, hd_err_reason(why->code), why->msg);
    hd_control_finish(&store->waiter, why, NULL);
}

static void yank_failed(struct hd_store *store, const struct hd_err *why)
{
    const struct hd_work_kind *work = hd_work(HD_WORK_YANK);
    uint64_t delay_ms = (uint64_t)HD_LIMIT_AGAIN << store->tries;

    store->tries++;
    hd_log(HD_LOG_ERROR, "%s: clean-up %u of %u failed: %s",
           hd_store_title(store), store->tries, work->tries, why->msg);
    if (store->tries < work->tries) {
        store->retrying = true;
        uv_timer_start(&store->retry, on_retry, delay_ms, 0);
        return;
    }
    give_up(store, why);
}

void hd_teardown_yank(struct hd_store *store, const char *guest,
                      enum hd_after after)
{
    struct hd_job_request request = {.op = HD_JOB_YANK};
    struct hd_err err = {0};

    store->after = after;
    if (store->task) {
        /* Its end brings us here again; one that cleans up everything is left
         * to it. */
        if (store->op != HD_JOB_YANK || *store->op_guest)
            hd_task_kill(store->task);
        return;
    }
    if (store->daemon->stopping)
        return; /* the ledger tells the next hotdomd */
    uv_timer_stop(&store->retry);
    store->retrying = false;
    if (guest)
        strcpy(request.guest, guest);
    if (strcmp(store->op_guest, request.guest))
        store->tries = 0;
    choose_kept(store, guest, &request);
    store->quarantined = (struct hd_err){0};
    if (hd_report_start_task(store, &request, NULL, NULL, NULL, &err)) {
        store->op = HD_JOB_YANK;
        strcpy(store->op_guest, request.guest);
        yank_failed(store, &err);
    }
}

void hd_teardown_behind(struct hd_store *store, const char *guest,
                        enum hd_after after)
{
    const struct hd_guest_life *g = guest ? hd_store_guest(store, guest) : NULL;
    enum hd_cause on = hd_work(hd_work_of_job(store->op))->failed;
    const struct hd_change *change =
        g ? hd_states_find(HD_OF_GUEST, g->state, on)
          : hd_states_find(HD_OF_STORE, store->state, on);

    /* Whatever the table lacks, nothing is left on the host. */
    if (!change || change->work != HD_WORK_YANK)
        hd_log(HD_LOG_ERROR, "%s is %s, which knows no \"%s\"",
               hd_store_title(store), hd_state_name(store->state),
               hd_cause_name(on));
    hd_teardown_yank(store, guest, after);
}

/* Everything is undone, by force; what comes after that. */
static void yank_done(struct hd_store *store)
{
    struct hd_err lost;

    store->tries = 0;
    hd_ahead_over(store);
    switch (store->after) {
    case HD_AFTER_DROP:
        if (store->why.code && store->present) {
            lost = store->why;
            hd_wrap(&lost,
                    "the guests had to be destroyed; safe to remove, but "
                    "what they had not written is lost");
            hd_control_finish(&store->waiter, &lost, NULL);
        }
        hd_life_drop(store, store->present ? "eject" : "device-gone");
        return;
    case HD_AFTER_SETTLE:
        hd_start_settle(store);
        return;
    case HD_AFTER_READ:
        hd_ledger_free(hd_steal(&store->adopt));
        hd_life_read(store);
        return;
    case HD_AFTER_LOOK:
        /* While others run it is looked at by and by, and it is tried again
         * with the last one's end. */
        if (!store->quarantined.code)
            hd_life_set_guest(store, hd_store_guest(store, store->op_guest),
                              HD_ON_UNDO, NULL, NULL);
        if (!hd_adopt_go_on(store))
            hd_life_look(store);
        return;
    case HD_AFTER_LOCK:
        if (store->state == HD_STATE_QUARANTINED)
            hd_life_set(store, HD_ON_RELOCK, NULL, NULL);
        hd_ahead_wait(store);
        return;
    }
}

static void eject_failed(struct hd_store *store, const struct hd_err *outcome)
{
    bool whole = !*store->op_guest;
    hd_autofree char *guest = whole ? NULL : strdup(store->op_guest);

    if (!hd_order_is_destroyed(store)) {
        hd_log(HD_LOG_ERROR, "%s: %s; cleaning up", store->label, outcome->msg);
        store->why = *outcome;
    } else if (whole) {
        hd_fail(&store->why, HD_E_FAILED, "a person wanted it so");
    }
    hd_teardown_behind(store, guest, guest ? HD_AFTER_LOOK : HD_AFTER_DROP);
}

void hd_teardown_ended(struct hd_store *store, const struct hd_err *outcome)
{
    bool whole = !*store->op_guest;

    if (!store->present && !(store->op == HD_JOB_YANK && whole)) {
        hd_teardown_yank(store, NULL, HD_AFTER_DROP);
        return;
    }
    if (store->op == HD_JOB_YANK) {
        /* No ledger, no effects: the job before had undone them itself. */
        if (outcome->code && outcome->code != HD_E_NO_STORE)
            yank_failed(store, outcome);
        else if (!whole || (!keep(store) && !quarantine(store)))
            yank_done(store);
        return;
    }
    if (outcome->code) {
        eject_failed(store, outcome);
    } else if (whole) {
        hd_life_drop(store, "eject");
    } else {
        hd_life_set_guest(store, hd_store_guest(store, store->op_guest),
                          HD_ON_LEAVE, NULL, NULL);
        hd_life_look(store);
    }
}
