/* SPDX-License-Identifier: MIT */
/* Takes everything from a process but its memory and its open descriptors. */
#ifndef HD_STORE_CONFINE_H
#define HD_STORE_CONFINE_H

#include <stdint.h>

#include "../../pv-drivers/base/err.h"

/*
 * Root becomes the user `user` ("nobody" when there is none) in empty network,
 * mount and IPC namespaces with an empty read-only root; a plain user takes
 * them if the host lets it.  Then, for both: no new privileges, no core dump,
 * no ptrace, the first to go when the host has no memory left, limits on
 * memory (`memory` bytes of address space), files, processes and processor time
 * (HD_READER_LONGEST_MS), and a list of system calls that work on open
 * descriptors and memory; any other kills the process.  Cannot be undone.
 */
int hd_confine(const char *user, uint64_t memory, struct hd_err *err);

#endif
