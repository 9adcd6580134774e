/* SPDX-License-Identifier: MIT */
/* What guests have moved through their disks and NICs, as the kernel counts. */
#ifndef HD_HOST_USAGE_H
#define HD_HOST_USAGE_H

#include <stddef.h>
#include <stdint.h>

/* Of one domain, all its devices together, since each was attached: a device
 * that goes takes its part along.  Directions are the guest's. */
struct hd_usage {
    uint32_t domid;
    uint32_t n_disks, n_nics;
    uint64_t disk_read_bytes, disk_written_bytes;
    uint64_t disk_reads, disk_writes; /* requests */
    uint64_t net_received_bytes, net_sent_bytes;
    uint64_t net_received, net_sent; /* packets */
};

/* Takes the domains with devices of xen-blkback and xen-netback into `ret`, at
 * most `max`, sorted by domid, and gives their number.  `root` as in sysfs.h.
 * Needs no right. */
size_t hd_usage_scan(int root, struct hd_usage *ret, size_t max);

#endif
