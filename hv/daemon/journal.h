/* SPDX-License-Identifier: MIT */
/* Events in journald, each with its fields, for journalctl(1) to choose by. */
#ifndef HD_DAEMON_JOURNAL_H
#define HD_DAEMON_JOURNAL_H

#include <stddef.h>

#include "event.h"

#define HD_JOURNAL_SOCKET "/run/systemd/journal/socket"
#define HD_JOURNAL_MAX    4096 /* bytes of an entry, which any event fits in */

/* What kind of entry it is; ours, and never to be changed (hotdomd.8). */
#define HD_JOURNAL_STORE_ID "6f0e3c8d1f5b4c8f9b5d2a7e40c1d933"
#define HD_JOURNAL_HOST_ID  "b1d7a2f64a0e4f3c8c0a5e9d7f26e815"

/* `event` as journald's native protocol has it; gives its length. */
size_t hd_journal_entry(const struct hd_event *event, char ret[HD_JOURNAL_MAX]);
/* From now on each event goes to the socket at `path`; without blocking, so one
 * is lost there when nobody listens or journald is far behind.  Lives as long
 * as the process. */
int hd_journal_start(struct hd_events *events, const char *path,
                     struct hd_err *err);

#endif
