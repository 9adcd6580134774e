/* SPDX-License-Identifier: MIT */
/* The processes that serve a guest something of the host's, each from its start
 * to its end. */
#ifndef HD_RUN_SERVER_H
#define HD_RUN_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/paths.h"

/* HD_SERVER_DIR/NAME: as long as it runs, it has a lock on that file, by which
 * it is found again after any crash. */
#define HD_SERVER_SIZE (sizeof(HD_SERVER_DIR "/") + 80)

/* Does a process have that lock? */
bool hd_server_runs(const char *path);
/* Runs argv[0] and blocks until it says that it is ready, at most twenty
 * seconds; its own reason as HD_E_BUSY when it says that. */
int hd_server_start(char *const argv[], pid_t *ret, struct hd_err *err);
/* What it serves is gone, so it ends by itself; one that has not within a
 * second is killed.  HD_E_TIMEOUT when it lives on.  None is fine. */
int hd_server_end(const char *path, struct hd_err *err);

#endif
