/* SPDX-License-Identifier: MIT */
/* Devices that a running guest is given or gives back: map, plan, job, and the
 * map is kept up to date; never blocks, and never ends a guest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/mac.h"
#include "../../pv-drivers/base/paths.h"
#include "../control/wire.h"
#include "../host/inventory.h"
#include "../plan/map_text.h"
#include "../plan/plan_json.h"
#include "../store/wish.h"
#include "explain.h"
#include "life.h"

static struct json_object *kept_of(const struct hd_store *store,
                                   const char *guest)
{
    return store->map ? hd_map_text_guest(store->map, guest) : NULL;
}

static void forget(struct hd_store *store)
{
    json_object_put(store->hot.row);
    store->hot = (struct hd_hot){0};
}

/* ---- asked for */

static void head_of(const struct hd_store *store, struct hd_job_request *ret)
{
    ret->head.store = store->id;
    strcpy(ret->head.label, store->label);
    strcpy(ret->head.devname, store->device.name);
    ret->head.diskseq = store->device.diskseq;
}

static int make_plan(const struct hd_store *store, const char *guest,
                     const struct hd_hot_wish *wish, struct hd_map **ret_map,
                     struct hd_plan **ret, struct hd_err *err)
{
    hd_autofree struct hd_inventory *inventory = malloc(sizeof(*inventory));
    const struct hd_policy *policy =
        hd_rules_policy(&store->daemon->rules, err);
    struct hd_commitments commitments;
    struct hd_map_input in = {
        .store = store->answer,
        .label = store->label,
        .inventory = inventory,
        .policy = policy,
        .commitments = &commitments,
    };

    if (!inventory)
        return hd_fail_errno(err, HD_E_FAILED, "scan the host");
    if (!policy ||
        hd_inventory_scan(hd_inventory_needed_for(wish->class), inventory, err))
        return -1;
    snprintf(in.device, sizeof(in.device), "%.31s", store->device.name);
    hd_stores_commitments(&store->daemon->stores, NULL, &commitments);
    if (hd_map_hot(&in, guest, wish, kept_of(store, guest), ret_map, err))
        return -1;
    return hd_plan_make(store->answer, *ret_map, ret, err);
}

int hd_hot_attach(struct hd_store *store, const struct hd_guest_life *guest,
                  const struct hd_hot_wish *wish, struct hd_err *err)
{
    struct hd_job_request request = {.op = HD_JOB_ATTACH};
    hd_autofree struct hd_plan *plan = NULL;
    hd_auto(hd_map) map = NULL;
    const struct hd_map_row *row;

    if (hd_order_check_idle(store, guest, err) ||
        make_plan(store, guest->name, wish, &map, &plan, err))
        return -1;
    row = map->rows;
    head_of(store, &request);
    strcpy(request.guest, guest->name);
    if (hd_report_start_task(store, &request, plan, NULL, NULL, err))
        return -1;
    strcpy(store->hot.guest, guest->name);
    snprintf(store->hot.class, sizeof(store->hot.class), "%s",
             hd_class_name(row->class));
    strcpy(store->hot.name, row->guest_name);
    strcpy(store->hot.called, row->vdev);
    store->hot.row = hd_map_row_to_json(row);
    return 0;
}

/* Also one that the map does not have, of a guest whose map was lost: by what
 * Xen calls it. */
static int choose(const struct hd_guest_life *guest, struct json_object *kept,
                  const char *what, bool nic, struct hd_job_device *ret,
                  struct hd_hot *hot, struct hd_err *err)
{
    struct json_object *row = hd_map_kept_find(kept, what);
    const char *called = hd_map_text_get(row, nic ? "mac" : "disk");

    if (row && *called) {
        snprintf(hot->class, sizeof(hot->class), "%.15s",
                 hd_map_text_get(row, "class"));
        snprintf(hot->name, sizeof(hot->name), "%.29s",
                 hd_map_text_get(row, "name"));
    } else {
        called = what;
    }
    ret->what = nic ? HD_WHAT_NIC : HD_WHAT_DISK;
    snprintf(hot->called, sizeof(hot->called), "%.19s", called);
    if (nic ? !hd_mac_parse(called, ret->mac) : !hd_wish_is_disk_name(called))
        return hd_fail(err, HD_E_NO_DEVICE,
                       "guest %s has no %s \"%.32s\"; see `hotdom explain %s`",
                       guest->name, nic ? "NIC" : "disk", what, guest->name);
    if (nic)
        hd_mac_format(ret->mac, hot->called);
    else
        snprintf(ret->vdev, sizeof(ret->vdev), "%.7s", called);
    return 0;
}

