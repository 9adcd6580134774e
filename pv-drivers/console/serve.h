/* SPDX-License-Identifier: MIT */
/* One serial port served to one guest as a PV console. */
#ifndef HD_CONSOLE_SERVE_H
#define HD_CONSOLE_SERVE_H

#include "../bus/peer.h"
#include "../bus/xs.h"

/* Begins to watch both ends' states, which takes a descriptor: before rights
 * are given up. */
int hd_console_watch(struct hd_xs *xs, uint32_t domid, uint32_t devid,
                     struct hd_err *err);
/* Blocks for as long as the console is there: until its nodes in xenstore are
 * taken away, or the port was pulled out, which the guest sees as the console's
 * end.  `tty` does not block.  HD_E_TIMEOUT when no console comes to be within
 * HD_SERVE_BEGIN_MS; HD_E_GONE when the port has gone. */
#define HD_SERVE_BEGIN_MS 60000
int hd_console_serve(struct hd_xs *xs, struct hd_peer *peer, uint32_t domid,
                     uint32_t devid, int tty, struct hd_err *err);

#endif
