/* SPDX-License-Identifier: MIT */
/* The layers that are mounted, and what came of each. */
#ifndef HD_GUEST_SCENE_H
#define HD_GUEST_SCENE_H

#include <stdbool.h>

#include "layers.h"
#include "placed.h"
#include "spares.h"

struct hd_scene {
    struct hd_layers layers;
    struct hd_placed placed[HD_LAYERS]; /* of each, once it has followed one */
    signed char rc[HD_LAYERS];          /* 1: made; 0: there is none; -1 */
};

/* NULL without memory. */
struct hd_scene *hd_scene_new(struct hd_err *err);
/* What is mounted stays. */
void hd_scene_free(struct hd_scene *s);
HD_DEFINE_AUTO(hd_scene)

/*
 * `next`, of which there are the layers alone, takes the place of `now`.  What
 * stays, as hd_layers_match says, it takes over; the others of `now`, and those
 * that an agent before this one has left, are taken away, and their overlays
 * are in `spares`.  `ret_want` are those of `next` that are to be mounted.
 * An exception in which the guest has mounted something of its own is not laid
 * anew, for that would be lost: that is `why`, untouched otherwise.
 */
void hd_scene_follow(struct hd_scene *next, struct hd_scene *now,
                     struct hd_spares *spares, bool ret_want[HD_LAYERS],
                     struct hd_err *why);

/* What a process before this one has mounted for the layers of `now`, of which
 * there is nothing else yet, as far as it stands. */
void hd_scene_recall(struct hd_scene *now);

#endif
