/* SPDX-License-Identifier: MIT */
/* How a process that serves a guest begins: found by its lock, without a right,
 * and with one answer to hotdom-job. */
#ifndef HD_BASE_SERVER_H
#define HD_BASE_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

#include "err.h"

/* Takes the lock HD_SERVER_DIR/NAME, by which hotdom-job finds this process as
 * long as it lives.  HD_E_BUSY when another has it; HD_E_GONE, and no file,
 * when hotdom-job has ended or given up: it may have cleaned up before there
 * was a lock to see. */
int hd_server_lock(const char *name, struct hd_err *err);

/* A SOCK_SEQPACKET that listens beside that lock, as NAME:control, for root
 * alone; what stood there was a dead process's.  The caller closes it. */
#define HD_SERVER_CONTROL ":control"
int hd_server_listen(const char *name, int *ret_fd, struct hd_err *err);

/* The server `pid` gives way to what else the host does, from now on: for one
 * whose guest decides how much it works.  Its start is what a guest waits for,
 * so whoever starts it calls this once it is ready. */
void hd_server_stand_back(pid_t pid);

/* A user's numbers in the text of passwd(5), as systemd-sysusers writes it: no
 * library is searched for other ways to know a user, and stdio asks the kernel
 * at each line, which is part of a guest's start.  False: there is none, its
 * line is broken, or it is root. */
bool hd_server_user(const char *passwd, const char *name, uid_t *ret_uid,
                    gid_t *ret_gid);

/* From root to `user`, in an empty folder as its root; what is open is all that
 * it has.  It may open `files` descriptors, start nothing and write no file. */
int hd_server_become(const char *user, unsigned files, struct hd_err *err);

/* hotdom-job reads stdout: HD_SERVER_READY, or why not. */
#define HD_SERVER_READY "ready"
void hd_server_answer(const char *text);

#endif
