/* SPDX-License-Identifier: MIT */
/* Whom a person wants shut down or destroyed, in HD_ORDER_DIR: who waits for
 * that may stand still, and the next hotdomd goes on with it. */
#ifndef HD_DAEMON_ORDERS_H
#define HD_DAEMON_ORDERS_H

#include "store.h"

/* What goes wrong with these is logged. */

/* All of the store who are to end by now. */
void hd_orders_save(struct hd_store *store);
/* Of one whose guests have just been adopted: they are to end still, and
 * hd_order_next begins with it. */
void hd_orders_adopt(struct hd_store *store);
/* None of its guests is here any more. */
void hd_orders_drop(struct hd_store *store);
/* Removes what was saved of stores that are not in the table. */
void hd_orders_sweep(struct hd_stores *stores);

#endif
