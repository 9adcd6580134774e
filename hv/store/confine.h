/* SPDX-License-Identifier: MIT */
/* Takes everything from a process but its memory and its open descriptors. */
#ifndef HD_STORE_CONFINE_H
#define HD_STORE_CONFINE_H

#include "../../pv-drivers/base/err.h"

/*
 * Root becomes the user `user` ("nobody" when there is none) in empty network,
 * mount and IPC namespaces; a plain user takes namespaces if the host lets it.
 * Then, for both: no new privileges, no core dump, no ptrace, limits on memory,
 * files, processes and CPU time, and a list of system calls that work on open
 * descriptors and memory; any other kills the process.  Cannot be undone.
 */
int hd_confine(const char *user, struct hd_err *err);

#endif
