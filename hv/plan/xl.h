/* SPDX-License-Identifier: MIT */
/* A guest of a plan as an xl.cfg(5), for stock `xl create`. */
#ifndef HD_PLAN_XL_H
#define HD_PLAN_XL_H

#include <stdio.h>

#include "../store/gpt.h"
#include "map.h"
#include "plan.h"

/* Where xl finds what is on the store; all borrowed. */
struct hd_xl_files {
    const char *kernel;  /* a path: the unpacked ELF */
    const char *ramdisk; /* a path, or NULL */
    /* The header's members that these two come from, unpacked where the names
     * differ: comments say how to get both from the store.  NULL: they are
     * there. */
    const char *kernel_member, *ramdisk_member;
    const char *disk; /* the store's node: "/dev/sda" */
    /* Its table, without holes, as hotdom writes it: plain volumes are given as
     * partitions.  NULL: as dm devices, like all others. */
    const struct hd_gpt *gpt;
};

/* Writes what `xl create` makes an equivalent domain from; comments say which
 * commands must come first (cryptsetup, veritysetup, dmsetup, ip).  Same input,
 * same bytes.  HD_E_NO_GUEST when the plan does not start it, with its reason
 * when the map has one; HD_E_FAILED when a text has characters that xl.cfg
 * cannot hold: control characters, and in device lines commas and quotes. */
int hd_xl_write(const struct hd_plan *plan, const struct hd_map *map,
                const char *guest, const struct hd_xl_files *files, FILE *out,
                struct hd_err *err);

#endif
