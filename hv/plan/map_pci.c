/* SPDX-License-Identifier: MIT */
/* PCI devices: which the policy names and the host can spare; never what the
 * host or the store needs, and none without an IOMMU. */
#include <stdlib.h>
#include <string.h>

#include "mapper.h"

#define BRIDGES 0x06 /* PCI-SIG's class, the highest of its three bytes */

/* "0000:03:00.0" or the beginning of its class, "0403", as policies write. */
static bool is_named(const char *what, const struct hd_host_pci *pci)
{
    size_t digits = strlen(what);
    char *end;

    if (strchr(what, ':'))
        return !strcasecmp(what, pci->address);
    if (digits < 2 || digits > 6)
        return false;
    return strtoul(what, &end, 16) ==
               (pci->class & 0xffffff) >> (4 * (6 - digits)) &&
           !*end;
}

/* The policy's device for the role, or NULL. */
static const char *named_for(const struct hd_policy *p, const char *role)
{
    for (uint32_t i = 0; i < p->n_devices; i++)
        if (*p->devices[i].pci && !strcmp(p->devices[i].role, role))
            return p->devices[i].pci;
    return NULL;
}

/* The functions of a device share its wires, and may share its reset. */
static bool same_slot(const char *a, const char *b)
{
    size_t len = strcspn(a, ".");

    return a[len] == '.' && !strncmp(a, b, len + 1);
}

/* Does something with this path hang on the device? */
static bool carries(const struct hd_host_pci *pci, const char *path)
{
    for (const char *at = path; *at; at += strcspn(at, "/")) {
        at += *at == '/';
        if (same_slot(pci->address, at))
            return true;
    }
    return false;
}

/* Why the host cannot spare it, or NULL. */
static const char *needed(const struct hd_mapper *m,
                          const struct hd_host_pci *pci)
{
    const struct hd_inventory *inv = m->in->inventory;

    for (uint32_t i = 0; i < inv->n_disks; i++) {
        const struct hd_host_disk *d = &inv->disks[i];

        if (!carries(pci, d->pci))
            continue;
        if (!strcmp(d->name, m->in->device))
            return "the store itself hangs on it";
        if (d->root)
            return "the host's root disk hangs on it";
    }
    for (uint32_t i = 0; i < inv->n_links; i++)
        if (inv->links[i].only_uplink && carries(pci, inv->links[i].pci))
            return "it is the host's only way out";
    return NULL;
}

/* NULL: no driver of the host's has a function of the device. */
static const struct hd_host_pci *user_of(const struct hd_inventory *inv,
                                         const struct hd_host_pci *pci)
{
    for (uint32_t i = 0; i < inv->n_pci; i++)
        if (inv->pci[i].state == HD_PCI_IN_USE &&
            same_slot(pci->address, inv->pci[i].address))
            return &inv->pci[i];
    return NULL;
}

static void give(const struct hd_mapper *m, struct hd_map_row *row,
                 const struct hd_host_pci *pci)
{
    const struct hd_inventory *inv = m->in->inventory;
    const struct hd_host_pci *user = user_of(inv, pci);
    const char *why = needed(m, pci);

    if (!why && pci->class >> 16 == BRIDGES)
        why = "a bridge is not given away";
    if (!why && !inv->xen.iommu)
        why = "the host has no IOMMU, so the device could write to all memory";
    if (!why && user) {
        HD_SAY(row->reason, "the host's driver %.20s uses %s", user->driver,
               user == pci ? "it" : "another function of it");
        return;
    }
    if (!why && !inv->has_pciback) {
        HD_SAY(row->change, "load the module xen-pciback in dom0");
        why = "dom0 has not loaded Xen's PCI backend";
    }
    if (!why)
        why = hd_map_promised(m, pci->address);
    if (!why && m->out->n_pci == HD_MAX_GUEST_PCI)
        why = "the guest has as many PCI devices as it can have";
    if (why) {
        HD_SAY(row->reason, "%s", why);
        return;
    }
    m->out->n_pci++;
    row->how = HD_HOW_PASSTHROUGH;
    row->seize = pci->state == HD_PCI_FREE;
    HD_SAY(row->host_name, "%s", pci->address);
    HD_SAY(row->reason,
           "the policy gives it to role %s, no driver of the host uses it, and "
           "the IOMMU keeps it to this guest's memory",
           row->role);
}

/* The first that the policy names for the role and that can be given; when none
 * can, what the last one lacks. */
static void look_for(const struct hd_mapper *m, struct hd_map_row *row,
                     const char *named)
{
    const struct hd_inventory *inv = m->in->inventory;

    for (uint32_t i = 0; i < inv->n_pci && row->how == HD_HOW_ABSENT; i++) {
        const struct hd_host_pci *pci = &inv->pci[i];

        if (!is_named(named, pci))
            continue;
        HD_SAY(row->found, "the PCI device %s (%04x:%04x)", pci->address,
               pci->vendor, pci->device);
        row->change[0] = '\0';
        give(m, row, pci);
    }
}

void hd_map_pci(struct hd_mapper *m, const struct hd_guest *g,
                struct hd_map_row *row)
{
    const char *named = named_for(m->in->policy, row->role);

    (void)g;
    HD_SAY(row->wish, "a PCI device of role %s as %s%s", row->role,
           row->guest_name, hd_map_level(row));
    if (named)
        look_for(m, row, named);
    if (*row->found)
        return;
    HD_SAY(row->found, "%u PCI devices", m->in->inventory->n_pci);
    if (!named) {
        HD_SAY(row->reason, "the policy joins role %s to no PCI device",
               row->role);
        HD_SAY(row->change,
               "name a device for role %s under `devices` in "
               "/etc/hotdom/hotdom.yaml",
               row->role);
        return;
    }
    HD_SAY(row->reason, "none is what the policy names for role %s", row->role);
}
