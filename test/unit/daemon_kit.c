/* SPDX-License-Identifier: MIT */
/* Makes and ends a hotdomd with one store. */
#include "daemon_kit.h"

#include <stdio.h>
#include <string.h>

#include "../../hv/host/kept.h"
#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/paths.h"
#include "unit.h"

char kit_orders[256];

int __real_hd_kept_save(const char *dir, const struct hd_uuid *id,
                        const void *text, size_t len, size_t max,
                        struct hd_err *err);
int __wrap_hd_kept_save(const char *dir, const struct hd_uuid *id,
                        const void *text, size_t len, size_t max,
                        struct hd_err *err);
int __real_hd_kept_load(const char *dir, const struct hd_uuid *id,
                        size_t max_bytes, char **ret, size_t *ret_len,
                        struct hd_err *err);
int __wrap_hd_kept_load(const char *dir, const struct hd_uuid *id,
                        size_t max_bytes, char **ret, size_t *ret_len,
                        struct hd_err *err);
int __real_hd_kept_forget(const char *dir, const struct hd_uuid *id,
                          struct hd_err *err);
int __wrap_hd_kept_forget(const char *dir, const struct hd_uuid *id,
                          struct hd_err *err);

int __wrap_hd_kept_save(const char *dir, const struct hd_uuid *id,
                        const void *text, size_t len, size_t max,
                        struct hd_err *err)
{
    if (strcmp(dir, HD_ORDER_DIR))
        return __real_hd_kept_save(dir, id, text, len, max, err);
    snprintf(kit_orders, sizeof(kit_orders), "%.*s", (int)len,
             (const char *)text);
    return 0;
}

int __wrap_hd_kept_load(const char *dir, const struct hd_uuid *id,
                        size_t max_bytes, char **ret, size_t *ret_len,
                        struct hd_err *err)
{
    if (strcmp(dir, HD_ORDER_DIR))
        return __real_hd_kept_load(dir, id, max_bytes, ret, ret_len, err);
    if (!*kit_orders)
        return hd_fail(err, HD_E_NO_STORE, "nothing is kept");
    *ret = strdup(kit_orders);
    *ret_len = strlen(kit_orders);
    return 0;
}

int __wrap_hd_kept_forget(const char *dir, const struct hd_uuid *id,
                          struct hd_err *err)
{
    if (strcmp(dir, HD_ORDER_DIR))
        return __real_hd_kept_forget(dir, id, err);
    *kit_orders = '\0';
    return 0;
}

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

    *kit_orders = '\0';
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

static bool is_last(const struct kit_daemon *k, const struct hd_err *why)
{
    return k->told && !strcmp(k->last.guest, "desk") &&
           !strcmp(k->last.reason, hd_err_reason(why->code)) &&
           !strcmp(k->last.message, why->msg);
}

static bool tells_start(const struct hd_err *why)
{
    static const char *const guests[] = {"desk", "lab", NULL};
    struct hd_job_report report = {
        .kind = HD_REPORT_FAILED, .guest = "desk", .err = *why};
    struct kit_daemon k;
    bool told;

    kit_daemon_init(&k, "travel", guests);
    k.store->state = k.guests[0].state = HD_STATE_BUILDING;
    k.store->op = HD_JOB_START;
    hd_report_take(k.store, &report);
    told = is_last(&k, why) && k.last.to == HD_STATE_FAILED;
    kit_daemon_fini(&k);
    return told;
}

static bool tells_attach(const struct hd_err *why)
{
    static const char *const guests[] = {"desk", NULL};
    struct kit_daemon k;
    bool told;

    kit_daemon_init(&k, "travel", guests);
    k.store->op = HD_JOB_ATTACH;
    strcpy(k.store->hot.guest, "desk");
    k.store->hot.row = json_object_new_object();
    hd_hot_ended(k.store, why);
    told = is_last(&k, why) && k.last.from == k.last.to;
    kit_daemon_fini(&k);
    return told;
}

bool kit_daemon_tells(const struct hd_err *why)
{
    return tells_start(why) && tells_attach(why);
}
