/* SPDX-License-Identifier: MIT */
/* The host view of a guest: the process that serves it. */
#ifndef HD_RUN_FILES_H
#define HD_RUN_FILES_H

#include "../../pv-drivers/base/err.h"
#include "../plan/plan.h"
#include "server.h"

/* How long its process may take to answer. */
#define HD_FILES_ANSWER_MS 3000

/* Its server's, HD_SERVER_DIR/LABEL.GUEST. */
void hd_files_path(const char *name, char ret[HD_SERVER_SIZE]);
/* Starts hotdom-9p for a domain that has no host view yet, and blocks until it
 * is ready (hd_server_start). */
int hd_files_serve(const struct hd_plan_view *view, uint32_t domid,
                   struct hd_err *err);

/* HD_E_FAILED when that process does not live any more.  A lock, answers at
 * once. */
int hd_files_check_served(const char *name, struct hd_err *err);

/* A connection to the process that serves it, the caller's, which is told what
 * the guest asks for from now on; see pv-drivers/fs9p/control.h.  HD_E_NO_GUEST
 * when there is none. */
int hd_files_follow(const char *name, int *ret_fd, struct hd_err *err);
/* Gives it the tables of `view`, and blocks until it has them, at most
 * HD_FILES_ANSWER_MS.  HD_E_TIMEOUT: it will have them as soon as the host's
 * file systems let it go on; any other error: it keeps those that it has. */
int hd_files_change(const struct hd_plan_view *view, struct hd_err *err);
/* Tells the guest's agent of them, which shows them there; success also when
 * the guest has removed the node that it would see them in. */
int hd_files_tell(const struct hd_plan_view *view, uint32_t domid,
                  struct hd_err *err);

#endif
