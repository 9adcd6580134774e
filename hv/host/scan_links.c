/* SPDX-License-Identifier: MIT */
/* The host's network interfaces and which lead out; never changes one. */
#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/net/links.h"
#include "scan.h"
#include "sysfs.h"

const char *hd_host_link_kind(uint32_t kind)
{
    static const char *const names[] = {
#define HD_X(name, text) [HD_LINK_##name] = text,
        HD_LINK_KINDS(HD_X)
#undef HD_X
    };

    return kind < HD_ARRAY_LEN(names) ? names[kind] : "";
}

static enum hd_host_link_kind kind_of(const struct hd_link *link, int root)
{
    if (!strcmp(link->kind, "bridge"))
        return HD_LINK_BRIDGE;
    if (!strcmp(link->kind, "bond"))
        return HD_LINK_BOND;
    if (hd_sysfs_exists(root, "sys/class/net/%s/phy80211", link->name))
        return HD_LINK_WIRELESS;
    return hd_sysfs_exists(root, "sys/class/net/%s/device", link->name)
               ? HD_LINK_ETHERNET
               : HD_LINK_OTHER;
}

/* A guest's end is no interface of the host's: xen-netback names its own so,
 * and has a device of the xen-backend bus behind each. */
static bool is_guests(const struct hd_link *link, int root)
{
    char bus[32];

    return hd_sysfs_link_name(root, bus, sizeof(bus),
                              "sys/class/net/%s/device/subsystem",
                              link->name) &&
           !strcmp(bus, "xen-backend");
}

static const struct hd_link *by_index(const struct hd_link *links, size_t n,
                                      uint32_t index)
{
    for (size_t i = 0; i < n; i++)
        if (links[i].index == index)
            return &links[i];
    return NULL;
}

/* The default route's interface, what that is part of, and what is part of it
 * and has a wire; a bridge with a live wire leads out without any route. */
static void mark_outside(struct hd_inventory *inv)
{
    for (uint32_t round = 0; round < 3; round++)
        for (uint32_t i = 0; i < inv->n_links; i++)
            for (uint32_t j = 0; j < inv->n_links; j++) {
                struct hd_host_link *part = &inv->links[i];
                struct hd_host_link *whole = &inv->links[j];

                if (strcmp(part->master, whole->name) ||
                    part->kind == HD_LINK_OTHER || !part->up)
                    continue;
                if (part->kind != HD_LINK_BRIDGE)
                    whole->outside = 1;
                if (whole->outside)
                    part->outside = 1;
            }
}

static void add(struct hd_inventory *inv, const struct hd_link *links, size_t n,
                const struct hd_link *link, int root)
{
    const struct hd_link *master = by_index(links, n, link->master);
    struct hd_host_link *to = &inv->links[inv->n_links];
    char path[256];

    if (inv->n_links == HD_MAX_LINKS) {
        inv->left_out++;
        return;
    }
    memset(to, 0, sizeof(*to));
    strcpy(to->name, link->name);
    if (link->master && master)
        strcpy(to->master, master->name);
    to->kind = kind_of(link, root);
    memcpy(to->mac, link->mac, sizeof(to->mac));
    to->index = link->index;
    to->up = link->up;
    to->in_use = link->set_up || link->addressed;
    to->outside = link->way_out;
    if (hd_sysfs_link(root, path, sizeof(path), "sys/class/net/%s",
                      link->name)) {
        hd_sysfs_usb(path, to->usb);
        hd_sysfs_pci(path, to->pci, sizeof(to->pci));
    }
    inv->n_links++;
}

/* Bridges and bonds lead out through their parts alone. */
static void mark_only_uplink(struct hd_inventory *inv)
{
    struct hd_host_link *only = NULL;
    uint32_t n = 0;

    for (uint32_t i = 0; i < inv->n_links; i++)
        if (inv->links[i].outside && (inv->links[i].kind == HD_LINK_ETHERNET ||
                                      inv->links[i].kind == HD_LINK_WIRELESS)) {
            only = &inv->links[i];
            n++;
        }
    if (n == 1)
        only->only_uplink = 1;
}

/* Xen's own name for a host's main bridge comes first, so that a host with
 * several bridges and no policy has a sensible default. */
static int by_bridge(const void *a, const void *b)
{
    const char *x = a, *y = b;
    int x_first = !strcmp(x, "xenbr0"), y_first = !strcmp(y, "xenbr0");

    return x_first != y_first ? y_first - x_first : strcmp(x, y);
}

static int by_name(const void *a, const void *b)
{
    const struct hd_host_link *x = a, *y = b;

    return strverscmp(x->name, y->name);
}

static void take_bridges(struct hd_inventory *inv)
{
    for (uint32_t i = 0; i < inv->n_links; i++)
        if (inv->links[i].kind == HD_LINK_BRIDGE &&
            inv->n_bridges < HD_MAX_BRIDGES)
            strcpy(inv->bridges[inv->n_bridges++], inv->links[i].name);
    qsort(inv->bridges, inv->n_bridges, sizeof(inv->bridges[0]), by_bridge);
}

int hd_scan_links(struct hd_inventory *inv, int root, struct hd_err *err)
{
    hd_autofree struct hd_link *links = NULL;
    size_t n;

    if (hd_links_list(&links, &n, err))
        return -1;
    for (size_t i = 0; i < n; i++)
        if (!links[i].loopback && !is_guests(&links[i], root))
            add(inv, links, n, &links[i], root);
    qsort(inv->links, inv->n_links, sizeof(inv->links[0]), by_name);
    mark_outside(inv);
    mark_only_uplink(inv);
    take_bridges(inv);
    return 0;
}
