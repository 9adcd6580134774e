/* SPDX-License-Identifier: MIT */
/* Serial ports of the host's that guests are given: the process that has one,
 * from its start to its end. */
#ifndef HD_RUN_SERIAL_H
#define HD_RUN_SERIAL_H

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/paths.h"
#include "../plan/plan.h"

/* HD_SERIAL_DIR/TTY: as long as a process serves the port, it has a lock on
 * that file, by which it is found again after any crash. */
#define HD_SERIAL_SIZE (sizeof(HD_SERIAL_DIR "/") + 32)
void hd_serial_path(const char *tty, char ret[HD_SERIAL_SIZE]);

/* HD_E_GONE unless the port is on the device that the plan was made for,
 * HD_E_BUSY when it is served already.  sysfs and a lock, answers at once. */
int hd_serial_check_free(const struct hd_step_console *step,
                         struct hd_err *err);
/* Starts hotdom-serial for a domain that has no such console yet, and blocks
 * until it has the port, at most five seconds. */
int hd_serial_serve(const struct hd_step_console *step, uint32_t domid,
                    struct hd_err *err);
/* `path` is hd_serial_path's.  Its console is gone, so the process ends by
 * itself; one that has not within a second is killed.  HD_E_TIMEOUT when it
 * lives on.  None is fine. */
int hd_serial_end(const char *path, struct hd_err *err);

#endif
