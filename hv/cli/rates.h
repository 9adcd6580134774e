/* SPDX-License-Identifier: MIT */
/* What stores and guests take per second, from two samples. */
#ifndef HD_CLI_RATES_H
#define HD_CLI_RATES_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "../plan/map.h"

/* A store with the sum of its guests, or one of these. */
struct hd_rate {
    char store[64], guest[HD_NAME_SIZE]; /* empty: the store itself */
    char state[16];
    int64_t domid;   /* -1: none */
    double cpu;      /* processors: 1 is all of one */
    uint64_t memory; /* bytes */
    uint64_t vcpus;
    double disk_read, disk_written; /* bytes a second */
    double disk_reads, disk_writes; /* requests a second */
    double net_received, net_sent;  /* bytes a second */
};

enum hd_rates_order {
    HD_RATES_BY_CPU,
    HD_RATES_BY_MEMORY,
    HD_RATES_BY_DISK,
    HD_RATES_BY_NET,
    HD_RATES_BY_NAME,
};

struct hd_rates {
    double seconds;                    /* between the samples */
    uint64_t memory_left, memory_free; /* bytes */
    bool has_host;
    struct hd_rate *rows; /* owned; each store, and behind it its guests */
    size_t n;
};

/* `before` NULL: all rates are 0.  A domain that is new, or whose counters went
 * back, has done nothing yet.  Of HD_E_FAILED there is only no memory. */
int hd_rates_make(struct json_object *before, struct json_object *now,
                  double seconds, struct hd_rates *ret, struct hd_err *err);
void hd_rates_fini(struct hd_rates *rates);
/* Stores, and the guests of each, the busiest first. */
void hd_rates_sort(struct hd_rates *rates, enum hd_rates_order order);
/* {"seconds", "host": {...}, "stores": [{..., "guests": [...]}]}; the caller
 * puts it. */
struct json_object *hd_rates_json(const struct hd_rates *rates);

#endif
