/* SPDX-License-Identifier: MIT */
/* Starts guests again that have ended by themselves, as they were started at
 * first; the plan is kept for that, and nobody is asked for a password. */
#include <stddef.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/mac.h"
#include "../../pv-drivers/base/paths.h"
#include "../host/kept.h"
#include "../plan/map_kept.h"
#include "../plan/map_text.h"
#include "explain.h"
#include "life.h"
#include "tabling.h"

/* ---- kept */

/* Before the plan in its file, in root's own folder: another build of hotdomd
 * may have other steps. */
struct kept {
    char magic[24];
    uint32_t plan_bytes, step_bytes;
};

static const struct kept expected = {"hotdom-plan 2", sizeof(struct hd_plan),
                                     sizeof(struct hd_step)};

void hd_restart_keep(struct hd_store *store, const struct hd_plan *plan)
{
    size_t size = hd_plan_bytes(plan);

    free(store->plan);
    store->plan = malloc(size);
    if (store->plan)
        memcpy(store->plan, plan, size);
}

void hd_restart_save(struct hd_store *store)
{
    size_t size = store->plan ? hd_plan_bytes(store->plan) : 0;
    hd_autofree char *bytes = malloc(sizeof(expected) + size);
    struct hd_err err;

    if (!size || !bytes)
        return;
    memcpy(bytes, &expected, sizeof(expected));
    memcpy(bytes + sizeof(expected), store->plan, size);
    if (hd_kept_save(HD_PLAN_DIR, &store->id, bytes, sizeof(expected) + size,
                     SIZE_MAX, &err))
        hd_log(HD_LOG_WARNING,
               "guests of %s cannot restart after one of hotdomd: %s",
               store->label, err.msg);
}

void hd_restart_adopt(struct hd_store *store)
{
    const size_t head = sizeof(expected);
    hd_autofree char *bytes = NULL;
    const struct hd_plan *plan;
    struct hd_err err;
    size_t len;

    if (hd_kept_load(HD_PLAN_DIR, &store->id,
                     head + hd_plan_size(HD_PLAN_MAX_STEPS) + HD_PLAN_MAX_TEXT,
                     &bytes, &len, &err)) {
        if (err.code != HD_E_NO_STORE)
            hd_log(HD_LOG_WARNING, "guests of %s cannot restart: %s",
                   store->label, err.msg);
        return;
    }
    if (len < head + hd_plan_size(0) || memcmp(bytes, &expected, head))
        return;
    memmove(bytes, bytes + head, len - head);
    plan = (const struct hd_plan *)(const void *)bytes;
    if (hd_plan_is_whole(plan, len - head))
        hd_restart_keep(store, plan);
}

void hd_restart_drop(struct hd_store *store)
{
    struct hd_err err;

    if (!store->plan)
        return;
    free(hd_steal(&store->plan));
    if (hd_kept_forget(HD_PLAN_DIR, &store->id, &err))
        hd_log(HD_LOG_WARNING, "%s", err.msg);
}

void hd_restart_sweep(struct hd_stores *stores)
{
    hd_kept_sweep(HD_PLAN_DIR, hd_stores_has, stores);
}

/* ---- started again */

/* A guest, and the ledger, or NULL. */
struct again {
    const char *guest;
    const struct hd_ledger *ledger;
};

static bool is_open(const struct hd_ledger *ledger, const char *dm_name)
{
    size_t n;
    const struct hd_effect *e = hd_ledger_effects(ledger, &n);

    while (n-- > 0)
        if (e[n].kind == HD_EFFECT_DM && !e[n].undone &&
            !strcmp(e[n].value, dm_name))
            return true;
    return false;
}

/* A volume that was taken from it while it ran stays away. */
static bool is_of(const struct hd_step *step, const void *arg)
{
    const struct again *again = arg;

    return hd_step_is_again(step) && !strcmp(step->guest, again->guest) &&
           (step->kind != HD_STEP_ATTACH_BLOCK || !again->ledger ||
            is_open(again->ledger, step->u.block.dm_name));
}

