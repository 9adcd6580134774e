/* SPDX-License-Identifier: MIT */
/* Asks the kernel whether this is dom0; needs no library of Xen's. */
#include "dom0.h"

#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"

/* Linux's ABI/stable/sysfs-hypervisor-xen: "xen" under any Xen; the xenfs file
 * says "control_d" in dom0 alone. */
int hd_dom0_check(struct hd_err *err)
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
