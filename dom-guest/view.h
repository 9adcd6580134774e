/* SPDX-License-Identifier: MIT */
/* The guest's file tree as its tables want it: the host's files where they say
 * so, the guest's own everywhere else and wherever it writes. */
#ifndef HD_GUEST_VIEW_H
#define HD_GUEST_VIEW_H

#include <stddef.h>
#include <stdint.h>

#include "../pv-drivers/base/err.h"
#include "../pv-drivers/base/mem.h"

/* How it went: of `wanted` layers `made` are there; `why` is of the first that
 * is not, or of one that is not all as it should be. */
struct hd_view_outcome {
    size_t wanted, made;
    struct hd_err why;
};

struct hd_view; /* opaque: what is mounted, and copies to mount it again */

/* NULL without memory. */
struct hd_view *hd_view_new(struct hd_err *err);
/* What is mounted stays, and is not shown again. */
void hd_view_free(struct hd_view *v);
HD_DEFINE_AUTO(hd_view)

/*
 * Goes from what is mounted to what `text`, the tables, wants; blocks as
 * mount(2) does.  A layer that stays, as hd_layers_match says, is not touched,
 * nor is what the guest has mounted in its place, or that it has unmounted it.
 * The others are taken away, what an agent before this one has left too, and
 * mounted anew: an exception that was there before with the overlay that it
 * had, for whoever has a file of it open goes on with that.  A layer that
 * cannot be made leaves the guest's own files there and the others as they are.
 * A host path that is not there is no layer.
 *
 * Each exception is an overlay: below the host view, above a folder of
 * HD_GUEST_WRITES, or where that takes no writes one in memory.  An exception
 * that is a file is bound from the overlay of its folder.
 */
void hd_view_compose(struct hd_view *v, const char *text,
                     struct hd_view_outcome *ret);

/*
 * Mounts again, on top, those exceptions that a mount above them has hidden
 * since, as hd_placed_is_hidden says, each with the guest's own of its new
 * place back inside; touches no other and takes nothing away.  `wanted` are
 * those that are hidden.  One that is hidden again and again is so for good,
 * and is why.
 */
void hd_view_look(struct hd_view *v, uint64_t now_ms,
                  struct hd_view_outcome *ret);

/* POLLPRI there: something was mounted or unmounted since the last poll(2),
 * maybe by the view itself.  Nothing is to be read.  -1: nothing rings, as for
 * NULL. */
int hd_view_bell(const struct hd_view *v);

#endif