int hd_hot_detach(struct hd_store *store, const struct hd_guest_life *guest,
                  const char *what, bool nic, bool force, struct hd_err *err)
{
    struct hd_job_request request = {.op = HD_JOB_DETACH,
                                     .device.force = force,
                                     .grace_ms = HD_LIMIT_LET_GO};
    hd_autofree struct hd_plan *plan = NULL;
    struct hd_hot hot = {0};

    if (hd_order_check_idle(store, guest, err) ||
        choose(guest, kept_of(store, guest->name), what, nic, &request.device,
               &hot, err) ||
        hd_plan_absent(&store->id, store->label, guest->name, hot.class,
                       hot.name, &plan, err))
        return -1;
    head_of(store, &request);
    strcpy(request.guest, guest->name);
    if (hd_report_start_task(store, &request, plan, NULL, NULL, err))
        return -1;
    strcpy(hot.guest, guest->name);
    store->hot = hot;
    return 0;
}

/* ---- done */

static void reply(struct hd_store *store, struct json_object *row,
                  const char *message)
{
    struct hd_conn *conn = hd_steal(&store->waiter);
    struct json_object *o;

    if (!conn)
        return;
    o = json_object_new_object();
    json_object_object_add(o, "store", json_object_new_string(store->label));
    json_object_object_add(o, "guest",
                           json_object_new_string(store->hot.guest));
    json_object_object_add(o, "device", json_object_get(row));
    json_object_object_add(o, "message", json_object_new_string(message));
    hd_conn_reply(conn, hd_reply_ok(o, false), true);
}

static void succeed(struct hd_store *store, const struct hd_guest_life *guest)
{
    const struct hd_hot *hot = &store->hot;
    const char *host = hd_map_text_get(hot->row, "host");
    char text[200];

    if (hot->row)
        snprintf(text, sizeof(text), "%s: %s%s%.63s%s%s", hot->name,
                 hd_map_text_get(hot->row, "how"), *host ? " " : "", host,
                 strcmp(hot->called, hot->name) && *hot->called ? " as " : "",
                 strcmp(hot->called, hot->name) ? hot->called : "");
    else
        snprintf(text, sizeof(text), "%s",
                 *hot->name ? hot->name : hot->called);
    if (hot->row)
        hd_life_note_attached(store, guest, text, &hot->phases);
    else
        hd_life_note(store, guest, "detached", text);
    hd_log(HD_LOG_INFO, "%s.%s: %s %s", store->label, hot->guest,
           hot->row ? "attached" : "detached", text);
    reply(store, hot->row, text);
}

static void fail(struct hd_store *store, const struct hd_guest_life *guest,
                 const struct hd_err *why)
{
    hd_log(HD_LOG_WARNING, "%s.%s: %s", store->label, store->hot.guest,
           why->msg);
    hd_life_note(store, guest, hd_err_reason(why->code), why->msg);
    hd_control_finish(&store->waiter, why, NULL);
}

/* What the guest has now, for whoever asks and for the next hotdomd. */
static void keep(struct hd_store *store, bool attached)
{
    struct hd_hot *hot = &store->hot;
    struct json_object *kept = kept_of(store, hot->guest);
    int g = hd_manifest_guest(&store->answer->manifest, hot->guest);

    if (!kept || g < 0)
        return;
    if (attached)
        hd_map_kept_put(kept, json_object_get(hot->row));
    else if (hot->gone && *hot->name)
        hd_map_kept_drop(&store->answer->manifest.guests[g], kept, hot->class,
                         hot->name);
    else
        return;
    hd_explain_changed(store);
}

