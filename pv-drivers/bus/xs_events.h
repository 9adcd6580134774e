/* SPDX-License-Identifier: MIT */
/* The watches of one reader of xenstore, on a connection of their own: events
 * come unasked, and what asks would have to look for its answer among them. */
#ifndef HD_BUS_XS_EVENTS_H
#define HD_BUS_XS_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/err.h"
#include "../base/mem.h"

/* What is said here holds for xenstored's socket.  Through the kernel's device
 * (xs_bulk.h) the same watch twice is two, of which each has its events and its
 * end; and there a request is taken within write(2), which nothing ends before
 * xenstored answers. */

struct hd_xs_events; /* opaque; for one thread */

/* As hd_xs_bulk_open, with HD_XS_SILENT_MS. */
int hd_xs_events_open(struct hd_xs_events **ret, struct hd_err *err);
void hd_xs_events_free(struct hd_xs_events *events);
HD_DEFINE_AUTO(hd_xs_events)

/* The connection is lost, and so are all watches: whatever failed, its errno
 * may as well be what xenstored said. */
bool hd_xs_events_lost(const struct hd_xs_events *events);

/* A watch that is there already is success, and an event.
 * False with errno: xenstored's own, E2BIG for what is too long, ENOBUFS for a
 * token more than there is room for; once the connection is lost, EIO or
 * ETIMEDOUT, and so from then on.  Blocks for as long as xenstored may be
 * silent, however much it says of other watches. */
bool hd_xs_events_add(struct hd_xs_events *events, const char *path,
                      const char *token);
/* What came of it and was not taken is dropped, unless another path is watched
 * with that token. */
void hd_xs_events_remove(struct hd_xs_events *events, const char *path,
                         const char *token);

/* The socket.  It is not readable for what came together with an answer and was
 * kept; hd_xs_events_take gives that first. */
int hd_xs_events_fd(const struct hd_xs_events *events);
/* 1 with a token, of which at most `size` - 1 characters are copied; 0: none is
 * left, but what has begun to come; -1 with errno: the connection is lost. */
int hd_xs_events_take(struct hd_xs_events *events, char *token, size_t size);
/* Blocks until there may be something to take, or until then.  NULL: there are
 * no watches.  -1 with errno. */
int hd_xs_events_wait(struct hd_xs_events *events, uint64_t deadline_ms);

#endif
