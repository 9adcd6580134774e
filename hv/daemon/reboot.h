/* SPDX-License-Identifier: MIT */
/* Asks a guest's kernel for something, through xenstore. */
#ifndef HD_DAEMON_REBOOT_H
#define HD_DAEMON_REBOOT_H

#include <stdint.h>
#include <uv.h>

#include "../../pv-drivers/base/err.h"

/* To shut itself down as for a reboot.  One of libuv's threads does it, so that
 * the loop does not wait for xenstored; that it could not is logged. */
int hd_reboot_ask(uv_loop_t *loop, uint32_t domid, struct hd_err *err);

#endif
