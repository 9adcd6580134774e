/* SPDX-License-Identifier: MIT */
/* Guests that end by themselves: who has, why, and what follows; never ends
 * one.
 */
#include <assert.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/paths.h"
#include "../host/ejected.h"
#include "life.h"

static const char *end_reason(const struct hd_domain_status *status)
{
    if (status->state != HD_DOMAIN_SHUTDOWN)
        return "destroyed";
    switch (status->reason) {
    case HD_DOMAIN_POWEROFF:
        return "poweroff";
    case HD_DOMAIN_REBOOT:
    case HD_DOMAIN_SOFT_RESET:
        return "reboot";
    case HD_DOMAIN_SUSPEND: /* lives */
    case HD_DOMAIN_CRASH:
    case HD_DOMAIN_WATCHDOG:
        return "crash";
    }
    return "crash";
}

/* It has a domain that its store is not ejected without. */
static bool has_domain(const struct hd_guest_life *guest)
{
    return hd_store_guest_lives(guest) || guest->state == HD_STATE_PRESERVED;
}

/* NULL while it lives, or is kept. */
static const char *ended(struct hd_store *store, struct hd_guest_life *guest)
{
    struct hd_domain_status status;
    struct hd_err err;

    if (hd_domain_find(store->daemon->xen, &guest->uuid, &status, &err)) {
        hd_log(HD_LOG_WARNING, "guest %s: %s", guest->name, err.msg);
        return NULL;
    }
    if (status.state == HD_DOMAIN_RUNNING || status.state == HD_DOMAIN_PAUSED) {
        guest->saved = false;
        return NULL;
    }
    /* Who saves it, xl, ends it, or lets it go on. */
    if (status.state == HD_DOMAIN_SHUTDOWN &&
        status.reason == HD_DOMAIN_SUSPEND) {
        guest->saved = true;
        return NULL;
    }
    if (status.state == HD_DOMAIN_SHUTDOWN &&
        guest->state == HD_STATE_PRESERVED)
        return NULL;
    return end_reason(&status);
}

/* What each word of the manifest means. */
static const struct {
    bool dumps, restarts, keeps;
} ways[HD_END_COUNT] = {
    [HD_END_DESTROY] = {0},
    [HD_END_RESTART] = {.restarts = true},
    [HD_END_PRESERVE] = {.keeps = true},
    [HD_END_COREDUMP_DESTROY] = {.dumps = true},
    [HD_END_COREDUMP_RESTART] = {.dumps = true, .restarts = true},
};

enum hd_on_end hd_ended_way(const struct hd_stop *stop, const char *why)
{
    const struct {
        const char *why;
        uint32_t on_end;
    } ends[] = {{"poweroff", stop->on_poweroff},
                {"reboot", stop->on_reboot},
                {"crash", stop->on_crash}};

    for (size_t i = 0; i < HD_ARRAY_LEN(ends); i++)
        if (!strcmp(why, ends[i].why))
            return (enum hd_on_end)ends[i].on_end;
    return HD_END_DESTROY;
}

bool hd_ended_restarts(struct hd_guest_life *guest, const struct hd_stop *stop,
                       const char *why)
{
    bool soon = guest->ended_ms - guest->since_ms < HD_LIMIT_SOON;

    if (!ways[hd_ended_way(stop, why)].restarts)
        return false;
    guest->soon = soon ? guest->soon + 1 : 0;
    return guest->soon < HD_LIMIT_OFTEN;
}

/* What the manifest wants instead of its end; false when it is to end now. */
static bool go_on(struct hd_store *store, struct hd_guest_life *guest,
                  const char *why)
{
    const struct hd_manifest *m = &store->answer->manifest;
    int i = hd_manifest_guest(m, guest->name);
    const struct hd_stop *stop = i < 0 ? NULL : &m->guests[i].stop;
    enum hd_on_end way = stop ? hd_ended_way(stop, why) : HD_END_DESTROY;

    /* Whoever ordered its end while another job ran has not been heard yet. */
    if (guest->state == HD_STATE_PRESERVED || guest->order != HD_ORDER_NONE)
        return false;
    if (ways[way].keeps) {
        hd_life_set_guest(store, guest, HD_ON_PRESERVE, why,
                          "it is kept until `hotdom destroy` or an eject");
        hd_life_look(store);
        return true;
    }
    if (ways[way].dumps && !guest->dumped && hd_coredump_begin(store, guest))
        return true;
    return stop && hd_ended_restarts(guest, stop, why) &&
           hd_restart_begin(store, guest, why);
}

static_assert(HD_LIMIT_SOON == 60000 && HD_LIMIT_OFTEN == 3,
              "the remark says it in words");

/* What a person wonders about. */
static const char *remark(const struct hd_guest_life *guest, const char *why)
{
    if (guest->saved && !strcmp(why, "destroyed"))
        return "it was saved, as by `xl save`, which ends it; what was saved "
               "cannot be restored, for its volumes are closed: `xl save -c` "
               "lets it go on";
    return guest->soon >= HD_LIMIT_OFTEN
               ? "it has ended within a minute of its start three "
                 "times in a row; it stays down"
               : NULL;
}

void hd_life_look(struct hd_store *store)
{
    struct hd_guest_life *first = NULL;
    const char *why = NULL;
    size_t alive = 0;

    if (store->state != HD_STATE_RUNNING || store->task || store->reader ||
        store->retrying || store->daemon->stopping)
        return;
    /* Its eject was begun by an earlier hotdomd. */
    if (hd_ejected_has(HD_EJECTED_DIR, store->device.diskseq)) {
        hd_teardown_eject(store, NULL, "eject");
        return;
    }
    for (size_t i = 0; i < store->n_guests; i++) {
        struct hd_guest_life *g = &store->guests[i];
        const char *reason = has_domain(g) ? ended(store, g) : NULL;

        if (has_domain(g) && !reason)
            alive++;
        /* What is done before it starts again is no time that it ran. */
        if (reason && !g->ended_ms)
            g->ended_ms = hd_io_now_ms();
        if (reason && !first) {
            first = g;
            why = reason;
        }
    }
    if (!first && alive) {
        if (!hd_teardown_look(store))
            hd_order_next(store);
        return;
    }
    if (first && go_on(store, first, why))
        return;
    if (first)
        hd_life_set_guest(store, first, HD_ON_END, why, remark(first, why));
    hd_teardown_eject(store, alive ? first->name : NULL, why);
}
