/* SPDX-License-Identifier: MIT */
/* Saves the memory of a guest that has ended by itself, before what its
 * manifest wants next; that never waits for a dump that fails. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/paths.h"
#include "../host/policy.h"
#include "life.h"
#include "task.h"

static void tell_failed(struct hd_store *store, struct hd_guest_life *guest,
                        struct hd_err *why)
{
    hd_wrap(why, "its memory was not saved");
    hd_log(HD_LOG_WARNING, "%s.%s: %s", store->label, guest->name, why->msg);
    hd_life_note(store, guest, hd_err_reason((enum hd_code)why->code),
                 why->msg);
}

/* Bytes that other stores' dumps may still become. */
static uint64_t promised(const struct hd_store *store)
{
    uint64_t bytes = 0;

    for (const struct hd_store *s = store->daemon->stores.first; s; s = s->next)
        if (s != store && s->task && s->op == HD_JOB_DUMP)
            bytes += s->dump.most;
    return bytes;
}

static int open_file(struct hd_store *store, const struct hd_guest_life *guest,
                     struct hd_err *err)
{
    const struct hd_policy *policy =
        hd_rules_policy(&store->daemon->rules, err);
    char name[HD_LABEL_SIZE + HD_NAME_SIZE + 32], when[24];
    time_t now = time(NULL);
    struct tm tm;

    if (!policy)
        return -1;
    strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
    snprintf(name, sizeof(name), "%s.%s-%s.core", store->label, guest->name,
             when);
    return hd_dumps_open(HD_DUMP_DIR, name, hd_dumps_most(guest->memory),
                         promised(store), policy->limits.dumps, &store->dump,
                         err);
}

static int begin(struct hd_store *store, const struct hd_guest_life *guest,
                 struct hd_err *err)
{
    struct hd_job_request request = {.op = HD_JOB_DUMP};
    int rc;

    if (open_file(store, guest, err))
        return -1;
    strcpy(request.guest, guest->name);
    rc = hd_report_start_task(store, &request, NULL, NULL, NULL, err);
    /* The job has its own. */
    close(store->dump.fd);
    store->dump.fd = -1;
    if (rc)
        hd_dumps_drop(&store->dump);
    return rc;
}

bool hd_coredump_begin(struct hd_store *store, struct hd_guest_life *guest)
{
    struct hd_err err = {0};

    guest->dumped = true;
    if (!begin(store, guest, &err))
        return true;
    tell_failed(store, guest, &err);
    return false;
}

static uint32_t domain_of(const struct hd_ledger *ledger, const char *guest)
{
    size_t n;
    const struct hd_effect *e = hd_ledger_effects(ledger, &n);

    for (size_t i = 0; i < n; i++)
        if (e[i].kind == HD_EFFECT_DOMAIN && !e[i].undone &&
            !strcmp(e[i].guest, guest))
            return e[i].seq;
    return 0;
}

/* For the next hotdomd, which would save it once more.  Not before the file has
 * its name: of one that has none nothing stays. */
static void note_dumped(const struct hd_store *store, const char *guest)
{
    hd_auto(hd_ledger) ledger = NULL;
    struct hd_err err;

    if (hd_ledger_open(HD_LEDGER_DIR, &store->id, &ledger, &err) ||
        hd_ledger_set_dumped(ledger, domain_of(ledger, guest), &err))
        hd_log(HD_LOG_WARNING, "that %s.%s was dumped is not noted: %s",
               store->label, guest, err.msg);
}

bool hd_coredump_leave(struct hd_store *store)
{
    if (!store->task || store->op != HD_JOB_DUMP)
        return false;
    store->leaving = true;
    hd_task_kill(store->task);
    return true;
}

/* A job that was killed for something else says nothing of that. */
static void name_cause(const struct hd_store *store,
                       const struct hd_guest_life *guest, struct hd_err *why)
{
    if (!store->present)
        hd_fail(why, HD_E_GONE, "%s was unplugged meanwhile", store->label);
    else if (store->leaving)
        hd_fail(why, HD_E_BUSY, "%s was ejected meanwhile", store->label);
    else if (guest && guest->order == HD_ORDER_DESTROY)
        hd_fail(why, HD_E_BUSY, "it was destroyed meanwhile");
}

static void go_on(struct hd_store *store)
{
    bool leaving = store->leaving;

    store->leaving = false;
    if (!store->present)
        hd_teardown_yank(store, NULL, HD_AFTER_DROP);
    else if (leaving && !store->daemon->stopping)
        hd_teardown_eject(store, NULL, "eject");
    else
        hd_life_look(store);
}

void hd_coredump_ended(struct hd_store *store, const struct hd_err *outcome)
{
    struct hd_guest_life *guest = hd_store_guest(store, store->op_guest);
    struct hd_err why = *outcome;
    char saved[440];

    if (why.code) {
        hd_dumps_drop(&store->dump);
        name_cause(store, guest, &why);
    } else if (!hd_dumps_keep(&store->dump, &why) && guest) {
        note_dumped(store, guest->name);
        snprintf(saved, sizeof(saved), "its memory is in %.400s",
                 store->dump.path);
        hd_life_note(store, guest, "dumped", saved);
    }
    if (why.code && guest)
        tell_failed(store, guest, &why);
    go_on(store);
}
