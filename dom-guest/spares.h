/* SPDX-License-Identifier: MIT */
/* Overlays that are mounted nowhere, by their exception's path: when that comes
 * again, so does its overlay, for somebody may use it still, and a second one
 * above the same folder would be undefined. */
#ifndef HD_GUEST_SPARES_H
#define HD_GUEST_SPARES_H

#include "layers.h"

struct hd_spares {
    size_t n;
    struct {
        char path[HD_TABLES_PATH];
        int fd;      /* owned; as hd_mounted_copy returns it */
    } of[HD_LAYERS]; /* the oldest first */
};

/* Takes `fd`, which may be -1.  The oldest one goes when there are too many. */
void hd_spares_put(struct hd_spares *s, const char *path, int fd);
/* The descriptor, which is the caller's, or -1. */
int hd_spares_take(struct hd_spares *s, const char *path);
void hd_spares_fini(struct hd_spares *s);

#endif
