/* SPDX-License-Identifier: MIT */
/* What came to this host and what went since the last look: network interfaces,
 * disks, USB devices; never changes one. */
#ifndef HD_HOST_CHANGES_H
#define HD_HOST_CHANGES_H

#include "../../pv-drivers/base/mem.h"
#include "inventory.h"

/* One look tells of at most so many; how many more there were, the last says.
 */
#define HD_CHANGES_TOLD 16

/* `what` is printable UTF-8: "bridge xenbr1 has come". */
typedef void hd_changes_fn(void *ctx, const char *what);

/* Compares two scans of links, HD_SCAN_DISKS and HD_SCAN_USB.  Guests' ends and
 * the bridges that hotdom makes for one guest are left out.  Pure. */
void hd_changes_between(const struct hd_inventory *before,
                        const struct hd_inventory *after, hd_changes_fn *fn,
                        void *ctx);

struct hd_changes; /* the host as it was at the last look */

/* The first look.  Needs no Xen; a look takes as long as hd_inventory_scan. */
int hd_changes_new(struct hd_changes **ret, struct hd_err *err);
void hd_changes_free(struct hd_changes *changes);
HD_DEFINE_AUTO(hd_changes)
int hd_changes_look(struct hd_changes *changes, hd_changes_fn *fn, void *ctx,
                    struct hd_err *err);

#endif
