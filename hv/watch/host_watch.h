/* SPDX-License-Identifier: MIT */
/* Tells of devices that come to the host and go while hotdomd runs. */
#ifndef HD_WATCH_HOST_WATCH_H
#define HD_WATCH_HOST_WATCH_H

#include "../daemon/daemon.h"

/* From now on an event for each; it lives as long as the process.  Without it
 * nothing else suffers: plans scan the host anew. */
int hd_host_watch_start(struct hd_daemon *d, struct hd_err *err);

#endif
