/* SPDX-License-Identifier: MIT */
/* Paravirtual devices of a guest that runs: both ends connect, and let go in
 * agreement. */
#ifndef HD_BUS_XENBUS_LIVE_H
#define HD_BUS_XENBUS_LIVE_H

#include "xenbus_state.h"

/* Blocks until both ends of each are connected; the caller watches them by
 * hd_xenbus_watch, or it is seen late.  HD_E_FAILED when a backend
 * gives up, with what it says, or when the guest refuses the device;
 * HD_E_TIMEOUT at the deadline, with the end that is not there. */
int hd_xenbus_connect(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                      size_t n, uint64_t deadline_ms, struct hd_err *err);

/* Asks the guest to let go, and blocks until its backend has closed; the nodes
 * stay, and so does a watch.  HD_E_BUSY when the guest has not at the deadline:
 * it then has the device as before or, with `*ret_begun`, has begun to close it
 * and does so in its own time.  A backend that is gone will do. */
int hd_xenbus_part(struct hd_xs *xs, const struct hd_xenbus_device *dev,
                   uint64_t deadline_ms, bool *ret_begun, struct hd_err *err);

#endif
