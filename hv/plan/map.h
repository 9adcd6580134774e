/* SPDX-License-Identifier: MIT */
/* The resource map: for every wish of a store's guests what this host has for
 * it, how it is given and why.  Pure: same input, same map; nothing is touched
 * and nothing is asked. */
#ifndef HD_PLAN_MAP_H
#define HD_PLAN_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/mem.h"
#include "../host/inventory.h"
#include "../host/policy.h"
#include "../store/manifest.h"
#include "../store/reader.h"

/* A store's name on this host: its own, or with "-" and the first four digits
 * of its id when another attached store has the same. */
#define HD_LABEL_SIZE (HD_NAME_SIZE + 5)

#define HD_HOWS(X)                                                             \
    X(PV, "pv")                   /* the host's own, through a PV device */    \
    X(PASSTHROUGH, "passthrough") /* the host's device itself */               \
    X(EMULATED, "emulated")       /* a stand-in for what the host lacks */     \
    X(ABSENT, "absent")           /* the guest does without */

enum hd_how {
#define HD_X(name, text) HD_HOW_##name,
    HD_HOWS(HD_X)
#undef HD_X
};

const char *hd_how_name(uint32_t how);
/* "preferred". */
const char *hd_map_level_name(uint32_t level);

#define HD_MAX_GUEST_PCI 4 /* PCI devices of one guest */
/* Of one guest beside its first: hvc_xen.c takes one digit of a number. */
#define HD_MAX_CONSOLES 9
#define HD_MAX_HOT_NICS 8 /* NICs of one guest beside its wishes: map_hot.h */
/* NICs of one guest, wherever they came from; it has fewer disks. */
#define HD_MAX_GUEST_NICS (HD_MAX_NICS + HD_MAX_WISHES + HD_MAX_HOT_NICS)
#define HD_MAX_GIVEN      64 /* devices of the host, to all guests together */

/* What all stores together have been promised or run: admission counts it. */
struct hd_commitments {
    uint64_t reserved; /* bytes that starts under way have yet to take: Xen
                          counts them as free still */
    uint64_t own;      /* bytes that this store's guests have already: Xen does
                          not count them as free any more */
    uint64_t memory;   /* bytes of all guests, `reserved` among them, not `own`
                        */
    uint64_t guests;
    uint64_t scratch; /* bytes of scratch disks, that dom0's memory is for */
    /* Devices of the host, by hd_map_row's host_name; full: there may be more.
     */
    uint32_t n_devices;
    char devices[HD_MAX_GIVEN][HD_HOST_TEXT];
};

/* The texts are whole sentences' parts for `hotdom explain`, without names of
 * files of ours; printable UTF-8. */
struct hd_map_row {
    char guest[HD_NAME_SIZE];
    uint32_t class;                /* enum hd_class */
    uint32_t level;                /* enum hd_level */
    uint32_t how;                  /* enum hd_how */
    char guest_name[HD_NAME_SIZE]; /* "xvda", "lan0", "vcpus", "memory" */
    char role[HD_NAME_SIZE];       /* or empty */
    char host_name[HD_HOST_TEXT];  /* bridge, volume, device; or empty */
    uint64_t wished, given;      /* CPU: number; MEMORY, BLOCK: bytes; else 0 */
    uint64_t width, height;      /* DISPLAY: pixels given */
    uint8_t mac[6];              /* NET, and USB that is one */
    struct hd_net_limits limits; /* NET: the policy's */
    char vdev[8]; /* BLOCK, and USB that is one: the disk there */
    /* USB: the disk's diskseq, the interface's index, or the number of the
     * device that a serial adapter is. */
    uint64_t device;
    uint8_t read_only; /* USB that is a disk */
    char bridge[16];   /* USB that is a NIC: made for it, host_name its port */
    uint32_t console;  /* USB that is a serial adapter: hvc1 and so on */
    uint64_t speed;    /* the same: bits a second */
    char usb[32];      /* USB: where it is plugged in, "1-2.3" */
    uint8_t seize;     /* PCI: it is not Xen's to give away before */
    uint32_t index;    /* of the disk, nic or wish in its guest */
    /* BLOCK: 0 one of the store's volumes; NET: 0 a bridge of the host's */
    uint8_t own;      /* hotdom makes it for this guest: RAM disk, bridge */
    char wish[96];    /* "a network of role internet as lan0, preferred" */
    char found[128];  /* "the bridges xenbr0 (outside) and virbr0" */
    char reason[160]; /* why this was chosen */
    char change[160]; /* what would change it; empty: nothing would */
};

