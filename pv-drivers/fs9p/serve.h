/* SPDX-License-Identifier: MIT */
/* Serves the host view to one guest, from before it is attached to its end. */
#ifndef HD_FS9P_SERVE_H
#define HD_FS9P_SERVE_H

#include "../bus/peer.h"
#include "control.h"
#include "fs9p.h"
#include "session.h"

/* It must be attached within this. */
#define HD_9P_BEGIN_MS 60000

/* `peers`: one a ring, opened for the domain and not connected; the states of
 * both ends are watched already.  Blocks until the device is taken away or was
 * never there (HD_E_TIMEOUT). */
int hd_9p_serve(struct hd_xs *xs, struct hd_peer *peers[HD_FS9P_RINGS],
                const struct hd_xenbus_device *dev, struct hd_9p *session,
                struct hd_9p_control *control, struct hd_err *err);

#endif
