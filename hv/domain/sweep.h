/* SPDX-License-Identifier: MIT */
/* What xenstore and libxl know of domains. */
#ifndef HD_DOMAIN_SWEEP_H
#define HD_DOMAIN_SWEEP_H

#include <stdbool.h>

#include "../../pv-drivers/bus/xs.h"
#include "status.h"

/* The classes of the backends that dom0 has, whosever they are, as xenstore
 * lists them: one wait for xenstored. */
struct hd_domain_classes {
    char **names; /* owned */
    size_t n;
};
int hd_domain_classes_list(struct hd_xs *xs, struct hd_domain_classes *ret,
                           struct hd_err *err);
void hd_domain_classes_fini(struct hd_domain_classes *classes);

/* Removes libxl's files and, in one transaction, the xenstore nodes of the `n`
 * domains that are gone or about to be, by domid and UUID; with their backend
 * nodes go the devices in dom0, whose drivers do the rest by themselves.
 * `classes` are those in which they may have backends; NULL: they are listed.
 * Nothing there is success.  The caller has made sure that no other domain has
 * one of these domids. */
int hd_domain_sweep(struct hd_xs *xs, const struct hd_domain_status *domains,
                    size_t n, const struct hd_domain_classes *classes,
                    struct hd_err *err);
/* No driver of dom0's is at work on a backend of a domain that stands still:
 * each is connected, or waits for a frontend that has not begun.  Who is at
 * work writes to its nodes at its end, whether they are there or not. `devices`
 * is where the kernel has them, HD_BACKEND_DEVICES.  What cannot be told is no.
 */
#define HD_BACKEND_DEVICES "/sys/bus/xen-backend/devices"
bool hd_domain_rests(struct hd_xs *xs, const char *devices, uint32_t domid);
/* Removes the backends' nodes of a domain that was swept and is gone, as long
 * as there are any, or devices: a driver that is being probed, or connects,
 * goes on writing to nodes that are removed under it (xen-netback,
 * netback_probe; xen-blkback, connect), which makes them anew, and keeps the
 * device. */
int hd_domain_sweep_late(struct hd_xs *xs, uint32_t domid, uint64_t deadline_ms,
                         struct hd_err *err);

#endif
