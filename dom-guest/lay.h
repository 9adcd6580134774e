/* SPDX-License-Identifier: MIT */
/* One exception as it is laid over the guest's own. */
#ifndef HD_GUEST_LAY_H
#define HD_GUEST_LAY_H

#include <stdbool.h>

#include "placed.h"

/*
 * Lays the exception `path` over `lower`, the host's, with what the guest
 * writes there in `writes`, and notes in `p` where it is mounted: as the
 * overlay that `p` has a spare copy of, or as a new one.  `folder`: it is one,
 * and no file.  `left` is why something of a layer that is gone is there still.
 */
int hd_lay_exception(struct hd_placed *p, const char *path, const char *lower,
                     bool folder, const char *writes, struct hd_err *left,
                     struct hd_err *err);

/* The overlay that is there, once more, over what hides it. */
int hd_lay_again(struct hd_placed *p, const char *path, struct hd_err *err);

#endif
