/* SPDX-License-Identifier: MIT */
/* What a guest asks of its host view, told to one connection as it comes. */
#ifndef HD_CONTROL_FEED_H
#define HD_CONTROL_FEED_H

#include <uv.h>

#include "control.h"

/* So many at a time, so often: a guest that asks without end takes no more of
 * hotdomd than that. */
#define HD_FEED_BATCH 200
#define HD_FEED_MS    100

/* `fd`, of hd_files_follow, is taken, also on failure.  A reply of hotdomd.8's
 * TableLog for each message, and the last one when there are no more; it ends
 * when `conn` hangs up. */
int hd_feed_begin(uv_loop_t *loop, int fd, struct hd_conn *conn,
                  struct hd_err *err);

#endif