/* It is known by its name in the map, or by what Xen calls it. */
static void drop_row(struct hd_store *store, const char *guest,
                     const char *device)
{
    struct json_object *kept = kept_of(store, guest);
    struct json_object *row = hd_map_kept_find(kept, device);
    int g = hd_manifest_guest(&store->answer->manifest, guest);

    if (!row || g < 0)
        return;
    hd_map_kept_drop(&store->answer->manifest.guests[g], kept,
                     hd_map_text_get(row, "class"),
                     hd_map_text_get(row, "name"));
    hd_explain_changed(store);
}

void hd_hot_detached(struct hd_store *store, const char *guest,
                     const char *device)
{
    struct hd_hot *hot = &store->hot;

    if (!strcmp(hot->guest, guest) && !strcmp(hot->called, device))
        hot->gone = true;
    else if (*device) /* what an earlier hotdomd had begun */
        drop_row(store, guest, device);
}

static void finish(struct hd_store *store, const struct hd_err *outcome)
{
    const struct hd_guest_life *guest = hd_store_guest(store, store->hot.guest);

    keep(store, store->hot.row && !outcome->code);
    if (outcome->code)
        fail(store, guest, outcome);
    else
        succeed(store, guest);
    forget(store);
    hd_life_look(store);
}

/* ---- half done */

/* A device that was begun and is neither given nor taken. */
static bool is_half(const struct hd_store *store)
{
    hd_auto(hd_ledger) ledger = NULL;
    const struct hd_effect *e;
    size_t n;

    if (hd_ledger_peek(HD_LEDGER_DIR, &store->id, &ledger, NULL))
        return false;
    e = hd_ledger_effects(ledger, &n);
    for (size_t i = 0; i < n; i++)
        if (hd_effect_is_half(&e[i]))
            return true;
    return false;
}

static void name_device(const struct hd_hot *hot, struct hd_job_device *ret)
{
    const char *called =
        *hot->called ? hot->called : hd_map_text_get(hot->row, "mac");

    if (!hd_mac_parse(called, ret->mac))
        snprintf(ret->vdev, sizeof(ret->vdev), "%.7s", called);
}

bool hd_hot_mend(struct hd_store *store)
{
    struct hd_job_request request = {.op = HD_JOB_DETACH,
                                     .device.what = HD_WHAT_HALF,
                                     .grace_ms = HD_LIMIT_LET_GO};
    const struct hd_hot *hot = &store->hot;
    hd_autofree struct hd_plan *plan = NULL;
    struct hd_err err = {0};

    if (store->daemon->stopping || !is_half(store))
        return false;
    head_of(store, &request);
    /* The next hotdomd does not know what it was. */
    if (*hot->guest && !hd_plan_absent(&store->id, store->label, hot->guest,
                                       hot->class, hot->name, &plan, NULL)) {
        strcpy(request.guest, hot->guest);
        name_device(hot, &request.device);
    }
    if (hd_report_start_task(store, &request, plan, NULL, NULL, &err)) {
        hd_log(HD_LOG_ERROR, "%s: %s", store->label, err.msg);
        return false;
    }
    return true;
}

/* The end of the guest takes along what cannot be undone now. */
static void mended(struct hd_store *store, const struct hd_err *outcome)
{
    const struct hd_hot *hot = &store->hot;
    struct hd_err why = hot->outcome;

    if (outcome->code) {
        hd_log(HD_LOG_ERROR, "%s: a device that is half there stays: %s",
               store->label, outcome->msg);
        hd_wrap(&why, "it is half %s until the guest ends",
                hot->row ? "attached" : "detached");
    } else if (!hot->row && hot->gone) {
        why = (struct hd_err){0}; /* taken, as was wanted */
    }
    if (*store->hot.guest)
        finish(store, &why);
    else
        hd_life_look(store);
}

void hd_hot_ended(struct hd_store *store, const struct hd_err *outcome)
{
    struct hd_hot *hot = &store->hot;

    if (!store->present) {
        forget(store);
        hd_teardown_yank(store, NULL, HD_AFTER_DROP);
        return;
    }
    if (!*hot->guest || hot->outcome.code) {
        mended(store, outcome);
        return;
    }
    if (outcome->code) {
        /* An earlier hotdomd died while it went. */
        if (!hot->row && outcome->code == HD_E_NO_DEVICE)
            hot->gone = true;
        hot->outcome = *outcome;
        if (hd_hot_mend(store))
            return;
    }
    finish(store, outcome);
}
