/* SPDX-License-Identifier: MIT */
/* What guests have moved through their disks and NICs, from sysfs; changes
 * nothing. */
#include "usage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sysfs.h"

#define BACKENDS "sys/bus/xen-backend/devices"
#define SECTOR   512 /* of rd_sect and wr_sect, whatever the disk has */

struct scan {
    struct hd_usage *list;
    size_t n, max;
};

static struct hd_usage *of(struct scan *s, uint32_t domid)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->list[i].domid == domid)
            return &s->list[i];
    if (s->n == s->max)
        return NULL;
    s->list[s->n] = (struct hd_usage){.domid = domid};
    return &s->list[s->n++];
}

static void add_disk(int root, const char *name, struct hd_usage *u)
{
    static const char form[] = BACKENDS "/%s/statistics/%s";

    u->n_disks++;
    u->disk_read_bytes +=
        SECTOR * hd_sysfs_number(root, 10, form, name, "rd_sect");
    u->disk_written_bytes +=
        SECTOR * hd_sysfs_number(root, 10, form, name, "wr_sect");
    u->disk_reads += hd_sysfs_number(root, 10, form, name, "rd_req");
    u->disk_writes += hd_sysfs_number(root, 10, form, name, "wr_req");
}

/* What dom0 receives from it the guest has sent. */
static void add_nic(int root, uint32_t domid, uint32_t devid,
                    struct hd_usage *u)
{
    static const char form[] = "sys/class/net/vif%u.%u/statistics/%s";

    u->n_nics++;
    u->net_sent_bytes +=
        hd_sysfs_number(root, 10, form, domid, devid, "rx_bytes");
    u->net_received_bytes +=
        hd_sysfs_number(root, 10, form, domid, devid, "tx_bytes");
    u->net_sent += hd_sysfs_number(root, 10, form, domid, devid, "rx_packets");
    u->net_received +=
        hd_sysfs_number(root, 10, form, domid, devid, "tx_packets");
}

static void on_backend(void *ctx, int root, const char *name)
{
    unsigned domid, devid;
    struct hd_usage *u;
    char class[4];
    int end = 0;

    if (sscanf(name, "%3[a-z]-%u-%u%n", class, &domid, &devid, &end) != 3 ||
        name[end] || (strcmp(class, "vbd") && strcmp(class, "vif")))
        return;
    u = of(ctx, domid);
    if (!u)
        return;
    if (!strcmp(class, "vbd"))
        add_disk(root, name, u);
    else
        add_nic(root, domid, devid, u);
}

static int by_domid(const void *a, const void *b)
{
    const struct hd_usage *x = a, *y = b;

    return (x->domid > y->domid) - (x->domid < y->domid);
}

size_t hd_usage_scan(int root, struct hd_usage *ret, size_t max)
{
    struct scan scan = {.list = ret, .max = max};

    hd_sysfs_each(root, BACKENDS, on_backend, &scan);
    qsort(ret, scan.n, sizeof(*ret), by_domid);
    return scan.n;
}
