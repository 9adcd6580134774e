/* SPDX-License-Identifier: MIT */
/* Looks at what guests' agents tell: often when a guest is young, then once a
 * minute.  Nobody watches their nodes, for a guest may write without end. */
#ifndef HD_DAEMON_AGENTS_H
#define HD_DAEMON_AGENTS_H

#include "../../pv-drivers/base/mem.h"
#include "daemon.h"
#include "store.h"

struct hd_agents; /* opaque */

/* NULL without memory.  It lives as long as the loop. */
struct hd_agents *hd_agents_new(struct hd_daemon *d);
/* A guest runs now; before the loop runs nothing happens.  `agents` may be
 * NULL.
 */
void hd_agents_ring(struct hd_agents *agents);

/* ---- pure */

/* What `text`, a report, is to `guest`, whose agent it changes; `rc` as of
 * hd_agent_read, whose failure is no report either.  True: others are to know.
 */
bool hd_agents_take(struct hd_guest_life *guest, int rc, const char *text,
                    uint64_t now_ms);
/* "Debian GNU/Linux 12 (bookworm), 10.77.0.12"; of trouble what that is. */
#define HD_AGENTS_MESSAGE 480
void hd_agents_message(const struct hd_agent *agent,
                       char ret[HD_AGENTS_MESSAGE]);
/* Until the next look; UINT64_MAX: there is nobody to look at. */
uint64_t hd_agents_wait(const struct hd_stores *stores, uint64_t now_ms);

#endif
