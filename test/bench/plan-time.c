/* SPDX-License-Identifier: MIT */
/* plan-time GUESTS DEVICES RUNS: microseconds of processor time, a line a run,
 * from an inventory to the map and the plan; reads no store and no host. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../hv/plan/plan.h"

#define MIB ((uint64_t)1 << 20)

/* Half of them USB, as far as an inventory goes, the others PCI. */
static void fill_host(struct hd_inventory *h, uint32_t devices)
{
    h->memory_free = 1024 * 1024 * MIB;
    h->cpus = 8;
    h->has_qemu = 1;
    h->n_bridges = 4;
    for (uint32_t i = 0; i < h->n_bridges; i++)
        snprintf(h->bridges[i], sizeof(h->bridges[i]), "xenbr%u", i);
    for (uint32_t i = 0; i < devices; i++) {
        if (i % 2 == 0 && h->n_usb < HD_MAX_USB) {
            struct hd_host_usb *usb = &h->usb[h->n_usb];
            struct hd_host_disk *disk = &h->disks[h->n_usb++];

            snprintf(usb->address, sizeof(usb->address), "1-%u", i + 1);
            usb->vendor = 0x1199;
            usb->product = (uint16_t)i;
            usb->class = 8;
            snprintf(disk->name, sizeof(disk->name), "sd%u", i);
            snprintf(disk->usb, sizeof(disk->usb), "1-%u", i + 1);
            disk->size = MIB;
            h->n_disks = h->n_usb;
        } else if (h->n_pci < HD_MAX_PCI) {
            snprintf(h->pci[h->n_pci].address, 16, "0000:%02x:00.0", i & 0xffu);
            h->pci[h->n_pci++].class = 0x020000;
        }
    }
}

static void add_wish(struct hd_guest *g, enum hd_class class, const char *as)
{
    struct hd_wish *w = &g->wishes[g->n_wishes++];

    w->class = class;
    strcpy(w->as, as);
    strcpy(w->role, "role");
    w->size = MIB;
}

static void add_guest(struct hd_answer *a, uint32_t i)
{
    struct hd_manifest *m = &a->manifest;
    struct hd_guest *g = &m->guests[m->n_guests++];

    snprintf(g->name, sizeof(g->name), "guest%u", i);
    strcpy(g->kernel, "vmlinux");
    g->id.byte[15] = (uint8_t)i;
    g->memory = (struct hd_range){128 * MIB, 512 * MIB};
    g->vcpus = (struct hd_range){1, 4};
    for (uint32_t d = 0; d < 2; d++) {
        struct hd_volume *v = &m->volumes[m->n_volumes++];

        snprintf(v->name, sizeof(v->name), "volume%u-%u", i, d);
        v->encryption = HD_ENCRYPTION_NONE;
        v->size = MIB;
        strcpy(g->disks[d].name, v->name);
        snprintf(g->disks[d].as, 8, "xvd%c", 'a' + (int)d);
        snprintf(g->nics[d].as, sizeof(g->nics[d].as), "lan%u", d);
        strcpy(g->nics[d].role, "internet");
    }
    g->n_disks = g->n_nics = 2;
    add_wish(g, HD_CLASS_DISPLAY, "screen");
    add_wish(g, HD_CLASS_INPUT, "keys");
    add_wish(g, HD_CLASS_SOUND, "speaker");
    add_wish(g, HD_CLASS_USB, "stick");
    add_wish(g, HD_CLASS_PCI, "card");
    add_wish(g, HD_CLASS_BLOCK, "xvdc");
}

/* The worst case: what the policy names matches nothing. */
static void fill_policy(struct hd_policy *p)
{
    p->limits.guests = HD_MAX_GUESTS;
    p->n_devices = 2;
    strcpy(p->devices[0].role, "role");
    strcpy(p->devices[0].usb, "ffff:ffff");
    strcpy(p->devices[1].role, "role");
    strcpy(p->devices[1].pci, "ffff");
}

static int64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int run(const struct hd_map_input *in)
{
    hd_auto(hd_map) map = NULL;
    hd_autofree struct hd_plan *plan = NULL;
    struct hd_err err = {0};
    int64_t begin = now_us();

    if (hd_map_make(in, &map, &err) ||
        hd_plan_make(in->store, map, &plan, &err)) {
        fprintf(stderr, "plan-time: %s\n", err.msg);
        return 1;
    }
    printf("%" PRId64 "\n", now_us() - begin);
    return 0;
}

int main(int argc, char **argv)
{
    hd_autofree struct hd_answer *answer = calloc(1, sizeof(*answer));
    hd_autofree struct hd_inventory *host = calloc(1, sizeof(*host));
    hd_autofree struct hd_policy *policy = calloc(1, sizeof(*policy));
    const struct hd_commitments none = {0};
    struct hd_map_input in = {answer, "bench", NULL, host, policy, &none, ""};
    uint32_t guests = argc == 4 ? (uint32_t)atoi(argv[1]) : 0;
    int rc = 0;

    if (!answer || !host || !policy || !guests || guests > HD_MAX_GUESTS) {
        fprintf(stderr, "usage: plan-time GUESTS DEVICES RUNS\n");
        return 2;
    }
    answer->manifest.n_files = 1;
    strcpy(answer->manifest.files[0].name, "vmlinux");
    for (uint32_t i = 0; i < guests; i++)
        add_guest(answer, i);
    fill_host(host, (uint32_t)atoi(argv[2]));
    fill_policy(policy);
    for (int i = 0; !rc && i < atoi(argv[3]); i++)
        rc = run(&in);
    return rc;
}
