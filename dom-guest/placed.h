/* SPDX-License-Identifier: MIT */
/* A layer as it was mounted, and a copy to mount it again when it is hidden. */
#ifndef HD_GUEST_PLACED_H
#define HD_GUEST_PLACED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../pv-drivers/base/err.h"
#include "mountinfo.h"

struct hd_placed {
    char *at;    /* owned; its mount point, behind all links; NULL: nowhere */
    uint64_t id; /* of the mount */
    dev_t dev;   /* of its file system; 0: hd_placed_is_hidden finds it */
    int spare;   /* owned; a copy that is mounted nowhere, or -1 */
    unsigned times; /* that it was shown again since `since_ms` */
    uint64_t since_ms;
};

void hd_placed_init(struct hd_placed *p);
/* It stays mounted. */
void hd_placed_fini(struct hd_placed *p);

/* It was mounted at `at` just now; notes that.  `of` as in mounted.h. */
int hd_placed_note(struct hd_placed *p, const char *at, const char *of,
                   struct hd_err *err);
/* Makes the spare copy; without one it is not shown again. */
void hd_placed_copy(struct hd_placed *p);
/* Mounts the copy at `at`, and makes another.  It is the same overlay: a second
 * one above the same folder would be undefined. */
int hd_placed_repeat(struct hd_placed *p, const char *at, const char *of,
                     struct hd_err *err);

/*
 * Is placed[i], of `n`, there and out of sight because of a mount on a folder
 * above it?  Not hidden, for the guest wants it so, is one
 *   - that it has unmounted,
 *   - on which it has mounted something itself,
 *   - below whose mount point it has, in the mount that hides it.
 * Nor is one below what comes when it is used: that rings when it comes.
 * Looks at no file; keeps in placed[i] what it learns of its mount.
 */
bool hd_placed_is_hidden(struct hd_placed *placed, size_t n, size_t i,
                         const struct hd_mountinfo *m);

/* Has the guest mounted something of its own below placed[i], or in its place,
 * that can be seen?  As above. */
bool hd_placed_is_used(const struct hd_placed *placed, size_t n, size_t i,
                       const struct hd_mountinfo *m);

/* May it be shown again?  No when it has been HD_PLACED_TIMES within
 * HD_PLACED_WITHIN_MS, which ends never: somebody wants it hidden. */
#define HD_PLACED_TIMES     5
#define HD_PLACED_WITHIN_MS 600000
bool hd_placed_may(struct hd_placed *p, uint64_t now_ms);

#endif