struct hd_map_guest {
    char name[HD_NAME_SIZE];
    struct hd_err why;  /* code 0: it can start; else why not */
    uint8_t left_out;   /* the user does not want it started */
    uint32_t first_row; /* its rows stand together */
    uint32_t n_rows;
    uint32_t n_pci; /* rows that give it a PCI device */
};

/* What a guest is told of its host; empty: nobody knows. */
struct hd_map_host {
    char name[HD_HOST_TEXT], machine[HD_HOST_TEXT], system[HD_HOST_TEXT];
    char kernel[HD_HOST_TEXT], xen[HD_HOST_TEXT], cpu[HD_HOST_TEXT];
    char cpus[12], memory[24]; /* decimal; memory in bytes */
};

struct hd_map {
    char label[HD_LABEL_SIZE];
    char user[HD_NAME_SIZE]; /* whose settings count; empty: nobody's */
    struct hd_settings settings;
    char shown[HD_SHOWN_TEXT]; /* hd_policy_shown, when a guest has a view */
    struct hd_map_host host;
    uint32_t weight; /* of each guest, hd_policy_limits */
    bool hot;        /* one row, of a guest that runs already: map_hot.h */
    uint32_t n_guests;
    struct hd_map_guest guests[HD_MAX_GUESTS]; /* in the manifest's order */
    uint32_t n_rows;
    struct hd_map_row *rows; /* owned */
};

/* What a map is made from; all borrowed. */
struct hd_map_input {
    const struct hd_answer *store;
    const char *label;
    const struct hd_user *user; /* NULL: nobody's settings */
    const struct hd_inventory *inventory;
    const struct hd_policy *policy;
    const struct hd_commitments *commitments;
    char device[32]; /* the store's own disk, "sda": never given away */
};

/* What Xen has free beside what is promised, and what the policy's quota leaves
 * (UINT64_MAX: there is none), in bytes; a guest gets the smaller.  Of `in`
 * only inventory, policy and commitments count. */
void hd_map_memory_left(const struct hd_map_input *in, uint64_t *ret_free,
                        uint64_t *ret_quota);

/* Fails only when nothing of the store may start (HD_E_LIMIT), or without
 * memory.  A guest with a required wish that cannot be met, or without room,
 * is refused in its `why`, which names the wish and says how much is missing;
 * the others go on: HD_E_NO_MEMORY, HD_E_NO_NETWORK, HD_E_LIMIT, HD_E_DENIED,
 * HD_E_NO_DEVICE.  Linear in guests + devices. */
int hd_map_make(const struct hd_map_input *in, struct hd_map **ret,
                struct hd_err *err);
void hd_map_free(struct hd_map *map);
HD_DEFINE_AUTO(hd_map)

/* The row gives a USB or PCI device of the host's, which is then nobody
 * else's. */
bool hd_map_is_device(const struct hd_map_row *row);
/* It has no reason not to start, and the user wants it. */
bool hd_map_starts(const struct hd_map_guest *guest);

/* NULL when there is none. */
const struct hd_map_guest *hd_map_guest(const struct hd_map *map,
                                        const char *name);

/* One line a row, for golden files. */
void hd_map_print(const struct hd_map *map, FILE *out);

#endif
