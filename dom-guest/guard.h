/* SPDX-License-Identifier: MIT */
/* Work that may end the process that does it: a file that is mapped and damaged
 * answers with a signal. */
#ifndef HD_GUEST_GUARD_H
#define HD_GUEST_GUARD_H

#include <stdint.h>

#include "../pv-drivers/base/entry.h"
#include "../pv-drivers/base/err.h"

struct hd_guard; /* opaque: the child's way to who waits for it */

/* In a child, which has no descriptor of its parent's but 0 to 2, and dies with
 * it until it commits. */
typedef int hd_guard_fn(void *ctx, struct hd_guard *g, struct hd_entries *out,
                        struct hd_err *err);

/* From now on the child does what cannot be taken back: it is not killed any
 * more, and whoever stops waiting says that it may have been done. */
void hd_guard_commit(struct hd_guard *g);

/*
 * Runs `fn` in a child, whose `out` and outcome become the caller's, behind
 * what `out` holds; `what` it does to the registry, "read" or "written", is for
 * messages.
 *   HD_E_BAD_VOLUME  the child ended as one that maps a damaged file does, or
 *                    runs into a defect: of SIGBUS, SIGSEGV or SIGABRT.
 *   HD_E_FAILED      it ended otherwise without a word, as for want of memory.
 *   HD_E_TIMEOUT     it was killed at the deadline, or left alone, see above;
 *                    the message says which.
 * Returns about a second behind the deadline at the latest, whatever the disk
 * does; a child that does not end is left to the caller's SIGCHLD.
 */
int hd_guard_run(hd_guard_fn *fn, void *ctx, const char *what,
                 uint64_t deadline_ms, struct hd_entries *out,
                 struct hd_err *err);

#endif
