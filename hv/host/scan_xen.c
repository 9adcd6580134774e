/* SPDX-License-Identifier: MIT */
/* What Xen itself says of the host, by hypercalls; libxl would open more, and
 * hold it, for the same answers. */
#include <stdio.h>
#include <string.h>
#include <xenctrl.h>

#include "../../pv-drivers/base/mem.h"
#include "scan.h"
#include "sysfs.h"

static uint32_t count_bits(const uint8_t *map, int bytes)
{
    uint32_t n = 0;

    for (int i = 0; i < bytes; i++)
        n += (uint32_t)__builtin_popcount(map[i]);
    return n;
}

/* The next pool from this id on, until there is none. */
static void take_pools(struct hd_inventory *inv, xc_interface *xc)
{
    int bytes = xc_get_cpumap_size(xc);
    uint32_t id = 0;

    while (inv->n_pools < HD_MAX_POOLS) {
        xc_cpupoolinfo_t *info = xc_cpupool_getinfo(xc, id);
        struct hd_host_pool *pool = &inv->pools[inv->n_pools];

        if (!info)
            return;
        pool->id = info->cpupool_id;
        pool->domains = info->n_dom;
        pool->cpus = count_bits(info->cpumap, bytes);
        id = info->cpupool_id + 1;
        xc_cpupool_infofree(xc, info);
        inv->n_pools++;
    }
}

static int take_facts(struct hd_inventory *inv, xc_interface *xc)
{
    xen_extraversion_t extra = "";
    xen_commandline_t options = "";
    xc_physinfo_t info = {0};
    int version;

    if (xc_physinfo(xc, &info))
        return -1;
    version = xc_version(xc, XENVER_version, NULL);
    if (version < 0 || xc_version(xc, XENVER_extraversion, &extra) ||
        xc_version(xc, XENVER_commandline, &options))
        return -1;
    inv->memory_total = (uint64_t)info.total_pages * XC_PAGE_SIZE;
    inv->memory_scrubbing = (uint64_t)info.scrub_pages * XC_PAGE_SIZE;
    inv->memory_free =
        (uint64_t)info.free_pages * XC_PAGE_SIZE + inv->memory_scrubbing;
    inv->cpus = info.nr_cpus;
    inv->xen.nodes = info.nr_nodes;
    inv->xen.cores_per_socket = info.cores_per_socket;
    inv->xen.threads_per_core = info.threads_per_core;
    inv->xen.pv = !!(info.capabilities & XEN_SYSCTL_PHYSCAP_pv);
    inv->xen.hvm = !!(info.capabilities & XEN_SYSCTL_PHYSCAP_hvm);
    inv->xen.hap = !!(info.capabilities & XEN_SYSCTL_PHYSCAP_hap);
    inv->xen.iommu = !!(info.capabilities & XEN_SYSCTL_PHYSCAP_directio);
    snprintf(inv->xen.version, sizeof(inv->xen.version), "%d.%d%.16s",
             version >> 16, version & 0xffff, extra);
    snprintf(inv->xen.options, sizeof(inv->xen.options), "%.1023s", options);
    hd_sysfs_clean(inv->xen.options);
    return 0;
}

int hd_scan_xen(struct hd_inventory *inv, struct hd_err *err)
{
    xc_interface *xc = xc_interface_open(NULL, NULL, 0);
    int rc;

    if (!xc)
        return hd_fail_errno(err, HD_E_NO_XEN, "cannot talk to Xen");
    rc = take_facts(inv, xc);
    if (rc)
        hd_fail_errno(err, HD_E_NO_XEN, "Xen gives no host facts");
    else
        take_pools(inv, xc);
    xc_interface_close(xc);
    return rc;
}
