/* SPDX-License-Identifier: MIT */
/* What guests get of the processors when there are too few.  While others are
 * started, for those that boot want all that there is, and dom0 is to start the
 * next ones.  And once one has computed for a minute: those that mostly wait,
 * for their disks say, are to come before it. */
#ifndef HD_DAEMON_SHARES_H
#define HD_DAEMON_SHARES_H

#include <stdbool.h>

#include "store.h"

/* Whether guests that `plan` starts for `store` are light at first: there are
 * others, of that plan or of a store that starts. */
bool hd_shares_crowd(const struct hd_store *store, const struct hd_plan *plan);
/* Of all guests, once no store starts any more; some hypercalls. */
void hd_shares_give(struct hd_daemon *d);

/* To be called once a minute, or more often: who is busy is light, and who is
 * not any more has its weight again; some hypercalls. */
void hd_shares_look(struct hd_daemon *d);

/* Pure: takes down how long the guest has run, and whether it is busy.  It is
 * from when it took more than a half of a processor since it was looked at,
 * which is no less than HD_SHARES_MS, until it takes less than a quarter. True:
 * that has changed. */
#define HD_SHARES_MS 45000
bool hd_shares_see(struct hd_guest_life *guest, uint64_t cpu_ns,
                   uint64_t now_ms);

#endif
