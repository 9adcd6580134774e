/* SPDX-License-Identifier: MIT */
/* Room in the registry's file for what is to be changed when there is no more;
 * for dom-guest's registry*.c alone. */
#ifndef HD_GUEST_REGISTRY_ROOM_H
#define HD_GUEST_REGISTRY_ROOM_H

#include <lmdb.h>
#include <stdbool.h>
#include <stddef.h>

#include "registry.h"

/*
 * A removal has to write as well: LMDB copies each page that it changes, and
 * lists those that it frees, 8 bytes each, in pages that follow one another.
 * So values are kept out of the last HD_REGISTRY_SPARE of HD_REGISTRY_SIZE, of
 * which the list of a file that is emptied at once takes an eighth.
 */
#define HD_REGISTRY_SPARE (1u << 20)
#define HD_REGISTRY_FULL  (HD_REGISTRY_SIZE - HD_REGISTRY_SPARE)

/* Lets the environment grow into the spare room, for a transaction that
 * removes; none is open.  What LMDB answers. */
int hd_registry_widen(MDB_env *env);

/* Have the pages of this table taken all that values may? */
bool hd_registry_is_full(const MDB_stat *st);

/*
 * Sees to it that the file has room of its own behind its last page, or in it,
 * for what is to be changed when the volume is full.  0, or why it has none, an
 * errno of a volume that is full.  Of an environment without a transaction.
 *
 * LMDB gives nobody the pages that the last transaction has freed, which a cut
 * of power may bring back, before another one is on the volume; and one that
 * finds no room never is.  Where that matters this makes one, which changes
 * nothing.
 */
#define HD_REGISTRY_ROOM (128u << 10) /* bytes, at least */
int hd_registry_reserve(MDB_env *env);

#endif
