/* SPDX-License-Identifier: MIT */
/* What a guest that runs is given, or gives back, by a person's wish: rows of
 * its resource map beside, or in place of, those of its start.  Pure. */
#ifndef HD_PLAN_MAP_HOT_H
#define HD_PLAN_MAP_HOT_H

#include "map_kept.h"
#include "plan.h"

struct hd_hot_wish {
    uint32_t class; /* BLOCK: a scratch disk; USB: a disk of the host's; NET */
    char role[HD_NAME_SIZE]; /* USB, NET */
    char as[HD_NAME_SIZE];   /* "xvdc", or a NIC's name; empty: the next free */
    uint64_t size;           /* BLOCK: bytes */
    bool read_only;          /* USB */
};

/* "ram:64M", a scratch disk of whole MiB, or a role of the policy's `devices`.
 * HD_E_USAGE says what it takes. */
int hd_hot_wish_disk(const char *source, const char *as, bool read_only,
                     struct hd_hot_wish *ret, struct hd_err *err);
int hd_hot_wish_nic(const char *role, const char *as, struct hd_hot_wish *ret,
                    struct hd_err *err);

/* A map of that one row, from which hd_plan_make makes the steps that attach
 * it.  `kept`: the guest's object of hd_map_to_json, with all that was attached
 * since, or NULL.  A USB wish that was not met when the guest started is met
 * now, under its name.  HD_E_EXISTS when the name is taken, HD_E_LIMIT when
 * none is left, HD_E_DENIED, HD_E_NO_MEMORY, HD_E_NO_NETWORK and HD_E_NO_DEVICE
 * when the host gives it not, with what would change that. */
int hd_map_hot(const struct hd_map_input *in, const char *guest,
               const struct hd_hot_wish *wish, struct json_object *kept,
               struct hd_map **ret, struct hd_err *err);

#endif
