/* SPDX-License-Identifier: MIT */
/* Volumes that hold back what failed: of a disk that is pulled the yank's fence
 * ends it; of one that stays, this. */
#ifndef HD_WATCH_HELD_H
#define HD_WATCH_HELD_H

#include "../daemon/daemon.h"

/* Something of the volume's has failed.  HELD later it is tried once more, and
 * the guest is told what fails then, unless its store has gone by then, or is
 * on a LUN whose portal is silent, which is pulled before long. */
void hd_held_watch(struct hd_daemon *daemon, const char *dm_name);

/* All that guests write: an event of one of them may have been missed. */
void hd_held_watch_store(struct hd_store *store);
void hd_held_watch_all(struct hd_daemon *daemon);

#endif
