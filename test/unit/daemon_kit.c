/* SPDX-License-Identifier: MIT */
/* Makes and ends a hotdomd with one store. */
#include "daemon_kit.h"

#include <string.h>

#include "../../pv-drivers/base/log.h"
#include "unit.h"

static void on_event(void *ctx, const struct hd_event *event)
{
    struct kit_daemon *k = ctx;

    k->last = *event;
    k->told++;
}

static void make_daemon(struct kit_daemon *k)
{
    memset(k, 0, sizeof(*k));
    uv_loop_init(&k->loop);
    k->daemon.loop = &k->loop;
    k->daemon.stopping = true;
    k->daemon.events = hd_events_new();
    hd_events_listen(k->daemon.events, on_event, k);
}

static void make_store(struct kit_daemon *k)
{
    struct hd_device device = {.name = "sda", .diskseq = 1};

    k->store = hd_store_new(&k->daemon, &k->loop, &device);
    CU_ASSERT_PTR_NOT_NULL_FATAL(k->store);
    hd_stores_add(&k->daemon.stores, k->store);
    k->store->answer = calloc(1, sizeof(*k->store->answer));
    CU_ASSERT_PTR_NOT_NULL_FATAL(k->store->answer);
    k->store->state = HD_STATE_RUNNING;
    k->store->known = true;
    k->guests = k->store->guests;
}

void kit_daemon_init(struct kit_daemon *k, const char *label,
                     const char *const *guests)
{
    struct hd_manifest *m;

    hd_log_init("unit", HD_LOG_ERROR - 1);
    make_daemon(k);
    make_store(k);
    m = &k->store->answer->manifest;
    for (; guests[m->n_guests]; m->n_guests++)
        strcpy(m->guests[m->n_guests].name, guests[m->n_guests]);
    hd_store_fill(k->store);
    strcpy(k->store->label, label);
    for (uint32_t i = 0; i < m->n_guests; i++)
        k->guests[i].state = HD_STATE_RUNNING;
}

void kit_daemon_fini(struct kit_daemon *k)
{
    if (k->daemon.stores.first) {
        hd_stores_remove(&k->daemon.stores, k->store);
        hd_store_free(k->store);
    }
    hd_events_free(k->daemon.events);
    uv_run(&k->loop, UV_RUN_DEFAULT);
    CU_ASSERT_EQUAL(uv_loop_close(&k->loop), 0);
    hd_log_init("unit", HD_LOG_WARNING);
}
