/* SPDX-License-Identifier: MIT */
/* Which guests ask without end of xenstore, which all share, and what becomes
 * of them: a small part of a processor, until they stop.  None is ended for it.
 */
#ifndef HD_WATCH_FLOODS_H
#define HD_WATCH_FLOODS_H

#include "../daemon/daemon.h"
#include "../daemon/store.h"

/* Sleeps until xenstored has worked for some seconds of processor time, so that
 * an idle host is not woken.  Without memory, or a xenstored in dom0, it says
 * so in the journal and does nothing. */
void hd_floods_start(struct hd_daemon *d);
/* The guest ends, or is asked to: it has all that it had, so that it can. */
void hd_floods_leave(struct hd_daemon *d, struct hd_guest_life *guest);

/* ---- pure */

enum hd_flood_act { HD_FLOOD_NOTHING, HD_FLOOD_SLOW, HD_FLOOD_RELEASE };

/* What follows from the bytes that the guest has asked for by now (asked.h). */
enum hd_flood_act hd_floods_take(struct hd_guest_life *guest, uint32_t bytes,
                                 uint64_t now_ms);
/* Until the next look; UINT64_MAX: when xenstored has worked once more. */
uint64_t hd_floods_wait(const struct hd_stores *stores);

#endif
