/* SPDX-License-Identifier: MIT */
/* What only hotdomd knows of stores and guests in numbers, as JSON; never
 * looks at a device, and waits for nothing. */
#include "metrics.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/paths.h"
#include "../host/inventory.h"
#include "../plan/map.h"

static void put_text(struct json_object *o, const char *key, const char *text)
{
    json_object_object_add(o, key, json_object_new_string(text));
}

static void put(struct json_object *o, const char *key, uint64_t n)
{
    json_object_object_add(o, key, json_object_new_int64((int64_t)n));
}

/* ---- stores and guests */

/* As Xen counts them now; a domid may be another's by now. */
static void put_domain(struct hd_daemon *d, struct json_object *o,
                       const struct hd_guest_life *guest)
{
    struct hd_domain_status status;
    struct hd_err err;

    if (guest->domid < 0 || !d->xen ||
        hd_domain_status(d->xen, (uint32_t)guest->domid, &status, &err) ||
        status.state == HD_DOMAIN_GONE ||
        !hd_uuid_equal(&status.uuid, &guest->uuid))
        return;
    put(o, "domid", status.domid);
    put(o, "cpu_ns", status.cpu_ns);
    put(o, "memory", status.memory);
    put(o, "vcpus", status.vcpus);
    put(o, "slowed", guest->flood.slowed);
}

static struct json_object *view_guest(struct hd_daemon *d,
                                      const struct hd_guest_life *guest)
{
    struct json_object *o = json_object_new_object();

    put_text(o, "guest", guest->name);
    put_text(o, "state", hd_state_name(guest->state));
    put_domain(d, o, guest);
    return o;
}

static uint64_t ledger_entries(const struct hd_store *store)
{
    hd_auto(hd_ledger) ledger = NULL;
    const struct hd_effect *e;
    uint64_t left = 0;
    size_t n;

    if (hd_uuid_is_zero(&store->id) ||
        hd_ledger_peek(HD_LEDGER_DIR, &store->id, &ledger, NULL))
        return 0;
    e = hd_ledger_effects(ledger, &n);
    for (size_t i = 0; i < n; i++)
        left += !e[i].undone;
    return left;
}

static struct json_object *view_store(struct hd_daemon *d,
                                      const struct hd_store *store)
{
    struct json_object *o = json_object_new_object();
    struct json_object *guests = json_object_new_array();

    put_text(o, "store", hd_store_title(store));
    put_text(o, "state", hd_state_name(store->state));
    put(o, "ledger", ledger_entries(store));
    put(o, "bad_blocks", store->n_bad);
    /* As in the list. */
    for (size_t i = 0; store->state != HD_STATE_REFUSED && i < store->n_guests;
         i++)
        if (store->guests[i].state != HD_STATE_GONE)
            json_object_array_add(guests, view_guest(d, &store->guests[i]));
    json_object_object_add(o, "guests", guests);
    return o;
}

/* ---- what happened */

static struct json_object *view_counts(const struct hd_tally *tally)
{
    static const char *const names[] = {[HD_TALLY_STARTS] = "starts",
                                        [HD_TALLY_FAILURES] = "failures",
                                        [HD_TALLY_YANKS] = "yanks"};
    struct json_object *list = json_object_new_array();

    for (size_t i = 0; i < tally->n; i++) {
        const struct hd_tally_count *c = &tally->counts[i];
        struct json_object *o = json_object_new_object();

        put_text(o, "what", names[c->what]);
        put_text(o, "of", c->guest ? "guest" : "store");
        put_text(o, "label", c->label);
        put(o, "n", c->n);
        json_object_array_add(list, o);
    }
    return list;
}

/* ---- this process, and the host */

static uint64_t open_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *e;
    uint64_t n = 0;

    while (dir && (e = readdir(dir)))
        n += *e->d_name != '.';
    if (dir)
        closedir(dir);
    return n ? n - 1 : 0; /* less this one */
}

static uint64_t resident(void)
{
    hd_autofree char *text = NULL;
    unsigned long pages = 0;

    if (hd_io_read_file("/proc/self/statm", 256, &text, NULL, NULL) ||
        sscanf(text, "%*u %lu", &pages) != 1)
        return 0;
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static struct json_object *view_daemon(void)
{
    struct json_object *o = json_object_new_object();
    struct rusage usage;

    if (!getrusage(RUSAGE_SELF, &usage))
        put(o, "cpu_ns",
            (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) *
                    1000000000 +
                (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) *
                    1000);
    put(o, "memory", resident());
    put(o, "fds", open_fds());
    return o;
}

/* NULL when Xen does not answer. */
static struct json_object *view_host(struct hd_daemon *d)
{
    hd_autofree struct hd_inventory *inventory = malloc(sizeof(*inventory));
    const struct hd_policy *policy = hd_rules_policy(&d->rules, NULL);
    struct hd_commitments commitments;
    struct hd_map_input in = {
        .inventory = inventory, .policy = policy, .commitments = &commitments};
    struct json_object *o;
    uint64_t free_, quota;

    if (!inventory || hd_inventory_scan(0, inventory, NULL))
        return NULL;
    o = json_object_new_object();
    put(o, "cpus", inventory->cpus);
    put(o, "memory", inventory->memory_total);
    put(o, "memory_free", inventory->memory_free);
    hd_stores_commitments(&d->stores, NULL, &commitments);
    if (policy) {
        hd_map_memory_left(&in, &free_, &quota);
        put(o, "memory_left", free_ < quota ? free_ : quota);
    }
    return o;
}

struct json_object *hd_metrics_view(struct hd_daemon *d)
{
    struct json_object *o = json_object_new_object();
    struct json_object *stores = json_object_new_array();

    for (const struct hd_store *s = d->stores.first; s; s = s->next)
        json_object_array_add(stores, view_store(d, s));
    json_object_object_add(o, "stores", stores);
    json_object_object_add(o, "counts", view_counts(&d->tally));
    json_object_object_add(o, "daemon", view_daemon());
    json_object_object_add(o, "host", view_host(d));
    return o;
}
