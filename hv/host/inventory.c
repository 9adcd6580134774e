/* SPDX-License-Identifier: MIT */
/* Puts the host scan together; never changes anything. */
#include "inventory.h"

#include <fcntl.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "scan.h"

/* Linux's ABI/stable/sysfs-hypervisor-xen: "xen" under any Xen; the xenfs file
 * says "control_d" in dom0 alone. */
int hd_inventory_check_xen(struct hd_err *err)
{
    hd_autofree char *type = NULL, *caps = NULL;

    if (hd_io_read_file("/sys/hypervisor/type", 64, &type, NULL, NULL) ||
        strncmp(type, "xen", 3))
        return hd_fail(err, HD_E_NO_XEN,
                       "this host does not run Xen; install "
                       "xen-system-amd64 and boot its entry of the boot menu");
    if (hd_io_read_file("/proc/xen/capabilities", 64, &caps, NULL, NULL) ||
        !strstr(caps, "control_d"))
        return hd_fail(err, HD_E_NO_XEN,
                       "this is a Xen guest, not dom0; run hotdom in dom0");
    return 0;
}

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
    if (hd_inventory_check_xen(err) || hd_scan_xen(inv, err) ||
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
