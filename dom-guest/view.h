/* SPDX-License-Identifier: MIT */
/* The guest's file tree as its tables want it: the host's files where they say
 * so, the guest's own everywhere else and wherever it writes. */
#ifndef HD_GUEST_VIEW_H
#define HD_GUEST_VIEW_H

#include <stddef.h>

#include "../pv-drivers/base/err.h"
#include "layers.h"

/* How it went: of `wanted` layers `made` are there. */
struct hd_view_outcome {
    size_t wanted, made;
    struct hd_err why; /* of the first that is not */
};

/*
 * Takes away what an earlier call has mounted and mounts what `text`, the
 * tables, wants; blocks as mount(2) does.  A layer that cannot be made leaves
 * the guest's own files there and the others as they are.  A host path that is
 * not there is no layer.
 *
 * Each exception is an overlay: below the host view, above a folder of
 * HD_GUEST_WRITES, or where that takes no writes one in memory.  An exception
 * that is a file is bound from the overlay of its folder.
 */
void hd_view_compose(const char *text, struct hd_view_outcome *ret);

#endif
