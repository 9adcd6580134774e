/* SPDX-License-Identifier: MIT */
/* The parts of the host scan; each fills in its part of the inventory. */
#ifndef HD_HOST_SCAN_H
#define HD_HOST_SCAN_H

#include "inventory.h"

/* HD_E_NO_XEN.  Hypercalls. */
int hd_scan_xen(struct hd_inventory *inv, struct hd_err *err);

/* Below `root` ("/" on a host), see sysfs.h; these cannot fail: what is not
 * there is not listed. */
void hd_scan_cpu(struct hd_inventory *inv, int root);
void hd_scan_dom0(struct hd_inventory *inv, int root);
void hd_scan_disks(struct hd_inventory *inv, int root);
/* Of the disks that were found; hd_scan_disks calls it. */
void hd_scan_uses(struct hd_inventory *inv, int root);
void hd_scan_usb(struct hd_inventory *inv, int root);
void hd_scan_pci(struct hd_inventory *inv, int root);
void hd_scan_parts(struct hd_inventory *inv, int root);
void hd_scan_os(struct hd_inventory *inv, int root);

/* Asks rtnetlink, and sysfs which links are wireless. */
int hd_scan_links(struct hd_inventory *inv, int root, struct hd_err *err);

#endif
