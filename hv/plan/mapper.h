/* SPDX-License-Identifier: MIT */
/* What hd_map_make and the classes' parts of it share; nobody else's. */
#ifndef HD_PLAN_MAPPER_H
#define HD_PLAN_MAPPER_H

#include "map.h"

/* Lives on hd_map_make's stack. */
struct hd_mapper {
    const struct hd_map_input *in;
    struct hd_map *map;
    uint64_t free;    /* bytes of the host's that nobody has been promised */
    uint64_t quota;   /* the same of limits.memory; UINT64_MAX: no limit */
    uint64_t scratch; /* bytes of dom0's that scratch disks may take */
    uint64_t guests;  /* of all stores, those of this map so far among them */
    /* The guest at work. */
    uint32_t at;
    struct hd_map_guest *out;
};

/* Fills wish, how, host_name, found, reason, change and what the class has of
 * its own; class, level, guest_name, role and index are there, how is ABSENT.
 */
typedef void hd_map_fill(struct hd_mapper *m, const struct hd_guest *g,
                         struct hd_map_row *row);

hd_map_fill hd_map_cpu, hd_map_memory;                    /* map_room.c */
hd_map_fill hd_map_net;                                   /* map_net.c */
hd_map_fill hd_map_block;                                 /* map_disk.c */
hd_map_fill hd_map_usb;                                   /* map_usb.c */
hd_map_fill hd_map_pci;                                   /* map_pci.c */
hd_map_fill hd_map_console, hd_map_display, hd_map_input, /* map_part.c */
    hd_map_sound, hd_map_time;
hd_map_fill hd_map_files; /* map_files.c */

/* Fills it as the policy allows; a refusal goes to m->out. */
hd_map_fill hd_map_row_fill;

/* Takes the guest's minimum off what there is, or refuses it. */
void hd_map_admit(struct hd_mapper *m, const struct hd_guest *g);
/* Hands out what is left, in the manifest's order. */
void hd_map_share(struct hd_mapper *m);

/* The guest at work cannot start; the first reason stays. */
void hd_map_refuse(struct hd_mapper *m, enum hd_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The rows' texts; what is too long is cut. */
void hd_map_say(char *to, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
#define HD_SAY(member, ...) hd_map_say(member, sizeof(member), __VA_ARGS__)

void hd_map_host(const struct hd_inventory *inv,
                 struct hd_map_host *ret); /* map_host.c */

/* ", preferred" and so on: how a wish's text ends. */
const char *hd_map_level(const struct hd_map_row *row);
/* Why a device of the host is not free, or NULL: a guest of this store or of
 * another has it. */
const char *hd_map_promised(const struct hd_mapper *m, const char *host_name);
/* Bytes of dom0's for more scratch disks. */
uint64_t hd_map_scratch_left(const struct hd_map_input *in);
/* Xen's own OUI (docs/misc/xen-oui), then the guest's id: the same guest has
 * the same address on every host, so it keeps its lease. */
void hd_map_mac(const struct hd_uuid *id, uint32_t devid, uint8_t ret[6]);
/* What the guest is given at most, by user's settings or by its own wish. */
uint64_t hd_map_vcpus_wanted(const struct hd_mapper *m,
                             const struct hd_guest *g);
uint64_t hd_map_memory_wanted(const struct hd_mapper *m,
                              const struct hd_guest *g);

#endif
