/* SPDX-License-Identifier: MIT */
/* What an earlier hotdomd left behind: adopted when it is whole, undone when
 * it is not; a guest is never started twice. */
#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/paths.h"
#include "../host/ejected.h"
#include "../plan/map_text.h"
#include "../watch/held.h"
#include "explain.h"
#include "life.h"
#include "orders.h"
#include "read.h"
#include "shares.h"
#include "tabling.h"

static bool lives(struct hd_hypervisor *xen, const struct hd_effect *effect)
{
    struct hd_domain_status status;
    struct hd_uuid uuid;
    struct hd_err err;

    return effect->running && !hd_uuid_parse(effect->value, &uuid, &err) &&
           !hd_domain_find(xen, &uuid, &status, &err) &&
           status.state != HD_DOMAIN_GONE && status.state != HD_DOMAIN_DYING;
}

/* Every domain in it was started and is there still, and there is one; of one
 * that is quarantined nothing else is left. */
static bool is_whole(struct hd_hypervisor *xen, const struct hd_ledger *ledger)
{
    const struct hd_effect *effects;
    size_t n, alive = 0;

    effects = hd_ledger_effects(ledger, &n);
    for (size_t i = 0; i < n; i++) {
        if (effects[i].kind != HD_EFFECT_DOMAIN || effects[i].undone ||
            effects[i].quarantined)
            continue;
        if (!lives(xen, &effects[i]))
            return false;
        alive++;
    }
    return alive > 0;
}

/* The device is gone, and with it all but the ledger. */
static struct hd_store *orphan(struct hd_daemon *d,
                               const struct hd_ledger_head *head)
{
    struct hd_device device = {.diskseq = head->diskseq};
    struct hd_store *store;

    snprintf(device.name, sizeof(device.name), "%s", head->devname);
    store = hd_store_new(d, d->loop, &device);
    if (!store)
        return NULL;
    store->present = false;
    hd_stores_add(&d->stores, store);
    hd_life_set(store, HD_ON_PLUG, NULL, NULL);
    return store;
}

static int take_over(struct hd_daemon *d, const struct hd_uuid *id,
                     struct hd_err *err)
{
    hd_auto(hd_ledger) ledger = NULL;
    const struct hd_ledger_head *head;
    struct hd_store *store;
    bool whole;

    if (hd_ledger_peek(HD_LEDGER_DIR, id, &ledger, err))
        return -1;
    head = hd_ledger_head(ledger);
    store = hd_stores_by_diskseq(&d->stores, head->diskseq);
    whole = store && is_whole(d->xen, ledger);
    if (!store) {
        store = orphan(d, head);
        if (!store)
            return hd_fail_errno(err, HD_E_FAILED, "no memory");
        hd_tally_yank(&d->tally, store->state);
    }
    /* No second store of this id or label comes in meanwhile. */
    store->id = *id;
    strcpy(store->label, head->label);
    hd_explain_adopt(store);
    hd_restart_adopt(store);
    store->ordered = true; /* if there is any, it is ours to remove */
    store->adopt = hd_steal(&ledger);
    hd_log(HD_LOG_INFO, "%s: %s", store->label,
           whole ? "guests are running; checking the store"
                 : "was interrupted; cleaning up");
    if (whole)
        return 0; /* the reader's answer decides */
    if (store->reader)
        hd_read_cancel(hd_steal(&store->reader));
    hd_teardown_yank(store, NULL,
                     store->present ? HD_AFTER_READ : HD_AFTER_DROP);
    return 0;
}

static bool is_there(void *ctx, uint64_t diskseq)
{
    return hd_stores_by_diskseq(ctx, diskseq) != NULL;
}

int hd_adopt_begin(struct hd_daemon *d, struct hd_err *err)
{
    hd_autofree struct hd_uuid *ids = NULL;
    struct hd_err one;
    size_t n;

    if (hd_ledger_list(HD_LEDGER_DIR, &ids, &n, err))
        return -1;
    for (size_t i = 0; i < n; i++)
        if (take_over(d, &ids[i], &one))
            hd_log(HD_LOG_ERROR, "a ledger cannot be read: %s", one.msg);
    hd_explain_sweep(&d->stores);
    hd_restart_sweep(&d->stores);
    hd_orders_sweep(&d->stores);
    hd_ejected_sweep(HD_EJECTED_DIR, is_there, &d->stores);
    return 0;
}

/* Since its store is here. */
static bool has_run(const struct hd_ledger *ledger, const char *guest)
{
    size_t n;
    const struct hd_effect *e = hd_ledger_effects(ledger, &n);

    while (n-- > 0)
        if (e[n].kind == HD_EFFECT_DOMAIN && e[n].running &&
            !strcmp(e[n].guest, guest))
            return true;
    return false;
}

