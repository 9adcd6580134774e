/* SPDX-License-Identifier: MIT */
/* Looks whether the processes that serve guests something of the host's live;
 * starts and ends none. */
#ifndef HD_WATCH_SERVED_H
#define HD_WATCH_SERVED_H

#include "../daemon/store.h"

/* Of each guest that runs and whose store has no job; two system calls for each
 * process.  One that has died is an event of its guest, once. */
void hd_served_look(struct hd_stores *stores);

/* ---- pure, but for the event */

/* `lost`: what has nobody who serves it, or NULL.  It is believed when the next
 * look finds the same: it ends with its guest, a moment before that is heard.
 */
void hd_served_take(struct hd_store *store, struct hd_guest_life *guest,
                    const char *lost);

#endif
