/* SPDX-License-Identifier: MIT */
/* Lets volumes go that hold back what failed, when their medium is still there;
 * never waits for the medium. */
#include "held.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/mem.h"
#include "../daemon/life.h"
#include "../host/lun.h"
#include "../run/hold.h"

/* One volume, from the failure until it holds back again. */
struct hd_held {
    struct hd_held *next;
    struct hd_daemon *daemon;
    uv_timer_t timer;
    bool let_go;
    char name[HD_DM_NAME_SIZE];
};

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void done(struct hd_held *h)
{
    struct hd_held **at = &h->daemon->held;

    while (*at != h)
        at = &(*at)->next;
    *at = h->next;
    uv_close((uv_handle_t *)&h->timer, on_closed);
}

static bool is_silent(const struct hd_store *store)
{
    hd_autofd int sys = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);

    return hd_lun_is_one(sys, store->device.name) &&
           hd_lun_state(sys, store->device.name) == HD_LUN_SILENT;
}

/* Whose volume it is nobody knows before that store is read. */
static bool any_is_adopted(const struct hd_daemon *d)
{
    const struct hd_store *s = d->stores.first;

    while (s && !s->adopt)
        s = s->next;
    return s;
}

/* A person sees why the guest stood still, and what of. */
static void let_go(struct hd_held *h, struct hd_store *store, uint32_t volume)
{
    const char *name =
        store ? store->answer->manifest.volumes[volume].name : h->name;
    struct hd_err why = {0};
    bool held;

    if (hd_hold_let_go(h->name, &held, &why))
        hd_log(HD_LOG_ERROR, "%s", why.msg);
    if (!held)
        return;
    hd_fail(&why, HD_E_IO,
            "volume %s: its disk failed a request and is still there; the "
            "guest waited, and is told what fails once more (see the kernel's "
            "log, and whether the stick sits well)",
            name);
    hd_log(HD_LOG_WARNING, "%s: %s", store ? hd_store_title(store) : "a store",
           why.msg);
    if (store)
        hd_life_note(store, hd_store_owner(store, volume),
                     hd_err_reason(why.code), why.msg);
}

static void on_time(uv_timer_t *timer)
{
    struct hd_held *h = timer->data;
    uint32_t volume;
    struct hd_store *store =
        hd_stores_by_dm_name(&h->daemon->stores, h->name, &volume);
    struct hd_err err;

    if (store && !store->present) {
        done(h);
    } else if (h->let_go) {
        if (hd_hold_again(h->name, &err))
            hd_log(HD_LOG_ERROR, "%s", err.msg);
        done(h);
    } else if (store ? is_silent(store) : any_is_adopted(h->daemon)) {
        uv_timer_start(timer, on_time, HD_LIMIT_HELD, 0);
    } else {
        let_go(h, store, volume);
        h->let_go = true;
        uv_timer_start(timer, on_time, HD_LIMIT_TELL, 0);
    }
}

/* What fails while it is told, or held again, brings an event of its own. */
static bool is_watched(const struct hd_daemon *daemon, const char *dm_name)
{
    const struct hd_held *h = daemon->held;

    while (h && strcmp(h->name, dm_name))
        h = h->next;
    return h;
}

void hd_held_watch(struct hd_daemon *daemon, const char *dm_name)
{
    struct hd_held *h;

    if (is_watched(daemon, dm_name))
        return;
    h = calloc(1, sizeof(*h));
    if (!h) {
        hd_log(HD_LOG_ERROR, "%s holds back what failed: no memory", dm_name);
        return;
    }
    h->daemon = daemon;
    h->next = daemon->held;
    daemon->held = h;
    snprintf(h->name, sizeof(h->name), "%s", dm_name);
    h->timer.data = h;
    uv_timer_init(daemon->loop, &h->timer);
    uv_timer_start(&h->timer, on_time, HD_LIMIT_HELD, 0);
}

void hd_held_watch_store(struct hd_store *store)
{
    const struct hd_manifest *m = &store->answer->manifest;
    char name[HD_DM_NAME_SIZE];

    for (uint32_t i = 0; i < m->n_volumes; i++)
        if (m->volumes[i].kind != HD_VOLUME_IMAGE) {
            hd_plan_dm_name(store->label, m->volumes[i].name, name);
            hd_held_watch(store->daemon, name);
        }
}

void hd_held_watch_all(struct hd_daemon *daemon)
{
    for (struct hd_store *s = daemon->stores.first; s; s = s->next)
        if (s->answer && *s->label)
            hd_held_watch_store(s);
}
