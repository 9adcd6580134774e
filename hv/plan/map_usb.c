/* SPDX-License-Identifier: MIT */
/* USB devices: which the policy names and the host can spare, and the PV device
 * that each becomes; never what the host or the store needs. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mapper.h"

#define STORAGE  0x08 /* USB-IF's base classes */
#define CDC      0x02
#define DATA     0x0a
#define WIRELESS 0xe0
#define HUB      0x09
#define MAKERS   0xff /* the maker's own: most serial adapters */

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

/* The policy's device for the role, or NULL. */
static const struct hd_policy_device *named_for(const struct hd_policy *p,
                                                const char *role)
{
    for (uint32_t i = 0; i < p->n_devices; i++)
        if (*p->devices[i].usb && !strcmp(p->devices[i].role, role))
            return &p->devices[i];
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
        if (d->store)
            return "it is a store of hotdom";
        if (d->root)
            return "it carries the host's root disk";
    }
    for (uint32_t i = 0; i < inv->n_links; i++)
        if (inv->links[i].only_uplink &&
            hangs_on(inv->links[i].usb, usb->address))
            return "it is the host's only way out";
    return NULL;
}

static bool uses_letter(const struct hd_mapper *m, const struct hd_guest *g,
                        const char *vdev)
{
    for (uint32_t i = 0; i < g->n_disks; i++)
        if (!strcmp(g->disks[i].as, vdev))
            return true;
    for (uint32_t i = 0; i < g->n_wishes; i++)
        if (!strcmp(g->wishes[i].as, vdev))
            return true;
    for (uint32_t i = m->out->first_row; i < m->map->n_rows; i++)
        if (!strcmp(m->map->rows[i].vdev, vdev))
            return true;
    return false;
}

/* The first that neither a volume nor a wish of the guest has. */
static bool find_letter(const struct hd_mapper *m, const struct hd_guest *g,
                        char ret[8])
{
    char vdev[] = "xvda";

    while (vdev[3] <= 'p' && uses_letter(m, g, vdev))
        vdev[3]++;
    if (vdev[3] > 'p')
        return false;
    strcpy(ret, vdev);
    return true;
}

/* Each says why not, or gives it and says NULL. */
static const char *give_disk(const struct hd_mapper *m,
                             const struct hd_guest *g, struct hd_map_row *row,
                             const struct hd_host_disk *disk)
{
    const char *why = hd_map_promised(m, disk->name);

    if (why)
        return why;
    if (disk->in_use)
        return "the host uses the disk";
    if (disk->size < 512 || !disk->diskseq)
        return "it has no medium";
    if (!*row->vdev && !find_letter(m, g, row->vdev))
        return "the guest has no name left for a disk";
    row->how = HD_HOW_PV;
    row->given = row->wished = disk->size / 512 * 512;
    row->device = disk->diskseq;
    row->read_only |= disk->read_only;
    HD_SAY(row->host_name, "%s", disk->name);
    HD_SAY(row->reason,
           "the policy gives it to role %s and the host does not use it%s",
           row->role, disk->read_only ? "; read-only, as it is" : "");
    return NULL;
}

static const char *give_link(const struct hd_mapper *m,
                             const struct hd_guest *g, struct hd_map_row *row,
                             const struct hd_host_link *link)
{
    const uint8_t *id = m->in->store->manifest.store.id.byte;
    const char *why = hd_map_promised(m, link->name);

    if (why)
        return why;
    if (*link->master)
        return "it is part of a bridge or bond of the host's";
    if (link->in_use || link->outside)
        return "the host uses the network interface";
    row->how = HD_HOW_PV;
    row->device = link->index;
    hd_map_mac(&g->id, HD_MAX_NICS + row->index, row->mac);
    HD_SAY(row->host_name, "%s", link->name);
    HD_SAY(row->bridge, "hd%02x%02x%02x%02x%uu%u", id[0], id[1], id[2], id[3],
           m->at % 100, row->index % 100);
    HD_SAY(row->reason,
           "the policy gives it to role %s and the host does not use it; a "
           "bridge joins it to this guest alone",
           row->role);
    return NULL;
}

