/* SPDX-License-Identifier: MIT */
/* Stores on a LUN whose portal goes silent: they are pulled, for nobody else
 * would say so. */
#ifndef HD_WATCH_PORTAL_H
#define HD_WATCH_PORTAL_H

#include "../../pv-drivers/base/mem.h"
#include "../daemon/store.h"

struct hd_portal; /* opaque */

/* NULL: no memory. */
struct hd_portal *hd_portal_new(struct hd_daemon *daemon);

/* A disk has appeared: if it is a LUN, the kernel's word that a session is in
 * trouble is listened for (NETLINK_ISCSI, linux/iscsi_if.h).  As long as all
 * portals answer, nothing here wakes up. */
void hd_portal_appeared(struct hd_portal *portal, const char *disk);

/* Has it been silent for too long?  `*since_ms` is when that began, 0: it
 * answers.  Pure. */
bool hd_portal_is_lost(uint64_t *since_ms, bool silent, uint64_t now_ms);

#endif
