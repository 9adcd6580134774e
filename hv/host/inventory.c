/* SPDX-License-Identifier: MIT */
/* Puts the host scan together; never changes anything. */
#include "inventory.h"

#include <fcntl.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "dom0.h"
#include "scan.h"

/* PV block, net, console and time need nothing of the host but its links. */
unsigned hd_inventory_needed_for(uint32_t class)
{
    static const unsigned parts[] = {
        [HD_CLASS_DISPLAY] = HD_SCAN_PARTS,
        [HD_CLASS_INPUT] = HD_SCAN_PARTS,
        [HD_CLASS_SOUND] = HD_SCAN_PARTS,
        [HD_CLASS_USB] = HD_SCAN_USB | HD_SCAN_DISKS | HD_SCAN_PARTS,
        [HD_CLASS_PCI] = HD_SCAN_PCI | HD_SCAN_DISKS,
    };

    return class < HD_ARRAY_LEN(parts) ? parts[class] : 0;
}

unsigned hd_inventory_needed(const struct hd_manifest *m)
{
    unsigned what = 0;

    for (uint32_t g = 0; g < m->n_guests; g++)
        for (uint32_t i = 0; i < m->guests[g].n_wishes; i++)
            what |= hd_inventory_needed_for(m->guests[g].wishes[i].class);
    return what;
}

int hd_inventory_scan(unsigned what, struct hd_inventory *ret,
                      struct hd_err *err)
{
    static void (*const parts[])(struct hd_inventory * inv, int root) = {
        hd_scan_disks, hd_scan_usb, hd_scan_pci, hd_scan_parts};
    hd_autofree struct hd_inventory *inv = calloc(1, sizeof(*inv));
    hd_autofd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (!inv || root < 0)
        return hd_fail_errno(err, HD_E_FAILED, "scan the host");
    if (hd_dom0_check(err) || hd_scan_xen(inv, err) ||
        hd_scan_links(inv, root, err))
        return -1;
    hd_scan_cpu(inv, root);
    hd_scan_dom0(inv, root);
    hd_scan_os(inv, root);
    for (size_t i = 0; i < HD_ARRAY_LEN(parts); i++)
        if (what & (1u << i))
            parts[i](inv, root);
    *ret = *inv;
    return 0;
}