/* The first number that no row of the guest has; 0: none is left. */
static uint32_t find_console(const struct hd_mapper *m)
{
    uint32_t n = 1;

    for (uint32_t i = m->out->first_row; i < m->map->n_rows; i++)
        n += m->map->rows[i].console > 0;
    return n <= HD_MAX_CONSOLES ? n : 0;
}

static const char *give_serial(const struct hd_mapper *m,
                               struct hd_map_row *row,
                               const struct hd_host_usb *usb,
                               const struct hd_host_part *port, uint64_t speed)
{
    const char *why = hd_map_promised(m, port->name);
    uint32_t console = find_console(m);

    if (why)
        return why;
    if (port->console)
        return "the host's own console is on it";
    if (!console)
        return "the guest has no name left for a console";
    row->how = HD_HOW_PV;
    row->device = usb->number;
    row->console = console;
    row->speed = speed;
    HD_SAY(row->host_name, "%s", port->name);
    HD_SAY(row->reason,
           "the policy gives it to role %s and the host does not use it; "
           "%" PRIu64 " bits a second",
           row->role, speed);
    return NULL;
}

/* What it is says why there is no way to give it. */
static const char *no_way(const struct hd_host_usb *usb)
{
    switch (usb->class) {
    case STORAGE:
        return "it has no medium";
    case CDC:
    case DATA:
    case MAKERS:
        return "the host has no driver for it that makes a serial port";
    case HUB:
        return "a hub is not given away";
    case WIRELESS:
        return "the host has no network interface on it";
    }
    return "Debian's kernel has no PV USB frontend";
}

static const char *give(const struct hd_mapper *m, const struct hd_guest *g,
                        struct hd_map_row *row, const struct hd_host_usb *usb,
                        uint64_t speed)
{
    const struct hd_inventory *inv = m->in->inventory;
    const char *why = NULL;

    for (uint32_t i = 0; i < inv->n_links; i++)
        if (*usb->address && !strcmp(inv->links[i].usb, usb->address))
            return give_link(m, g, row, &inv->links[i]);
    for (uint32_t i = 0; i < inv->n_disks; i++)
        if (*usb->address && !strcmp(inv->disks[i].usb, usb->address)) {
            why = give_disk(m, g, row, &inv->disks[i]);
            if (!why)
                return NULL;
        }
    for (uint32_t i = 0; i < inv->n_parts; i++)
        if (*usb->address && !strcmp(inv->parts[i].usb, usb->address))
            return give_serial(m, row, usb, &inv->parts[i], speed);
    return why ? why : no_way(usb);
}

/* The first that the policy names for the role and that can be given; when none
 * can, what the last one lacks: of those that the host can spare, for a policy
 * that names every stick names the store's as well. */
static void look_for(const struct hd_mapper *m, const struct hd_guest *g,
                     struct hd_map_row *row,
                     const struct hd_policy_device *named)
{
    const struct hd_inventory *inv = m->in->inventory;

    for (uint32_t i = 0; i < inv->n_usb && row->how == HD_HOW_ABSENT; i++) {
        const struct hd_host_usb *usb = &inv->usb[i];
        bool is = is_named(named->usb, usb);
        const char *why = is ? needed(m, usb) : NULL;

        if (!is || (why && *row->found))
            continue;
        HD_SAY(row->found, "the USB device %s, %.63s (%04x:%04x)", usb->address,
               *usb->name ? usb->name : "without a name", usb->vendor,
               usb->product);
        if (!why)
            why = give(m, g, row, usb, named->speed);
        if (why)
            HD_SAY(row->reason, "%s", why);
        else
            HD_SAY(row->usb, "%s", usb->address);
    }
}

void hd_map_usb(struct hd_mapper *m, const struct hd_guest *g,
                struct hd_map_row *row)
{
    const struct hd_policy_device *named = named_for(m->in->policy, row->role);

    HD_SAY(row->wish, "a USB device of role %s as %s%s", row->role,
           row->guest_name, hd_map_level(row));
    if (named)
        look_for(m, g, row, named);
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
