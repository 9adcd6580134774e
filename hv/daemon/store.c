/* SPDX-License-Identifier: MIT */
/* The table of attached stores, as hotdomd sees them; plain data, no I/O. */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../plan/map_text.h"
#include "../plan/need.h"
#include "record.h"

const char *hd_agent_state_name(enum hd_agent_state state)
{
    static const char *const names[] = {
#define HD_X(name, text, doc) text,
        HD_AGENT_STATES(HD_X)
#undef HD_X
    };

    return names[state];
}

struct hd_store *hd_store_new(struct hd_daemon *daemon, uv_loop_t *loop,
                              const struct hd_device *device)
{
    struct hd_store *store = calloc(1, sizeof(*store));

    if (!store)
        return NULL;
    store->daemon = daemon;
    store->device = *device;
    store->present = true;
    store->state = HD_NOTHING;
    store->since_ms = hd_io_now_ms();
    uv_timer_init(loop, &store->retry);
    store->retry.data = store;
    return store;
}

void hd_store_take(struct hd_store *store, struct hd_answer *answer,
                   const int *fds, size_t n)
{
    for (size_t i = 0; i < store->n_fds; i++)
        close(store->fds[i]);
    free(store->answer);
    store->answer = answer;
    for (size_t i = 0; i < n; i++)
        store->fds[i] = fds[i];
    store->n_fds = n;
    store->stale = false;
}

void hd_store_clear(struct hd_store *store)
{
    hd_store_take(store, NULL, NULL, 0);
    json_object_put(hd_steal(&store->map));
    json_object_put(hd_steal(&store->hot.row));
    free(hd_steal(&store->plan));
    free(hd_steal(&store->ahead.plan));
    hd_secret_free(hd_steal(&store->ahead.password));
    store->ahead = (struct hd_ahead){0};
    store->saved = store->ran = false;
    store->n_bad = 0;
    store->n_guests = 0;
    *store->label = '\0';
    *store->signer = '\0';
    store->id = (struct hd_uuid){0};
}

static void on_closed(uv_handle_t *timer)
{
    free(timer->data);
}

void hd_store_free(struct hd_store *store)
{
    hd_store_clear(store);
    hd_ledger_free(store->adopt);
    hd_record_cancel(store->record);
    /* The timer is a part of it, and libuv's until its loop says so. */
    uv_close((uv_handle_t *)&store->retry, on_closed);
}

void hd_store_fill(struct hd_store *store)
{
    const struct hd_manifest *m = &store->answer->manifest;

    store->id = m->store.id;
    store->n_guests = m->n_guests;
    for (uint32_t i = 0; i < m->n_guests; i++) {
        store->guests[i] = (struct hd_guest_life){
            .uuid = m->guests[i].id,
            .state = HD_NOTHING,
            .domid = -1,
            .memory = m->guests[i].memory.want,
            .vcpus = (uint32_t)m->guests[i].vcpus.want,
            .since_ms = store->since_ms,
        };
        strcpy(store->guests[i].name, m->guests[i].name);
    }
}

struct hd_guest_life *hd_store_guest(struct hd_store *store, const char *name)
{
    for (size_t i = 0; i < store->n_guests; i++)
        if (!strcmp(store->guests[i].name, name))
            return &store->guests[i];
    return NULL;
}

bool hd_store_guest_lives(const struct hd_guest_life *guest)
{
    return guest->state == HD_STATE_RUNNING || guest->state == HD_STATE_PAUSED;
}

bool hd_store_bad_block(struct hd_store *store,
                        const struct hd_bad_block *block)
{
    for (size_t i = 0; i < store->n_bad; i++)
        if (store->bad[i].block == block->block &&
            store->bad[i].volume == block->volume &&
            store->bad[i].tree == block->tree)
            return false;
    if (store->n_bad == HD_STORE_BAD_BLOCKS)
        return false;
    store->bad[store->n_bad++] = *block;
    return true;
}

bool hd_store_accepted(const struct hd_store *store)
{
    return *store->label && store->state != HD_STATE_REFUSED;
}

const char *hd_store_title(const struct hd_store *store)
{
    return *store->label ? store->label : store->device.name;
}

void hd_stores_add(struct hd_stores *stores, struct hd_store *store)
{
    struct hd_store **at = &stores->first;

    while (*at)
        at = &(*at)->next;
    *at = store;
}

void hd_stores_remove(struct hd_stores *stores, struct hd_store *store)
{
    struct hd_store **at = &stores->first;

    while (*at && *at != store)
        at = &(*at)->next;
    if (*at)
        *at = store->next;
    store->next = NULL;
}

struct hd_store *hd_stores_by_diskseq(const struct hd_stores *stores,
                                      uint64_t diskseq)
{
    struct hd_store *s = stores->first;

    while (s && (!s->present || s->device.diskseq != diskseq))
        s = s->next;
    return s;
}

