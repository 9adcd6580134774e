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

int hd_inventory_scan(struct hd_inventory *ret, struct hd_err *err)
{
    hd_autofree struct hd_inventory *inv = calloc(1, sizeof(*inv));
    hd_autofd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (!inv || root < 0)
        return hd_fail_errno(err, HD_E_FAILED, "scan the host");
    if (hd_inventory_check_xen(err) || hd_scan_xen(inv, err) ||
        hd_scan_links(inv, root, err))
        return -1;
    hd_scan_cpu(inv, root);
    hd_scan_disks(inv, root);
    hd_scan_usb(inv, root);
    hd_scan_pci(inv, root);
    hd_scan_parts(inv, root);
    hd_scan_os(inv, root);
    *ret = *inv;
    return 0;
}
