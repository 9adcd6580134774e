/* SPDX-License-Identifier: MIT */
/* Looks at what guests' agents tell: often in a guest's first minute, then once
 * a minute.  Nobody watches their nodes, for a guest may write without end. */
#ifndef HD_WATCH_AGENTS_H
#define HD_WATCH_AGENTS_H

#include "../../pv-drivers/base/mem.h"
#include "../daemon/daemon.h"
#include "../daemon/store.h"

struct hd_agents; /* opaque */

/* NULL without memory.  It lives as long as the loop. */
struct hd_agents *hd_agents_new(struct hd_daemon *d);
/* A guest runs now; before the loop runs nothing happens.  `agents` may be
 * NULL.
 */
void hd_agents_ring(struct hd_agents *agents);
/* Somebody asks how guests are: those that may have become ready are looked at
 * for whom asks next, at most once a second.  `agents` may be NULL. */
void hd_agents_ask(struct hd_agents *agents);

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
/* One of them runs, is young, and has not told all that it may. */
bool hd_agents_awaited(const struct hd_stores *stores, uint64_t now_ms);
/* Until the next look; UINT64_MAX: there is nobody to look at. */
uint64_t hd_agents_wait(const struct hd_stores *stores, uint64_t now_ms);

#endif
