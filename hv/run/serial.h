/* SPDX-License-Identifier: MIT */
/* Serial ports of the host's that guests are given. */
#ifndef HD_RUN_SERIAL_H
#define HD_RUN_SERIAL_H

#include "../../pv-drivers/base/err.h"
#include "../plan/plan.h"
#include "server.h"

/* Its server's, HD_SERVER_DIR/TTY. */
void hd_serial_path(const char *tty, char ret[HD_SERVER_SIZE]);

/* HD_E_GONE unless the port is on the device that the plan was made for,
 * HD_E_BUSY when it is served already.  sysfs and a lock, answers at once. */
int hd_serial_check_free(const struct hd_step_console *step,
                         struct hd_err *err);
/* Starts hotdom-serial for a domain that has no such console yet, and blocks
 * until it has the port, at most five seconds. */
int hd_serial_serve(const struct hd_step_console *step, uint32_t domid,
                    struct hd_err *err);
/* HD_E_GONE or HD_E_FAILED when its process does not live any more.  A lock,
 * answers at once. */
int hd_serial_check_served(const struct hd_step_console *step,
                           struct hd_err *err);

#endif
