/* SPDX-License-Identifier: MIT */
/* All numbers of stores and guests at one moment; changes nothing, and needs no
 * right. */
#include "sample.h"

#include "../../pv-drivers/base/mem.h"
#include "../host/sysfs.h"
#include "client.h"
#include "pick.h"

#define MAX_DOMAINS 1024

static void put(struct json_object *o, const char *key, uint64_t n)
{
    json_object_object_add(o, key, json_object_new_int64((int64_t)n));
}

/* A guest without devices has moved nothing, too. */
static void join_guest(struct json_object *guest, const struct hd_usage *usage,
                       size_t n)
{
    struct hd_usage u = {0};
    int64_t domid = hd_pick_domid(guest);

    if (domid < 0)
        return;
    for (size_t i = 0; i < n; i++)
        if (usage[i].domid == (uint32_t)domid)
            u = usage[i];
    put(guest, "disks", u.n_disks);
    put(guest, "disk_read_bytes", u.disk_read_bytes);
    put(guest, "disk_written_bytes", u.disk_written_bytes);
    put(guest, "disk_reads", u.disk_reads);
    put(guest, "disk_writes", u.disk_writes);
    put(guest, "nics", u.n_nics);
    put(guest, "net_received_bytes", u.net_received_bytes);
    put(guest, "net_sent_bytes", u.net_sent_bytes);
    put(guest, "net_received", u.net_received);
    put(guest, "net_sent", u.net_sent);
}

void hd_sample_join(struct json_object *sample, const struct hd_usage *usage,
                    size_t n)
{
    struct json_object *stores = json_object_object_get(sample, "stores");

    for (size_t i = 0; stores && i < json_object_array_length(stores); i++) {
        struct json_object *guests = json_object_object_get(
            json_object_array_get_idx(stores, i), "guests");

        for (size_t k = 0; guests && k < json_object_array_length(guests); k++)
            join_guest(json_object_array_get_idx(guests, k), usage, n);
    }
}

int hd_sample_take(struct json_object **ret, struct hd_err *err)
{
    hd_autofree struct hd_usage *usage = calloc(MAX_DOMAINS, sizeof(*usage));
    hd_autofd int root = hd_sysfs_root(err);
    struct json_object *sample;

    if (!usage)
        return hd_fail_errno(err, HD_E_FAILED, "gather metrics");
    if (root < 0 || hd_client_call("Metrics", NULL, &sample, err))
        return -1;
    hd_sample_join(sample, usage, hd_usage_scan(root, usage, MAX_DOMAINS));
    *ret = sample;
    return 0;
}
