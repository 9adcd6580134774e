/* SPDX-License-Identifier: MIT */
/* The system calls that a process may make: a list of them becomes a program of
 * the kernel's (seccomp(2)) when hotdom is built.  libseccomp, which makes it,
 * takes longer to do so than a server has to begin. */
#ifndef HD_BASE_CALLS_H
#define HD_BASE_CALLS_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

/* Without a mask always; else where its argument `arg` & `mask` is `value`. */
struct hd_call {
    int call; /* SCMP_SYS(name) */
    unsigned arg;
    uint64_t mask, value;
};

/* For a program that the build runs: the list as a program of the kernel's, to
 * stdout; any other call ends the process.  Gives an exit status. */
int hd_calls_make(const struct hd_call *calls, size_t n);

/* `program` up to `end` is such a program: HD_EMBED of one of build/gen.  All
 * threads of this process, for ever.  It can get no new privileges any more
 * (PR_SET_NO_NEW_PRIVS), or is root. */
int hd_calls_confine(const char *program, const char *end, struct hd_err *err);

#endif
