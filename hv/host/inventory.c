/* SPDX-License-Identifier: MIT */
/* Reads what the host has from Xen and sysfs; never changes anything. */
#include "inventory.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xenctrl.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"

#define NET_DIR "/sys/class/net"

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

/* Xen's own name for a host's main bridge comes first, so that a host with
 * several bridges and no policy has a sensible default. */
static int by_name(const void *a, const void *b)
{
    const char *x = a, *y = b;
    int x_first = !strcmp(x, "xenbr0"), y_first = !strcmp(y, "xenbr0");

    return x_first != y_first ? y_first - x_first : strcmp(x, y);
}

static void scan_bridges(struct hd_inventory *inv)
{
    DIR *dir = opendir(NET_DIR);
    struct dirent *e;

    while (dir && (e = readdir(dir)) && inv->n_bridges < HD_MAX_BRIDGES) {
        char path[sizeof(NET_DIR) + sizeof(e->d_name) + sizeof("//bridge")];

        if (strlen(e->d_name) >= sizeof(inv->bridges[0]))
            continue;
        snprintf(path, sizeof(path), NET_DIR "/%s/bridge", e->d_name);
        if (!access(path, F_OK))
            strcpy(inv->bridges[inv->n_bridges++], e->d_name);
    }
    if (dir)
        closedir(dir);
    qsort(inv->bridges, inv->n_bridges, sizeof(inv->bridges[0]), by_name);
}

int hd_inventory_scan(struct hd_inventory *ret, struct hd_err *err)
{
    struct hd_inventory inv = {0};
    xc_physinfo_t info = {0};
    xc_interface *xc;
    int failed;

    if (hd_inventory_check_xen(err))
        return -1;
    xc = xc_interface_open(NULL, NULL, 0);
    if (!xc)
        return hd_fail_errno(err, HD_E_NO_XEN, "cannot talk to Xen");
    failed = xc_physinfo(xc, &info);
    if (failed)
        hd_fail_errno(err, HD_E_NO_XEN, "Xen gives no host facts");
    xc_interface_close(xc);
    if (failed)
        return -1;
    inv.memory_total = (uint64_t)info.total_pages * XC_PAGE_SIZE;
    inv.memory_free =
        ((uint64_t)info.free_pages + info.scrub_pages) * XC_PAGE_SIZE;
    inv.cpus = info.nr_cpus;
    scan_bridges(&inv);
    *ret = inv;
    return 0;
}
