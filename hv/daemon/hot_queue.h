/* SPDX-License-Identifier: MIT */
/* Devices that a guest is to be given, or to give back, when its store has done
 * what it does now: in the order in which they were asked for. */
#ifndef HD_DAEMON_HOT_QUEUE_H
#define HD_DAEMON_HOT_QUEUE_H

#include <stdbool.h>
#include <uv.h>

#include "../../pv-drivers/base/err.h"
#include "../plan/map_hot.h"
#include "store.h"

#define HD_HOT_QUEUE 16 /* wait for one store */

struct hd_hot_ask {
    bool attach;
    struct hd_hot_wish wish; /* ATTACH */
    char what[65];           /* DETACH, as of hd_hot_detach */
    bool nic, force;
};

/* One that waits; it belongs to the loop as long as its timer does. */
struct hd_hot_order {
    struct hd_hot_order *next;
    struct hd_store *store;
    struct hd_conn *conn; /* who waits; NULL: it hung up, and it is not done */
    uv_timer_t deadline;  /* HD_LIMIT_WAIT */
    char guest[HD_NAME_SIZE];
    struct hd_hot_ask ask;
};

/* Begins it, or has it wait; the outcome goes to `conn`.  HD_E_BUSY when its
 * store or guest ends, or too many wait. */
int hd_hot_queue_ask(struct hd_store *store, const struct hd_guest_life *guest,
                     const struct hd_hot_ask *ask, struct hd_conn *conn,
                     struct hd_err *err);
/* Begins the next one of a store that has nothing else to do; whose turn it is
 * and who cannot be served any more is told so. */
void hd_hot_queue_next(struct hd_store *store);
/* None is done any more, of `guest` or, NULL, of the store; they are told
 * `why`.
 */
void hd_hot_queue_drop(struct hd_store *store, const char *guest,
                       const struct hd_err *why);

#endif