uint32_t *hd_stores_domids(const struct hd_stores *stores, size_t *ret_n)
{
    uint32_t *domids;
    size_t room = 0, n = 0;

    for (const struct hd_store *s = stores->first; s; s = s->next)
        room += s->n_guests;
    domids = calloc(room + 1, sizeof(*domids));
    if (!domids)
        return NULL;
    for (const struct hd_store *s = stores->first; s; s = s->next)
        for (size_t i = 0; i < s->n_guests; i++)
            if (hd_store_guest_lives(&s->guests[i]))
                domids[n++] = (uint32_t)s->guests[i].domid;
    *ret_n = n;
    return domids;
}

struct hd_guest_life *hd_stores_by_domid(const struct hd_stores *stores,
                                         uint32_t domid,
                                         struct hd_store **ret_store)
{
    for (struct hd_store *s = stores->first; s; s = s->next)
        for (size_t i = 0; i < s->n_guests; i++)
            if (hd_store_guest_lives(&s->guests[i]) &&
                s->guests[i].domid == domid) {
                *ret_store = s;
                return &s->guests[i];
            }
    return NULL;
}

struct hd_store *hd_stores_by_dm_name(const struct hd_stores *stores,
                                      const char *dm_name, uint32_t *ret_volume)
{
    char name[HD_DM_NAME_SIZE];

    for (struct hd_store *s = stores->first; s; s = s->next)
        for (uint32_t i = 0;
             *s->label && s->answer && i < s->answer->manifest.n_volumes; i++) {
            hd_plan_dm_name(s->label, s->answer->manifest.volumes[i].name,
                            name);
            if (!strcmp(name, dm_name)) {
                *ret_volume = i;
                return s;
            }
        }
    return NULL;
}

struct hd_guest_life *hd_store_owner(struct hd_store *store, uint32_t volume)
{
    const struct hd_manifest *m = &store->answer->manifest;

    for (uint32_t g = 0; g < m->n_guests; g++)
        for (uint32_t d = 0; d < m->guests[g].n_disks; d++)
            if (hd_manifest_volume(m, m->guests[g].disks[d].name) ==
                (int)volume)
                return hd_store_guest(store, m->guests[g].name);
    return NULL;
}

/* It has memory of its own, or was promised some. */
static bool is_committed(const struct hd_guest_life *guest)
{
    switch (guest->state) {
    case HD_STATE_PLANNED:
    case HD_STATE_BUILDING:
    case HD_STATE_RUNNING:
    case HD_STATE_PAUSED:
    case HD_STATE_PRESERVED:
    case HD_STATE_EJECTING:
    case HD_STATE_FENCED:
    case HD_STATE_QUARANTINED:
        return true;
    case HD_STATE_SEEN:
    case HD_STATE_LOCKED:
    case HD_STATE_REFUSED:
    case HD_STATE_GONE:
    case HD_STATE_COUNT:
        return false;
    case HD_STATE_FAILED:
        return guest->stuck;
    }
    return false;
}

/* What of the host's own a row of the map has given: dom0's memory, a device.
 */
static void add_row(struct json_object *row, struct hd_commitments *ret)
{
    const char *class = hd_map_text_get(row, "class");
    bool absent =
        !strcmp(hd_map_text_get(row, "how"), hd_how_name(HD_HOW_ABSENT));

    if (!strcmp(class, hd_class_name(HD_CLASS_BLOCK)) &&
        json_object_get_boolean(json_object_object_get(row, "own")))
        ret->scratch += hd_map_text_number(row, "given");
    if ((!strcmp(class, hd_class_name(HD_CLASS_USB)) ||
         !strcmp(class, hd_class_name(HD_CLASS_PCI))) &&
        !absent && ret->n_devices < HD_MAX_GIVEN)
        snprintf(ret->devices[ret->n_devices++], sizeof(ret->devices[0]), "%s",
                 hd_map_text_get(row, "host"));
}

static void add_given(const struct hd_store *s, const char *guest,
                      struct hd_commitments *ret)
{
    struct json_object *g = s->map ? hd_map_text_guest(s->map, guest) : NULL;
    struct json_object *rows = g ? json_object_object_get(g, "rows") : NULL;

    for (size_t i = 0; rows && i < json_object_array_length(rows); i++)
        add_row(json_object_array_get_idx(rows, i), ret);
}

/* Xen counts what it needs as free no longer. */
static bool is_taken(const struct hd_store *s, const struct hd_guest_life *g)
{
    if (g->ahead)
        return !s->task || s->op != HD_JOB_BUILD;
    return g->state != HD_STATE_PLANNED && g->state != HD_STATE_BUILDING;
}

