/* SPDX-License-Identifier: MIT */
/* Makes hosts, policies and stores for tests of the map; tests nothing. */
#include "map_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void map_kit_guest(struct map_kit *k, const char *name)
{
    struct hd_guest *g =
        &k->answer.manifest.guests[k->answer.manifest.n_guests];

    k->answer.manifest.n_guests++;
    strcpy(g->name, name);
    strcpy(g->kernel, "vmlinux");
    g->id.byte[15] = 1;
    g->memory = (struct hd_range){64 * MIB, 64 * MIB};
    g->vcpus = (struct hd_range){1, 1};
}

struct map_kit *map_kit_new(void)
{
    struct map_kit *k = calloc(1, sizeof(*k));

    k->in = (struct hd_map_input){.store = &k->answer,
                                  .label = "travel",
                                  .inventory = &k->host,
                                  .policy = &k->policy,
                                  .commitments = &k->commitments,
                                  .device = "sda"};
    k->host.memory_free = 1024 * MIB;
    k->host.cpus = 2;
    k->host.dom0_available = 512 * MIB;
    k->host.n_bridges = 1;
    strcpy(k->host.bridges[0], "xenbr0");
    k->policy.limits.guests = 64;
    k->policy.limits.weight = 64;
    k->answer.manifest.n_files = 1;
    strcpy(k->answer.manifest.files[0].name, "vmlinux");
    k->answer.manifest.store.id.byte[0] = 0xab;
    map_kit_guest(k, "desk");
    return k;
}

struct hd_wish *map_kit_wish(struct map_kit *k, enum hd_class class,
                             enum hd_level level, const char *as)
{
    struct hd_guest *g = &k->answer.manifest.guests[0];
    struct hd_wish *wish = &g->wishes[g->n_wishes++];

    wish->class = class;
    wish->level = level;
    strcpy(wish->as, as);
    strcpy(wish->role, "role0");
    return wish;
}

/* A stick of the policy's role "role0". */
void map_kit_stick(struct map_kit *k, const char *disk)
{
    struct hd_host_usb *usb = &k->host.usb[k->host.n_usb];
    struct hd_host_disk *d = &k->host.disks[k->host.n_disks++];

    snprintf(usb->address, sizeof(usb->address), "1-%u", ++k->host.n_usb);
    strcpy(usb->name, "Stick");
    usb->vendor = 0x1199;
    usb->product = 0x9071;
    usb->class = 8;
    strcpy(d->usb, usb->address);
    strcpy(d->name, disk);
    d->size = 32 * MIB;
    d->diskseq = 9;
    k->policy.n_devices = 1;
    strcpy(k->policy.devices[0].role, "role0");
    strcpy(k->policy.devices[0].usb, "1199:9071");
}

/* A USB NIC of that role. */
struct hd_host_link *map_kit_usb_nic(struct map_kit *k, const char *name)
{
    struct hd_host_link *l = &k->host.links[k->host.n_links++];

    map_kit_stick(k, "none");
    k->host.n_disks--;
    strcpy(k->host.usb[k->host.n_usb - 1].name, "Wire");
    strcpy(l->name, name);
    strcpy(l->usb, k->host.usb[k->host.n_usb - 1].address);
    l->index = 7;
    return l;
}

/* A USB serial adapter of that role. */
struct hd_host_part *map_kit_usb_serial(struct map_kit *k, const char *name)
{
    struct hd_host_part *p = &k->host.parts[k->host.n_parts++];

    map_kit_stick(k, "none");
    k->host.n_disks--;
    k->policy.devices[0].speed = 9600;
    strcpy(k->host.usb[k->host.n_usb - 1].name, "Cable");
    k->host.usb[k->host.n_usb - 1].class = 0xff;
    k->host.usb[k->host.n_usb - 1].number = 5;
    p->class = HD_PART_SERIAL;
    strcpy(p->name, name);
    strcpy(p->usb, k->host.usb[k->host.n_usb - 1].address);
    return p;
}

/* A sound card of that role on a host that can give it away. */
void map_kit_card(struct map_kit *k)
{
    struct hd_host_pci *pci = &k->host.pci[k->host.n_pci++];

    k->host.xen.iommu = k->host.has_pciback = 1;
    k->policy.n_devices = 1;
    strcpy(k->policy.devices[0].role, "role0");
    strcpy(k->policy.devices[0].pci, "0403");
    strcpy(pci->address, "0000:00:1b.0");
    pci->vendor = 0x8086;
    pci->class = 0x040300;
}

void map_kit_role(struct map_kit *k, const char *role, const char *bridge)
{
    struct hd_policy_network *n = &k->policy.networks[k->policy.n_networks++];

    strcpy(n->role, role);
    strcpy(n->bridge, bridge);
}

struct hd_nic *map_kit_nic(struct map_kit *k, enum hd_level level)
{
    struct hd_guest *g = &k->answer.manifest.guests[0];
    struct hd_nic *nic = &g->nics[g->n_nics++];

    strcpy(nic->role, "internet");
    snprintf(nic->as, sizeof(nic->as), "lan%u", g->n_nics - 1);
    nic->level = level;
    return nic;
}

struct hd_map *map_kit_make(struct map_kit *k)
{
    struct hd_map *map = NULL;
    struct hd_err err = {0};

    CHECK_OK(hd_map_make(&k->in, &map, &err), &err);
    if (!map)
        CU_FAIL_FATAL("no map");
    return map;
}

/* The first row of the class; a test that asks for one has one. */
const struct hd_map_row *map_kit_row(const struct hd_map *map,
                                     enum hd_class class)
{
    for (uint32_t i = 0; i < map->n_rows; i++)
        if (map->rows[i].class == class)
            return &map->rows[i];
    CU_FAIL_FATAL("no row");
    return map->rows;
}

void map_kit_refused(const struct hd_map_guest *g, int code, const char *words)
{
    CU_ASSERT_EQUAL(g->why.code, code);
    CU_ASSERT_FALSE(hd_map_starts(g));
    if (!strstr(g->why.msg, words)) {
        printf("\n    \"%s\", not \"%s\"\n", g->why.msg, words);
        CU_FAIL("the refusal");
    }
}

struct hd_volume *map_kit_volume(struct map_kit *k, uint32_t guest,
                                 const char *name, enum hd_volume_kind kind)
{
    struct hd_manifest *m = &k->answer.manifest;
    struct hd_guest *g = &m->guests[guest];
    struct hd_volume *v = &m->volumes[m->n_volumes];

    strcpy(v->name, name);
    v->kind = kind;
    v->encryption = HD_ENCRYPTION_NONE;
    v->size = MIB;
    v->verity.blocks = kind == HD_VOLUME_IMAGE ? 200 : 0;
    k->answer.extents[m->n_volumes] =
        (struct hd_extent){(m->n_volumes + 1) * 16 * MIB, 16 * MIB};
    m->n_volumes++;
    strcpy(g->disks[g->n_disks].name, name);
    snprintf(g->disks[g->n_disks].as, sizeof(g->disks[0].as), "xvd%c",
             'a' + (int)g->n_disks);
    g->n_disks++;
    return v;
}
