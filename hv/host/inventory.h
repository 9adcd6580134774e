/* SPDX-License-Identifier: MIT */
/* What the host has, read from Xen and sysfs; never changes anything. */
#ifndef HD_HOST_INVENTORY_H
#define HD_HOST_INVENTORY_H

#include <stdint.h>

#include "../../pv-drivers/base/err.h"

#define HD_MAX_BRIDGES 32

struct hd_inventory {
    uint64_t memory_total, memory_free; /* bytes; free counts scrubbing pages */
    uint32_t cpus;
    uint32_t n_bridges;
    char bridges[HD_MAX_BRIDGES][16]; /* sorted; xenbr0 first when there */
};

/* HD_E_NO_XEN unless this is dom0 of a running Xen.  A few hypercalls and some
 * files of sysfs: under a millisecond. */
int hd_inventory_scan(struct hd_inventory *ret, struct hd_err *err);
/* Only that check: reads /sys/hypervisor and /proc/xen, needs no right. */
int hd_inventory_check_xen(struct hd_err *err);

#endif
