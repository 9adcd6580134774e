/* SPDX-License-Identifier: MIT */
/* Netlink sockets in the loop: udev's of disks, and any whose buffer was full.
 */
#ifndef HD_WATCH_LISTEN_H
#define HD_WATCH_LISTEN_H

#include <uv.h>

#include "../../pv-drivers/base/err.h"

struct udev_monitor;

/* What `who`, "udev" or the "kernel", tells of whole disks, device-mapper's
 * among them.  With a tag, of those alone that udev gave it: the kernel keeps
 * the others out of the socket, which no storm of them can fill.  It and its
 * udev context are the caller's; NULL on failure. */
struct udev_monitor *hd_listen_disks(const char *who, const char *tag,
                                     struct hd_err *err);

/* libuv stops to poll what has an error (uv__poll_io in its src/unix/poll.c),
 * and a netlink socket has one, ENOBUFS, when something was lost.  Whoever has
 * read it, which takes it away, listens on. */
void hd_listen_on(uv_poll_t *poll, int status, uv_poll_cb fn);

#endif
