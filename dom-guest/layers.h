/* SPDX-License-Identifier: MIT */
/* The tables as an order of mounts: what lies over what.  Pure. */
#ifndef HD_GUEST_LAYERS_H
#define HD_GUEST_LAYERS_H

#include <stdbool.h>
#include <stddef.h>

#include "../pv-drivers/base/err.h"
#include "../pv-drivers/base/tables.h"

/* Entries that a guest makes mounts of, and bytes of their text with the NUL.
 */
#define HD_LAYERS      4096
#define HD_LAYERS_TEXT (128u << 10)

struct hd_layer {
    enum hd_side side;
    char path[HD_TABLES_PATH];
    size_t above; /* hd_layers_above */
};

struct hd_layers {
    size_t n;
    struct hd_layer layers[HD_LAYERS]; /* each after all that lie above it */
};

/* Of a text as hd_tables_parse takes it; empty: none.  An entry that says of
 * its path what is so without it is left out.  Fails, and changes nothing, for
 * any other text and for more than HD_LAYERS entries. */
int hd_layers_parse(const char *text, struct hd_layers *ret,
                    struct hd_err *err);

/* The layer that layers[i] lies in right away, which is of the other side;
 * HD_LAYERS: none. */
size_t hd_layers_above(const struct hd_layers *l, size_t i);
/* The layer of this side at just that path; HD_LAYERS: none. */
size_t hd_layers_find(const struct hd_layers *l, enum hd_side side,
                      const char *path);

/*
 * Of each layer of `now` which one of `before` it can stay, untouched, when the
 * one takes the other's place; HD_LAYERS: none.  `there`[i]: layers[i] of
 * `before` is as it was made.  A layer goes with the one that it lies in, and
 * an exception with any of its inclusions: what those show is below it.
 */
void hd_layers_match(const struct hd_layers *before, const bool there[],
                     const struct hd_layers *now, size_t ret[HD_LAYERS]);

/* The name of the folder that holds what the guest writes below `path`: no two
 * paths have the same.  False when it would be longer than a name may be. */
#define HD_LAYERS_NAME 256
bool hd_layers_name(const char *path, char ret[HD_LAYERS_NAME]);

/* Bytes of a path of the agent's own that has an entry or its folder in it. */
#define HD_LAYERS_ROOM (HD_TABLES_PATH + HD_LAYERS_NAME + 64)

#endif
