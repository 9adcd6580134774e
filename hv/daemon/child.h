/* SPDX-License-Identifier: MIT */
/* A helper process of hotdomd, watched until it is reaped; never waited for. */
#ifndef HD_DAEMON_CHILD_H
#define HD_DAEMON_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "../../pv-drivers/base/err.h"

#define HD_CHILD_MAX_FDS 8

/* In `fds`: not a descriptor of ours, but this. */
#define HD_CHILD_NULL -1 /* /dev/null */
#define HD_CHILD_OPEN -2 /* `open_path`, read-only */

/* The exit status of a helper that found no medium behind `open_path`. */
#define HD_CHILD_NO_MEDIUM 120
#define HD_CHILD_NO_EXEC   121

struct hd_child_spec {
    const char *path;          /* of the program, which gets no argument */
    const char *open_path;     /* opened by the child: it may hang there */
    int fds[HD_CHILD_MAX_FDS]; /* its descriptors 3, 4, ...; not consumed */
    size_t n_fds;
    uint64_t deadline_ms; /* SIGKILL for its process group then; 0: none yet */
    /* `fn` is called at the deadline, not when the process has ended, which
     * takes as long as the I/O that it is in. */
    bool leave_at_deadline;
    /* At its deadline it gets as much time again, when it has had `work_ms` of
     * processor time, and not beyond `longest_ms`; 0: it does not. */
    uint64_t work_ms, longest_ms;
};

struct hd_child;

/* `status` is wait(2)'s, or 0 when it was left at its deadline.  The child is
 * not the caller's any more. */
typedef void hd_child_fn(void *ctx, int status, bool timed_out);

int hd_child_start(uv_loop_t *loop, const struct hd_child_spec *spec,
                   hd_child_fn *fn, void *ctx, struct hd_child **ret,
                   struct hd_err *err);
/* Somebody else's from now on, who gives it a deadline. */
void hd_child_hand(struct hd_child *child, uint64_t deadline_ms,
                   hd_child_fn *fn, void *ctx);
/* SIGKILL for its process group; `fn` follows. */
void hd_child_kill(struct hd_child *child);
/* The same, and `fn` is never called: the caller is done with it. */
void hd_child_abandon(struct hd_child *child);

/* "was killed by signal 9", "ended with status 1". */
void hd_child_describe(int status, char *text, size_t size);

#endif