static bool attaches(const struct hd_step *step, struct json_object *row)
{
    char mac[HD_MAC_SIZE];

    if (step->kind == HD_STEP_ATTACH_BLOCK)
        return !strcmp(step->u.block.as, hd_map_text_get(row, "disk"));
    if (step->kind != HD_STEP_ATTACH_NET)
        return false;
    hd_mac_format(step->u.net.mac, mac);
    return !strcmp(mac, hd_map_text_get(row, "mac"));
}

static bool is_planned(const struct hd_plan *part, struct json_object *row)
{
    if (!*hd_map_text_get(row, "disk") && !*hd_map_text_get(row, "mac"))
        return true;
    for (uint32_t i = 0; i < part->n_steps; i++)
        if (attaches(&part->steps[i], row))
            return true;
    return false;
}

/* What it was given while it ran, it has no longer. */
static void forget_hot(struct hd_store *store, const struct hd_guest *g,
                       const struct hd_plan *part)
{
    struct json_object *kept =
        store->map ? hd_map_text_guest(store->map, g->name) : NULL;
    struct json_object *rows = hd_map_kept_rows(kept);

    for (size_t i = rows ? json_object_array_length(rows) : 0; i-- > 0;) {
        struct json_object *row = json_object_array_get_idx(rows, i);

        if (is_planned(part, row))
            continue;
        hd_map_kept_drop(g, kept, hd_map_text_get(row, "class"),
                         hd_map_text_get(row, "name"));
        hd_explain_changed(store);
    }
}

static int begin(struct hd_store *store, const struct hd_guest_life *guest,
                 struct hd_err *err)
{
    const struct hd_manifest *m = &store->answer->manifest;
    hd_auto(hd_ledger) ledger = NULL;
    struct again again = {.guest = guest->name};
    hd_autofree struct hd_plan *part = NULL;
    struct hd_job_request request;

    if (!hd_ledger_peek(HD_LEDGER_DIR, &store->id, &ledger, NULL))
        again.ledger = ledger;
    if (hd_tabling_narrow(store, guest, err))
        return -1;
    if (store->plan)
        part = hd_plan_part(store->plan, is_of, &again);
    if (!part)
        return hd_fail(err, HD_E_FAILED, "nobody knows how it was started");
    if (hd_start_describe(store, HD_JOB_RESTART, &request, err))
        return -1;
    strcpy(request.guest, guest->name);
    if (hd_report_start_task(store, &request, part, NULL, NULL, err))
        return -1;
    forget_hot(store, &m->guests[hd_manifest_guest(m, guest->name)], part);
    return 0;
}

bool hd_restart_begin(struct hd_store *store, struct hd_guest_life *guest,
                      const char *why)
{
    struct hd_err err = {0};

    if (begin(store, guest, &err)) {
        hd_log(HD_LOG_WARNING, "%s.%s cannot restart: %s", store->label,
               guest->name, err.msg);
        return false;
    }
    hd_life_set_guest(store, guest, HD_ON_RESTART, why, "it starts again");
    return true;
}

void hd_restart_ended(struct hd_store *store, const struct hd_err *outcome)
{
    const struct hd_guest_life *guest = hd_store_guest(store, store->op_guest);
    struct hd_err why = *outcome;

    if (!store->present) {
        hd_teardown_yank(store, NULL, HD_AFTER_DROP);
        return;
    }
    if (why.code) {
        hd_wrap(&why, "it did not start again");
        hd_log(HD_LOG_ERROR, "%s.%s: %s", store->label, store->op_guest,
               why.msg);
    }
    /* A job that could say so has undone it. */
    if (why.code && guest && guest->state != HD_STATE_FAILED) {
        hd_life_note(store, guest, hd_err_reason(why.code), why.msg);
        hd_teardown_behind(store, guest->name, HD_AFTER_LOOK);
    } else {
        hd_life_look(store);
    }
}
