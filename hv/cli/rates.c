/* SPDX-License-Identifier: MIT */
/* What stores and guests take per second, from two samples; no I/O. */
#include "rates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "client.h"
#include "pick.h"

static size_t count(struct json_object *array)
{
    return json_object_is_type(array, json_type_array)
               ? json_object_array_length(array)
               : 0;
}

/* ---- one guest */

/* By domid, which is nobody else's within a boot for long enough. */
static struct json_object *find_guest(struct json_object *sample, int64_t domid)
{
    struct json_object *stores = json_object_object_get(sample, "stores");

    for (size_t i = 0; domid >= 0 && i < count(stores); i++) {
        struct json_object *guests = json_object_object_get(
            json_object_array_get_idx(stores, i), "guests");

        for (size_t k = 0; k < count(guests); k++) {
            struct json_object *g = json_object_array_get_idx(guests, k);

            if (hd_pick_domid(g) == domid)
                return g;
        }
    }
    return NULL;
}

static double rate(struct json_object *before, struct json_object *now,
                   const char *key, double seconds)
{
    int64_t moved = hd_client_number(now, key) - hd_client_number(before, key);

    return before && moved > 0 && seconds > 0 ? (double)moved / seconds : 0;
}

static void fill_guest(struct json_object *before, struct json_object *now,
                       double seconds, struct hd_rate *r)
{
    snprintf(r->guest, sizeof(r->guest), "%s", hd_client_text(now, "guest"));
    snprintf(r->state, sizeof(r->state), "%s", hd_client_text(now, "state"));
    r->domid = hd_pick_domid(now);
    before = before ? find_guest(before, r->domid) : NULL;
    r->memory = (uint64_t)hd_client_number(now, "memory");
    r->vcpus = (uint64_t)hd_client_number(now, "vcpus");
    r->cpu = rate(before, now, "cpu_ns", seconds) / 1e9;
    r->disk_read = rate(before, now, "disk_read_bytes", seconds);
    r->disk_written = rate(before, now, "disk_written_bytes", seconds);
    r->disk_reads = rate(before, now, "disk_reads", seconds);
    r->disk_writes = rate(before, now, "disk_writes", seconds);
    r->net_received = rate(before, now, "net_received_bytes", seconds);
    r->net_sent = rate(before, now, "net_sent_bytes", seconds);
}

static void add(struct hd_rate *sum, const struct hd_rate *r)
{
    sum->cpu += r->cpu;
    sum->memory += r->memory;
    sum->vcpus += r->vcpus;
    sum->disk_read += r->disk_read;
    sum->disk_written += r->disk_written;
    sum->disk_reads += r->disk_reads;
    sum->disk_writes += r->disk_writes;
    sum->net_received += r->net_received;
    sum->net_sent += r->net_sent;
}

/* ---- all */

static size_t room(struct json_object *stores)
{
    size_t n = 0;

    for (size_t i = 0; i < count(stores); i++)
        n += 1 + count(json_object_object_get(
                     json_object_array_get_idx(stores, i), "guests"));
    return n;
}

static void fill_store(struct json_object *before, struct json_object *store,
                       struct hd_rates *ret)
{
    struct json_object *guests = json_object_object_get(store, "guests");
    struct hd_rate *sum = &ret->rows[ret->n++];

    sum->domid = -1;
    snprintf(sum->store, sizeof(sum->store), "%s",
             hd_client_text(store, "store"));
    snprintf(sum->state, sizeof(sum->state), "%s",
             hd_client_text(store, "state"));
    for (size_t i = 0; i < count(guests); i++) {
        struct hd_rate *r = &ret->rows[ret->n++];

        memcpy(r->store, sum->store, sizeof(r->store));
        fill_guest(before, json_object_array_get_idx(guests, i), ret->seconds,
                   r);
        add(sum, r);
    }
}

int hd_rates_make(struct json_object *before, struct json_object *now,
                  double seconds, struct hd_rates *ret, struct hd_err *err)
{
    struct json_object *stores = json_object_object_get(now, "stores");
    struct json_object *host = json_object_object_get(now, "host");
    struct hd_rates rates = {.seconds = seconds, .has_host = host};

    rates.rows = calloc(room(stores) + 1, sizeof(*rates.rows));
    if (!rates.rows)
        return hd_fail_errno(err, HD_E_FAILED, "compare two samples");
    rates.memory_left = (uint64_t)hd_client_number(host, "memory_left");
    rates.memory_free = (uint64_t)hd_client_number(host, "memory_free");
    for (size_t i = 0; i < count(stores); i++)
        fill_store(before, json_object_array_get_idx(stores, i), &rates);
    *ret = rates;
    return 0;
}

