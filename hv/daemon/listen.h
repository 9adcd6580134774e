/* SPDX-License-Identifier: MIT */
/* A netlink socket whose buffer was full. */
#ifndef HD_DAEMON_LISTEN_H
#define HD_DAEMON_LISTEN_H

#include <uv.h>

/* libuv stops to poll what has an error (uv__poll_io in its src/unix/poll.c),
 * and a netlink socket has one, ENOBUFS, when something was lost.  Whoever has
 * read it, which takes it away, listens on. */
static inline void hd_listen_on(uv_poll_t *poll, int status, uv_poll_cb fn)
{
    if (status < 0)
        (void)uv_poll_start(poll, UV_READABLE, fn);
}

#endif