/* One without a domain: the map says whether it was to have one. */
static void adopt_rest(struct hd_store *store, struct hd_guest_life *guest)
{
    struct json_object *map =
        store->map ? hd_map_text_guest(store->map, guest->name) : NULL;
    const char *refused = hd_map_text_get(map, "reason");
    enum hd_cause on = HD_ON_LEAVE;

    if (*refused) {
        on = HD_ON_REFUSE;
        hd_fail(&guest->why, (enum hd_code)hd_err_code(refused), "%s",
                hd_map_text_get(map, "message"));
    } else if (hd_map_text_number(map, "starts") &&
               !has_run(store->adopt, guest->name)) {
        on = HD_ON_FAIL;
        hd_fail(&guest->why, HD_E_FAILED,
                "guest %s had not started when hotdomd was ended; eject %s and "
                "attach it again",
                guest->name, hd_ledger_head(store->adopt)->label);
    }
    hd_life_set_guest(store, guest, on,
                      on == HD_ON_LEAVE ? "adopted"
                                        : hd_err_reason(guest->why.code),
                      guest->why.msg);
}

/* Another build of hotdomd may have other steps: hd_restart_adopt. */
static void adopt_one(struct hd_store *store, struct hd_guest_life *guest,
                      const struct hd_domain_status *status, bool dumped)
{
    static const char unplanned[] =
        "this hotdomd cannot read the plan that it was started with: it does "
        "not start again when it ends, and what is shown to it of the host "
        "stays, whatever the policy says; eject the store and attach it again";

    guest->domid = status->domid;
    guest->dumped = dumped;
    guest->memory = status->memory;
    guest->vcpus = status->vcpus;
    hd_domain_unslow(store->daemon->xen, status->domid); /* see floods.h */
    hd_life_set_guest(store, guest, HD_ON_ADOPT, "adopted",
                      store->plan ? NULL : unplanned);
    if (!store->plan)
        hd_log(HD_LOG_WARNING, "%s.%s: %s", hd_ledger_head(store->adopt)->label,
               guest->name, unplanned);
    if (status->state == HD_DOMAIN_PAUSED)
        hd_life_set_guest(store, guest, HD_ON_PAUSE, "adopted", NULL);
}

/* The guests that the ledger knows and the manifest too, then the others. */
static bool adopt_guests(struct hd_store *store)
{
    const struct hd_effect *effects;
    size_t n;

    effects = hd_ledger_effects(store->adopt, &n);
    for (size_t i = 0; i < n; i++) {
        struct hd_guest_life *guest = hd_store_guest(store, effects[i].guest);
        struct hd_domain_status status;

        if (effects[i].kind != HD_EFFECT_DOMAIN || effects[i].undone)
            continue;
        if (guest && effects[i].quarantined)
            hd_life_set_guest(store, guest, HD_ON_QUARANTINE, "adopted", NULL);
        if (effects[i].quarantined)
            continue;
        if (!guest ||
            hd_domain_find(store->daemon->xen, &guest->uuid, &status, NULL))
            return false;
        adopt_one(store, guest, &status, effects[i].dumped);
    }
    for (size_t i = 0; i < store->n_guests; i++)
        if (store->guests[i].state == HD_STATE_SEEN)
            adopt_rest(store, &store->guests[i]);
    return true;
}

/* Its domain is gone, and an earlier hotdomd did not come to undo the rest. */
static bool has_leftover(const struct hd_ledger *ledger, const char *guest)
{
    const struct hd_effect *e;
    bool any = false;
    size_t n;

    e = hd_ledger_effects(ledger, &n);
    for (size_t i = 0; i < n; i++) {
        if (e[i].undone || strcmp(e[i].guest, guest))
            continue;
        if (e[i].kind == HD_EFFECT_DOMAIN)
            return false;
        any = true;
    }
    return any;
}

/* One by one; then the devices that were half given, or half taken. */
static bool go_on(struct hd_store *store, const struct hd_ledger *ledger)
{
    for (size_t i = 0; i < store->n_guests; i++)
        if (has_leftover(ledger, store->guests[i].name)) {
            hd_teardown_yank(store, store->guests[i].name, HD_AFTER_LOOK);
            return true;
        }
    store->leftover = false;
    return hd_hot_mend(store);
}

bool hd_adopt_go_on(struct hd_store *store)
{
    hd_auto(hd_ledger) ledger = NULL;

    return store->leftover &&
           !hd_ledger_peek(HD_LEDGER_DIR, &store->id, &ledger, NULL) &&
           go_on(store, ledger);
}

bool hd_adopt_accept(struct hd_store *store)
{
    const struct hd_ledger_head *head = hd_ledger_head(store->adopt);
    hd_auto(hd_ledger) ledger = NULL;

    if (!hd_uuid_equal(&head->store, &store->answer->manifest.store.id) ||
        !is_whole(store->daemon->xen, store->adopt))
        return false;
    hd_store_fill(store);
    hd_life_know(store);
    if (!adopt_guests(store))
        return false;
    strcpy(store->label, head->label);
    store->ran = store->map;
    ledger = hd_steal(&store->adopt);
    hd_life_set(store, HD_ON_ADOPT, "adopted", NULL);
    hd_log(HD_LOG_INFO, "%s is adopted", store->label);
    hd_shares_give(store->daemon);
    hd_orders_adopt(store);
    hd_tabling_adopt(store);
    hd_held_watch_store(store); /* nobody heard of what failed meanwhile */
    store->leftover = true;
    if (!go_on(store, ledger))
        hd_life_look(store);
    return true;
}