void hd_stores_commitments(const struct hd_stores *stores,
                           const struct hd_store *store,
                           struct hd_commitments *ret)
{
    *ret = (struct hd_commitments){0};
    for (const struct hd_store *s = stores->first; s; s = s->next)
        if (s->hot.row)
            add_row(s->hot.row, ret);
    for (const struct hd_store *s = stores->first; s; s = s->next)
        for (size_t i = 0; i < s->n_guests; i++) {
            const struct hd_guest_life *g = &s->guests[i];
            uint64_t need = hd_need_bytes(g->memory, g->vcpus);

            if (s == store && g->ahead) {
                ret->own += need;
                continue;
            }
            if (!is_committed(g) && !g->ahead)
                continue;
            ret->guests++;
            ret->memory += need;
            add_given(s, g->name, ret);
            if (!is_taken(s, g))
                ret->reserved += need;
        }
}

bool hd_stores_has(void *stores, const struct hd_uuid *id)
{
    const struct hd_stores *all = stores;

    for (const struct hd_store *s = all->first; s; s = s->next)
        if (hd_uuid_equal(&s->id, id))
            return true;
    return false;
}

uint32_t hd_stores_parallel(const struct hd_stores *stores,
                            const struct hd_store *store, uint64_t limit)
{
    uint64_t taken = 0, left;

    for (const struct hd_store *s = stores->first; s; s = s->next)
        if (s->task && (s->op == HD_JOB_START || s->op == HD_JOB_BUILD))
            taken += s->parallel;
    left = limit > taken ? limit - taken : 1;
    return (uint32_t)(left < store->n_guests ? left : store->n_guests);
}

struct hd_store *hd_stores_twin(const struct hd_stores *stores,
                                const struct hd_store *store)
{
    struct hd_store *s = stores->first;

    while (s && (s == store || !hd_store_accepted(s) ||
                 !hd_uuid_equal(&s->id, &store->id)))
        s = s->next;
    return s;
}

static bool label_taken(const struct hd_stores *stores,
                        const struct hd_store *store, const char *label)
{
    for (const struct hd_store *s = stores->first; s; s = s->next)
        if (s != store && !strcmp(s->label, label))
            return true;
    return false;
}

int hd_stores_label(const struct hd_stores *stores,
                    const struct hd_store *store, char ret[HD_LABEL_SIZE],
                    struct hd_err *err)
{
    const char *name = store->answer->manifest.store.name;
    char id[HD_UUID_SIZE], label[HD_LABEL_SIZE];

    snprintf(label, sizeof(label), "%s", name);
    if (label_taken(stores, store, label)) {
        hd_uuid_format(&store->id, id);
        snprintf(label, sizeof(label), "%s-%.4s", name, id);
    }
    if (label_taken(stores, store, label))
        return hd_fail(err, HD_E_DUPLICATE_STORE,
                       "a store named %s is attached; eject that one first",
                       label);
    strcpy(ret, label);
    return 0;
}

static bool is_called(const struct hd_store *store, const char *name)
{
    char id[HD_UUID_SIZE];

    if (!strncmp(name, "/dev/", 5))
        return !strcmp(store->device.name, name + 5);
    hd_uuid_format(&store->id, id);
    return !strcmp(store->device.name, name) || !strcmp(store->label, name) ||
           (!hd_uuid_is_zero(&store->id) && !strcmp(id, name));
}

/* "a, b, c" of what is there; cut where the room ends. */
static void list_titles(const struct hd_stores *stores, char *text, size_t size)
{
    size_t used = 0;

    *text = '\0';
    for (const struct hd_store *s = stores->first; s && used < size;
         s = s->next)
        used += (size_t)snprintf(text + used, size - used, "%s%s",
                                 used ? ", " : "", hd_store_title(s));
}

static int no_such(const struct hd_stores *stores, const char *name,
                   struct hd_err *err)
{
    char titles[300];

    if (!stores->first)
        return hd_fail(err, HD_E_NO_STORE, "no store is attached");
    list_titles(stores, titles, sizeof(titles));
    if (!name)
        return hd_fail(err, HD_E_NO_STORE, "say which store: %s", titles);
    return hd_fail(err, HD_E_NO_STORE,
                   "no store is called \"%.64s\"; attached: %s", name, titles);
}

int hd_stores_find(const struct hd_stores *stores, const char *name,
                   enum hd_state only, struct hd_store **ret,
                   struct hd_err *err)
{
    struct hd_store *found = NULL;
    size_t matches = 0;

    for (struct hd_store *s = stores->first; s; s = s->next) {
        if (name ? !is_called(s, name) : s->state != only)
            continue;
        found = s;
        matches++;
    }
    /* None waits for it: then the only one there is, and why it cannot. */
    if (!name && !matches && stores->first && !stores->first->next) {
        found = stores->first;
        matches = 1;
    }
    if (matches != 1)
        return no_such(stores, name, err);
    *ret = found;
    return 0;
}
