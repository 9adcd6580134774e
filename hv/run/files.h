/* SPDX-License-Identifier: MIT */
/* The host view of a guest: the process that serves it. */
#ifndef HD_RUN_FILES_H
#define HD_RUN_FILES_H

#include "../../pv-drivers/base/err.h"
#include "../plan/plan.h"
#include "server.h"

/* Its server's, HD_SERVER_DIR/LABEL.GUEST. */
void hd_files_path(const char *name, char ret[HD_SERVER_SIZE]);
/* Starts hotdom-9p for a domain that has no host view yet, and blocks until it
 * is ready, at most five seconds. */
int hd_files_serve(const struct hd_step_files *step, uint32_t domid,
                   struct hd_err *err);

#endif
