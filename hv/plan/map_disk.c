/* SPDX-License-Identifier: MIT */
/* Disks: the store's volumes, scratch disks, USB storage; never the host's root
 * disk, and never the store's own. */
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

static bool is_vdev(const char *name)
{
    return !strncmp(name, "xvd", 3) && name[3] >= 'a' && name[3] <= 'p' &&
           !name[4];
}

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

static void scratch(const struct hd_guest *g, struct hd_map_row *row)
{
    row->how = HD_HOW_EMULATED;
    row->own = 1;
    row->given = row->wished = g->wishes[row->index].size;
    HD_SAY(row->vdev, "%s", g->wishes[row->index].as);
    HD_SAY(row->wish, "a scratch disk of %" PRIu64 " MiB as %s%s",
           row->wished / MIB, row->vdev, hd_map_level(row));
    HD_SAY(row->found, "memory");
    HD_SAY(row->reason, "hotdom makes it in memory; it is gone with the guest");
}

void hd_map_block(struct hd_mapper *m, const struct hd_guest *g,
                  struct hd_map_row *row)
{
    if (row->own)
        scratch(g, row);
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
        if (d->in_use)
            return "the host or another store uses it";
    }
    for (uint32_t i = 0; i < inv->n_links; i++)
        if (inv->links[i].only_uplink &&
            hangs_on(inv->links[i].usb, usb->address))
            return "it is the host's only way out";
    return NULL;
}

/* What is not storage: there is no way to give it yet. */
static const char *no_way(const struct hd_mapper *m,
                          const struct hd_host_usb *usb)
{
    const struct hd_inventory *inv = m->in->inventory;

    for (uint32_t i = 0; i < inv->n_links; i++)
        if (*usb->address && !strcmp(inv->links[i].usb, usb->address))
            return "a network device goes to guests through a bridge";
    switch (usb->class) {
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

/* A name that the guest's other disks have left, from the end. */
static void choose_vdev(const struct hd_guest *g, const struct hd_mapper *m,
                        struct hd_map_row *row)
{
    uint32_t used = 0;

    for (uint32_t i = 0; i < g->n_disks; i++)
        if (is_vdev(g->disks[i].as))
            used |= 1u << (g->disks[i].as[3] - 'a');
    for (uint32_t i = 0; i < g->n_wishes; i++)
        if (is_vdev(g->wishes[i].as) && i != row->index)
            used |= 1u << (g->wishes[i].as[3] - 'a');
    for (const struct hd_map_row *r = &m->map->rows[m->out->first_row]; r < row;
         r++)
        if (is_vdev(r->vdev))
            used |= 1u << (r->vdev[3] - 'a');
    if (is_vdev(row->guest_name)) {
        HD_SAY(row->vdev, "%s", row->guest_name);
        return;
    }
    for (char c = 'p'; c >= 'a'; c--)
        if (!(used & 1u << (c - 'a'))) {
            HD_SAY(row->vdev, "xvd%c", c);
            return;
        }
}

static void give_storage(struct hd_mapper *m, const struct hd_guest *g,
                         struct hd_map_row *row, uint32_t usb)
{
    const struct hd_inventory *inv = m->in->inventory;
    const struct hd_host_disk *disk = disk_on(inv, inv->usb[usb].address);

    if (!disk || disk->size < 512) {
        HD_SAY(row->reason, "it has no medium");
        HD_SAY(row->change, "put a medium in");
        return;
    }
    choose_vdev(g, m, row);
    if (!*row->vdev) {
        HD_SAY(row->reason, "the guest has no name left for a disk");
        return;
    }
    m->usb_of[usb] = (uint8_t)(m->at + 1);
    row->how = HD_HOW_PV;
    row->given = disk->size;
    HD_SAY(row->host_name, "%s", disk->name);
    HD_SAY(row->reason,
           "the policy gives it to role %s; as a PV disk, %s, for lack of a PV "
           "USB frontend",
           row->role, row->vdev);
}

/* The first device that the policy names for the role and that can be given,
 * else the last reason why not. */
static void look_for(struct hd_mapper *m, const struct hd_guest *g,
                     struct hd_map_row *row, bool *named)
{
    const struct hd_inventory *inv = m->in->inventory;

    for (uint32_t i = 0; i < inv->n_usb && row->how == HD_HOW_ABSENT; i++) {
        const struct hd_host_usb *usb = &inv->usb[i];
        const char *why;

        if (!names(m->in->policy, row->role, usb, named))
            continue;
        HD_SAY(row->found, "the USB device %s, %.63s (%04x:%04x)", usb->address,
               *usb->name ? usb->name : "without a name", usb->vendor,
               usb->product);
        row->change[0] = '\0';
        why = m->usb_of[i] ? "another guest or wish has it" : needed(m, usb);
        if (!why && !(usb->class == USB_STORAGE || disk_on(inv, usb->address)))
            why = no_way(m, usb);
        if (why)
            HD_SAY(row->reason, "%s", why);
        else
            give_storage(m, g, row, i);
    }
}

void hd_map_usb(struct hd_mapper *m, const struct hd_guest *g,
                struct hd_map_row *row)
{
    bool named = false;

    HD_SAY(row->wish, "a USB device of role %s as %s%s", row->role,
           row->guest_name, hd_map_level(row));
    names(m->in->policy, row->role, NULL, &named);
    if (named)
        look_for(m, g, row, &named);
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
