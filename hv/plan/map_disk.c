/* SPDX-License-Identifier: MIT */
/* Disks: the store's volumes and scratch disks; and USB devices, of which none
 * is given away. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mapper.h"

#define MIB ((uint64_t)1 << 20)

#define USB_STORAGE  0x08 /* USB-IF's base classes */
#define USB_CDC      0x02
#define USB_DATA     0x0a
#define USB_WIRELESS 0xe0
#define USB_HUB      0x09

static void volume(const struct hd_mapper *m, const struct hd_guest *g,
                   struct hd_map_row *row)
{
    const struct hd_manifest *mf = &m->in->store->manifest;
    const struct hd_disk *disk = &g->disks[row->index];
    const struct hd_volume *v =
        &mf->volumes[hd_manifest_volume(mf, disk->name)];
    bool image = v->kind == HD_VOLUME_IMAGE;

    row->how = HD_HOW_PV;
    row->given = row->wished = v->size;
    HD_SAY(row->vdev, "%s", disk->as);
    HD_SAY(row->host_name, "%s", disk->name);
    HD_SAY(row->wish, "the volume %s as %s%s%s", disk->name, disk->as,
           disk->mode == HD_MODE_RO && !image ? ", read-only" : "",
           hd_map_level(row));
    HD_SAY(row->found, "%s on the store",
           image                                 ? "an image"
           : v->encryption == HD_ENCRYPTION_NONE ? "plain data"
                                                 : "encrypted data");
    HD_SAY(row->reason, "%s",
           image ? "the guest's own volume; every block is verified, so it is "
                   "read-only"
                 : "the guest's own volume");
}

static void scratch(struct hd_mapper *m, const struct hd_guest *g,
                    struct hd_map_row *row)
{
    row->wished = g->wishes[row->index].size;
    HD_SAY(row->wish, "a scratch disk of %" PRIu64 " MiB as %s%s",
           row->wished / MIB, row->guest_name, hd_map_level(row));
    HD_SAY(row->found, "%" PRIu64 " MiB of dom0's memory for such disks",
           m->scratch / MIB);
    if (row->wished > m->scratch) {
        row->own = 0;
        HD_SAY(row->reason, "dom0 has not as much memory to spare");
        HD_SAY(row->change, "give dom0 more memory, or wish for less");
        return;
    }
    m->scratch -= row->wished;
    row->how = HD_HOW_EMULATED;
    row->given = row->wished;
    HD_SAY(row->vdev, "%s", g->wishes[row->index].as);
    HD_SAY(row->reason, "hotdom makes it in memory; it is gone with the guest");
}

void hd_map_block(struct hd_mapper *m, const struct hd_guest *g,
                  struct hd_map_row *row)
{
    if (row->own)
        scratch(m, g, row);
    else
        volume(m, g, row);
}

/* "1199:9071" or a class, "08", as policies write them. */
static bool is_named(const char *what, const struct hd_host_usb *usb)
{
    char *end;
    unsigned long n = strtoul(what, &end, 16);

    if (end == what)
        return false;
    if (*end != ':')
        return !*end && n == usb->class;
    return n == usb->vendor && strtoul(end + 1, &end, 16) == usb->product &&
           !*end;
}

static bool names(const struct hd_policy *p, const char *role,
                  const struct hd_host_usb *usb, bool *ret_role)
{
    for (uint32_t i = 0; i < p->n_devices; i++) {
        const struct hd_policy_device *d = &p->devices[i];

        if (!*d->usb || strcmp(d->role, role))
            continue;
        *ret_role = true;
        if (usb && is_named(d->usb, usb))
            return true;
    }
    return false;
}

static const struct hd_host_disk *disk_on(const struct hd_inventory *inv,
                                          const char *address)
{
    for (uint32_t i = 0; i < inv->n_disks; i++)
        if (*address && !strcmp(inv->disks[i].usb, address))
            return &inv->disks[i];
    return NULL;
}

/* Does `part` hang on `whole`: "1-2.3" on "1-2"? */
static bool hangs_on(const char *part, const char *whole)
{
    size_t len = strlen(whole);

    return len && !strncmp(part, whole, len) &&
           (!part[len] || part[len] == '.' || part[len] == ':');
}

/* Why the host cannot spare it, or NULL. */
static const char *needed(const struct hd_mapper *m,
                          const struct hd_host_usb *usb)
{
    const struct hd_inventory *inv = m->in->inventory;

    for (uint32_t i = 0; i < inv->n_disks; i++) {
        const struct hd_host_disk *d = &inv->disks[i];

        if (!hangs_on(d->usb, usb->address))
            continue;
        if (!strcmp(d->name, m->in->device))
            return "it carries the store itself";
        if (d->root)
            return "it carries the host's root disk";
    }
    for (uint32_t i = 0; i < inv->n_links; i++)
        if (inv->links[i].only_uplink &&
            hangs_on(inv->links[i].usb, usb->address))
            return "it is the host's only way out";
    return NULL;
}

/* What it is says why there is no way to give it yet. */
static const char *no_way(const struct hd_mapper *m,
                          const struct hd_host_usb *usb)
{
    const struct hd_inventory *inv = m->in->inventory;

    for (uint32_t i = 0; i < inv->n_links; i++)
        if (*usb->address && !strcmp(inv->links[i].usb, usb->address))
            return "a network device goes to guests through a bridge";
    if (disk_on(inv, usb->address))
        return "hotdom gives guests no disks but their store's";
    switch (usb->class) {
    case USB_STORAGE:
        return "it has no medium";
    case USB_CDC:
    case USB_DATA:
    case 0xff: /* the maker's own: most serial adapters */
        return "Xen's console daemon serves no serial device of the host";
    case USB_HUB:
        return "a hub is not given away";
    case USB_WIRELESS:
        return "a network device goes to guests through a bridge";
    }
    return "Debian's kernel has no PV USB frontend";
}

/* The last device that the policy names for the role, and why it is not given.
 */
static void look_for(const struct hd_mapper *m, struct hd_map_row *row,
                     bool *named)
{
    const struct hd_inventory *inv = m->in->inventory;

    for (uint32_t i = 0; i < inv->n_usb; i++) {
        const struct hd_host_usb *usb = &inv->usb[i];
        const char *why;

        if (!names(m->in->policy, row->role, usb, named))
            continue;
        HD_SAY(row->found, "the USB device %s, %.63s (%04x:%04x)", usb->address,
               *usb->name ? usb->name : "without a name", usb->vendor,
               usb->product);
        why = needed(m, usb);
        HD_SAY(row->reason, "%s", why ? why : no_way(m, usb));
    }
}

void hd_map_usb(struct hd_mapper *m, const struct hd_guest *g,
                struct hd_map_row *row)
{
    bool named = false;

    HD_SAY(row->wish, "a USB device of role %s as %s%s", row->role,
           row->guest_name, hd_map_level(row));
    (void)g;
    names(m->in->policy, row->role, NULL, &named);
    if (named)
        look_for(m, row, &named);
    if (*row->found)
        return;
    HD_SAY(row->found, "%u USB devices", m->in->inventory->n_usb);
    if (!named) {
        HD_SAY(row->reason, "the policy joins role %s to no USB device",
               row->role);
        HD_SAY(row->change,
               "name a device for role %s under `devices` in "
               "/etc/hotdom/hotdom.yaml",
               row->role);
        return;
    }
    HD_SAY(row->reason, "none is what the policy names for role %s", row->role);
    HD_SAY(row->change, "plug that device in");
}
