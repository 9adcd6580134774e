/* SPDX-License-Identifier: MIT */
/* The states of paravirtual devices: what both ends say, and waiting for what
 * the backends will say. */
#ifndef HD_BUS_XENBUS_STATE_H
#define HD_BUS_XENBUS_STATE_H

#include <stdbool.h>

#include "xenbus.h"

/* xen/io/xenbus.h, XenbusState */
enum hd_xenbus_state {
    HD_XENBUS_NONE, /* there is no node */
    HD_XENBUS_INITIALISING,
    HD_XENBUS_INIT_WAIT, /* the backend is ready for its frontend */
    HD_XENBUS_INITIALISED,
    HD_XENBUS_CONNECTED,
    HD_XENBUS_CLOSING,
    HD_XENBUS_CLOSED,
};

/* The state that an end tells: NONE for a node that is not there or holds none.
 * When xenstored does not say, that is an error and no state: what it has not
 * answered must not count as gone.  The frontend's is the guest's word. */

/* Of the backends of all `n`, sixteen in one wait for xenstored. */
int hd_xenbus_back_states(struct hd_xs *xs,
                          const struct hd_xenbus_device *devices, size_t n,
                          enum hd_xenbus_state *ret, struct hd_err *err);
/* Both of one, in one wait. */
struct hd_xenbus_ends {
    enum hd_xenbus_state back, front;
};
int hd_xenbus_ends(struct hd_xs *xs, const struct hd_xenbus_device *dev,
                   struct hd_xenbus_ends *ret, struct hd_err *err);
/* One, for who has better things to do than to keep a connection for the above:
 * like hd_xs_read, these wait for xenstored however long it takes. */
int hd_xenbus_back_state(struct hd_xs *xs, const struct hd_xenbus_device *dev,
                         enum hd_xenbus_state *ret, struct hd_err *err);
int hd_xenbus_front_state(struct hd_xs *xs, const struct hd_xenbus_device *dev,
                          enum hd_xenbus_state *ret, struct hd_err *err);
/* HD_E_FAILED with what the backend's driver said when it gave up. */
int hd_xenbus_gave_up(struct hd_xs *xs, const struct hd_xenbus_device *dev,
                      struct hd_err *err);

/* Blocks until the backend of each is at least `state`, one before CLOSING or
 * CLOSED itself; HD_E_FAILED with what the driver says when one gives up,
 * HD_E_TIMEOUT at the deadline, or when xenstored is silent.  For CLOSED, a
 * backend that is gone will do. */
int hd_xenbus_await(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                    size_t n, enum hd_xenbus_state state, uint64_t deadline_ms,
                    struct hd_err *err);

/* Whether that failed for the backend, of which xenstored says that it is not
 * there yet. */
bool hd_xenbus_is_late(const struct hd_err *err);

/* The same for who watches already, and has more to wait for. */
int hd_xenbus_wait(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                   size_t n, enum hd_xenbus_state state, uint64_t deadline_ms,
                   struct hd_err *err);
/* Has hd_xs_wait wake up when the state of one of the backends changes, for as
 * long as its watches do (xs.h); once for each.  Their states alone: a driver
 * writes a dozen nodes more before it is ready, and each event keeps xenstored
 * from the others. */
int hd_xenbus_watch(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                    size_t n, struct hd_err *err);

#endif
