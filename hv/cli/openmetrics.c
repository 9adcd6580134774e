/* SPDX-License-Identifier: MIT */
/* A sample as OpenMetrics 1.0 text; no I/O but on the stream it is given. */
#include "openmetrics.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/mem.h"
#include "../daemon/store.h"
#include "client.h"

/* A metric family; `key` is its number's in the sample.  A unit ends the name,
 * as the standard wants it. */
struct family {
    const char *name, *key, *unit, *help;
    bool counter;
    bool ns; /* the sample has nanoseconds, the metric seconds */
};

/* ---- lines */

static void head(FILE *out, const struct family *f)
{
    fprintf(out, "# TYPE %s %s\n", f->name, f->counter ? "counter" : "gauge");
    if (f->unit)
        fprintf(out, "# UNIT %s %s\n", f->name, f->unit);
    fprintf(out, "# HELP %s %s\n", f->name, f->help);
}

static void quote(FILE *out, const char *text)
{
    for (; *text; text++)
        if (*text == '\n')
            fputs("\\n", out);
        else
            fprintf(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
}

/* `labels` is a NULL-terminated list of names and values. */
static void line(FILE *out, const struct family *f, const char *const *labels,
                 uint64_t n)
{
    fprintf(out, "%s%s", f->name, f->counter ? "_total" : "");
    for (size_t i = 0; labels && labels[i]; i += 2) {
        fprintf(out, "%s%s=\"", i ? "," : "{", labels[i]);
        quote(out, labels[i + 1]);
        fputc('"', out);
    }
    fputs(labels && *labels ? "} " : " ", out);
    if (f->ns)
        fprintf(out, "%" PRIu64 ".%09" PRIu64 "\n", n / 1000000000,
                n % 1000000000);
    else
        fprintf(out, "%" PRIu64 "\n", n);
}

static uint64_t number(struct json_object *o, const char *key)
{
    int64_t n = hd_client_number(o, key);

    return n < 0 ? 0 : (uint64_t)n;
}

static size_t count(struct json_object *array)
{
    return json_object_is_type(array, json_type_array)
               ? json_object_array_length(array)
               : 0;
}

/* ---- by state */

static const char *const states[] = {
#define HD_X(name, text, doc) text,
    HD_STATES(HD_X)
#undef HD_X
};

/* Is that one, or how many of its guests are? */
static uint64_t in_state(struct json_object *store, bool guests,
                         const char *state)
{
    struct json_object *list = json_object_object_get(store, "guests");
    uint64_t n = 0;

    if (!guests)
        return !strcmp(hd_client_text(store, "state"), state);
    for (size_t i = 0; i < count(list); i++)
        n += !strcmp(
            hd_client_text(json_object_array_get_idx(list, i), "state"), state);
    return n;
}

/* Each state there is, so that none has a gap; `gone` is never there. */
static void by_state(FILE *out, struct json_object *stores, bool guests,
                     const struct family *f)
{
    head(out, f);
    for (size_t i = 0; i < HD_ARRAY_LEN(states); i++) {
        uint64_t n = 0;

        if (i == HD_STATE_GONE)
            continue;
        for (size_t k = 0; k < count(stores); k++)
            n += in_state(json_object_array_get_idx(stores, k), guests,
                          states[i]);
        line(out, f, (const char *[]){"state", states[i], NULL}, n);
    }
}

/* ---- each store, each guest */

static const struct family of_store[] = {
    {"hotdom_store_ledger_entries", "ledger", NULL,
     "Effects on the host that are in the store's ledger.", false, false},
    {"hotdom_store_bad_blocks", "bad_blocks", NULL,
     "Blocks of the store's images that are not what was signed.", false,
     false},
};

static const struct family of_guest[] = {
    {"hotdom_guest_cpu_seconds", "cpu_ns", "seconds",
     "Time that the guest has run, of all vcpus.", true, true},
    {"hotdom_guest_memory_bytes", "memory", "bytes",
     "Memory that the guest holds.", false, false},
    {"hotdom_guest_vcpus", "vcpus", NULL, "Vcpus that are online.", false,
     false},
    {"hotdom_guest_slowed", "slowed", NULL,
     "1 while the guest has a small part of a processor: it floods xenstore.",
     false, false},
    {"hotdom_guest_disk_read_bytes", "disk_read_bytes", "bytes",
     "What the guest has read from its disks.", true, false},
    {"hotdom_guest_disk_written_bytes", "disk_written_bytes", "bytes",
     "What the guest has written to its disks.", true, false},
    {"hotdom_guest_disk_reads", "disk_reads", NULL,
     "Read requests to the guest's disks.", true, false},
    {"hotdom_guest_disk_writes", "disk_writes", NULL,
     "Write requests to the guest's disks.", true, false},
    {"hotdom_guest_network_received_bytes", "net_received_bytes", "bytes",
     "What the guest has received through its NICs.", true, false},
    {"hotdom_guest_network_sent_bytes", "net_sent_bytes", "bytes",
     "What the guest has sent through its NICs.", true, false},
    {"hotdom_guest_network_received_packets", "net_received", "packets",
     "Packets that the guest has received.", true, false},
    {"hotdom_guest_network_sent_packets", "net_sent", "packets",
     "Packets that the guest has sent.", true, false},
};

static void each_store(FILE *out, struct json_object *stores,
                       const struct family *f)
{
    head(out, f);
    for (size_t i = 0; i < count(stores); i++) {
        struct json_object *s = json_object_array_get_idx(stores, i);

        line(out, f,
             (const char *[]){"store", hd_client_text(s, "store"), NULL},
             number(s, f->key));
    }
}

static void guests_of(FILE *out, struct json_object *store,
                      const struct family *f)
{
    struct json_object *guests = json_object_object_get(store, "guests");

    for (size_t i = 0; i < count(guests); i++) {
        struct json_object *g = json_object_array_get_idx(guests, i);

        if (json_object_object_get(g, f->key))
            line(out, f,
                 (const char *[]){"store", hd_client_text(store, "store"),
                                  "guest", hd_client_text(g, "guest"), NULL},
                 number(g, f->key));
    }
}

static void each_guest(FILE *out, struct json_object *stores,
                       const struct family *f)
{
    head(out, f);
    for (size_t i = 0; i < count(stores); i++)
        guests_of(out, json_object_array_get_idx(stores, i), f);
}

/* ---- what happened */

/* How often, of stores (`of` "store") or guests, with that label; 0 when
 * hotdomd does not tell of it. */
static uint64_t so_often(struct json_object *counts, const char *what,
                         const char *of, const char *label)
{
    uint64_t n = 0;

    for (size_t i = 0; i < count(counts); i++) {
        struct json_object *c = json_object_array_get_idx(counts, i);

        if (!strcmp(hd_client_text(c, "what"), what) &&
            !strcmp(hd_client_text(c, "of"), of) &&
            !strcmp(hd_client_text(c, "label"), label))
            n += number(c, "n");
    }
    return n;
}

static const char *const reasons[] = {
#define HD_X(name, reason, status, remedy) reason,
    HD_CODES(HD_X)
#undef HD_X
};

/* What may happen, by a label; `of` ends with NULL. */
struct happening {
    struct family family;
    const char *what, *of[3], *label;
    const char *const *labels;
    size_t n;
};

static const struct happening happenings[] = {
    {{"hotdom_failures", NULL, NULL,
      "Stores and guests that were refused or failed, by reason.", true, false},
     "failures",
     {"store", "guest", NULL},
     "reason",
     reasons,
     HD_ARRAY_LEN(reasons)},
    {{"hotdom_yanks", NULL, NULL,
      "Stores that were pulled, by the state that they were in.", true, false},
     "yanks",
     {"store", NULL},
     "state",
     states,
     HD_STATE_GONE},
};

static bool is_known(const struct happening *h, const char *label)
{
    for (size_t i = 0; i < h->n; i++)
        if (!strcmp(h->labels[i], label))
            return true;
    return false;
}

static void happened_line(FILE *out, const struct happening *h, const char *of,
                          const char *label, uint64_t n)
{
    line(out, &h->family, (const char *[]){"of", of, h->label, label, NULL}, n);
}

/* All that may happen, for Prometheus sees an increase only of what was there
 * before, be it 0; and what another hotdomd has a word for. */
static void happened(FILE *out, struct json_object *counts,
                     const struct happening *h)
{
    head(out, &h->family);
    for (size_t k = 0; h->of[k]; k++)
        for (size_t i = 0; i < h->n; i++)
            happened_line(out, h, h->of[k], h->labels[i],
                          so_often(counts, h->what, h->of[k], h->labels[i]));
    for (size_t i = 0; i < count(counts); i++) {
        struct json_object *c = json_object_array_get_idx(counts, i);
        const char *label = hd_client_text(c, "label");

        if (!strcmp(hd_client_text(c, "what"), h->what) && !is_known(h, label))
            happened_line(out, h, hd_client_text(c, "of"), label,
                          number(c, "n"));
    }
}

static void all_that_happened(FILE *out, struct json_object *counts)
{
    static const struct family starts = {
        "hotdom_guest_starts",
        NULL,
        NULL,
        "Guests that came to run since hotdomd started.",
        true,
        false};

    head(out, &starts);
    line(out, &starts, NULL, so_often(counts, "starts", "guest", ""));
    for (size_t i = 0; i < HD_ARRAY_LEN(happenings); i++)
        happened(out, counts, &happenings[i]);
}

/* ---- the host and hotdomd */

static const struct family of_host[] = {
    {"hotdom_host_cpus", "cpus", NULL, "Processors that Xen has.", false,
     false},
    {"hotdom_host_memory_bytes", "memory", "bytes", "Memory that Xen has.",
     false, false},
    {"hotdom_host_memory_free_bytes", "memory_free", "bytes",
     "Memory that Xen has free.", false, false},
    {"hotdom_host_memory_left_bytes", "memory_left", "bytes",
     "Memory that guests may still be given, by Xen and the policy.", false,
     false},
};

static const struct family of_daemon[] = {
    {"hotdomd_cpu_seconds", "cpu_ns", "seconds",
     "Processor time that hotdomd itself has used.", true, true},
    {"hotdomd_memory_bytes", "memory", "bytes",
     "Memory of hotdomd that is resident.", false, false},
    {"hotdomd_open_fds", "fds", NULL, "Descriptors that hotdomd has open.",
     false, false},
};

static void each(FILE *out, struct json_object *o, const struct family *f,
                 size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (o && json_object_object_get(o, f[i].key)) {
            head(out, &f[i]);
            line(out, &f[i], NULL, number(o, f[i].key));
        }
}

void hd_openmetrics_write(struct json_object *sample, FILE *out)
{
    static const struct family stores_by = {
        "hotdom_stores", NULL, NULL, "Attached stores by state.", false, false};
    static const struct family guests_by = {
        "hotdom_guests", NULL, NULL, "Their guests by state.", false, false};
    struct json_object *stores = json_object_object_get(sample, "stores");

    by_state(out, stores, false, &stores_by);
    by_state(out, stores, true, &guests_by);
    for (size_t i = 0; i < HD_ARRAY_LEN(of_store); i++)
        each_store(out, stores, &of_store[i]);
    for (size_t i = 0; i < HD_ARRAY_LEN(of_guest); i++)
        each_guest(out, stores, &of_guest[i]);
    all_that_happened(out, json_object_object_get(sample, "counts"));
    each(out, json_object_object_get(sample, "host"), of_host,
         HD_ARRAY_LEN(of_host));
    each(out, json_object_object_get(sample, "daemon"), of_daemon,
         HD_ARRAY_LEN(of_daemon));
    fputs("# EOF\n", out);
}
