/* SPDX-License-Identifier: MIT */
/* What guests get of the processors while others are started.  Xen gives dom0
 * no more than any guest, and those that boot want all that there is: dom0,
 * which starts the next ones, would have a third of it, then a fourth. */
#ifndef HD_DAEMON_SHARES_H
#define HD_DAEMON_SHARES_H

#include <stdbool.h>

#include "store.h"

/* Whether guests that `plan` starts for `store` are light at first: there are
 * others, of that plan or of a store that starts. */
bool hd_shares_crowd(const struct hd_store *store, const struct hd_plan *plan);
/* Of all guests, once no store starts any more; some hypercalls. */
void hd_shares_give(struct hd_daemon *d);

#endif