void hd_rates_fini(struct hd_rates *rates)
{
    free(rates->rows);
    *rates = (struct hd_rates){0};
}

/* ---- order */

static double weight(const struct hd_rate *r, enum hd_rates_order order)
{
    switch (order) {
    case HD_RATES_BY_CPU:
        return r->cpu;
    case HD_RATES_BY_MEMORY:
        return (double)r->memory;
    case HD_RATES_BY_DISK:
        return r->disk_read + r->disk_written;
    case HD_RATES_BY_NET:
        return r->net_received + r->net_sent;
    case HD_RATES_BY_NAME:
        return 0;
    }
    return 0;
}

/* For qsort_r: what the rows of a store are sorted with. */
struct sorting {
    const struct hd_rates *rates;
    enum hd_rates_order order;
};

static const struct hd_rate *store_of(const struct hd_rates *rates,
                                      const struct hd_rate *r)
{
    for (size_t i = 0; i < rates->n; i++)
        if (!*rates->rows[i].guest && !strcmp(rates->rows[i].store, r->store))
            return &rates->rows[i];
    return r;
}

static int most(double a, double b)
{
    return (a < b) - (a > b);
}

static int compare(const void *a, const void *b, void *ctx)
{
    const struct hd_rate *x = a, *y = b;
    const struct sorting *s = ctx;
    int c = 0;

    if (strcmp(x->store, y->store)) {
        c = most(weight(store_of(s->rates, x), s->order),
                 weight(store_of(s->rates, y), s->order));
        return c ? c : strcmp(x->store, y->store);
    }
    if (!*x->guest || !*y->guest)
        return (*x->guest != '\0') - (*y->guest != '\0');
    c = most(weight(x, s->order), weight(y, s->order));
    return c ? c : strcmp(x->guest, y->guest);
}

void hd_rates_sort(struct hd_rates *rates, enum hd_rates_order order)
{
    size_t bytes = rates->n * sizeof(*rates->rows);
    struct hd_rate *copy = malloc(bytes + 1);
    struct hd_rates before = {.rows = copy, .n = rates->n};
    struct sorting sorting = {&before, order};

    if (!copy) /* unsorted, then */
        return;
    memcpy(copy, rates->rows, bytes);
    qsort_r(rates->rows, rates->n, sizeof(*rates->rows), compare, &sorting);
    free(copy);
}

/* ---- as JSON */

static void put(struct json_object *o, const char *key, double value)
{
    char text[40];

    snprintf(text, sizeof(text), "%.3f", value);
    json_object_object_add(o, key, json_object_new_double_s(value, text));
}

static void put_whole(struct json_object *o, const char *key, uint64_t value)
{
    json_object_object_add(o, key, json_object_new_int64((int64_t)value));
}

static struct json_object *row_json(const struct hd_rate *r)
{
    struct json_object *o = json_object_new_object();

    json_object_object_add(
        o, *r->guest ? "guest" : "store",
        json_object_new_string(*r->guest ? r->guest : r->store));
    if (*r->guest)
        json_object_object_add(
            o, "domid", r->domid < 0 ? NULL : json_object_new_int64(r->domid));
    json_object_object_add(o, "state", json_object_new_string(r->state));
    put(o, "cpu", r->cpu);
    put_whole(o, "memory", r->memory);
    put_whole(o, "vcpus", r->vcpus);
    put(o, "disk_read_bytes", r->disk_read);
    put(o, "disk_written_bytes", r->disk_written);
    put(o, "disk_reads", r->disk_reads);
    put(o, "disk_writes", r->disk_writes);
    put(o, "net_received_bytes", r->net_received);
    put(o, "net_sent_bytes", r->net_sent);
    return o;
}

struct json_object *hd_rates_json(const struct hd_rates *rates)
{
    struct json_object *o = json_object_new_object(), *guests = NULL;
    struct json_object *stores = json_object_new_array();

    put(o, "seconds", rates->seconds);
    if (rates->has_host) {
        put_whole(o, "memory_left", rates->memory_left);
        put_whole(o, "memory_free", rates->memory_free);
    }
    for (size_t i = 0; i < rates->n; i++) {
        struct json_object *row = row_json(&rates->rows[i]);

        if (*rates->rows[i].guest) {
            json_object_array_add(guests, row);
            continue;
        }
        guests = json_object_new_array();
        json_object_object_add(row, "guests", guests);
        json_object_array_add(stores, row);
    }
    json_object_object_add(o, "stores", stores);
    return o;
}
