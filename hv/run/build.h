/* SPDX-License-Identifier: MIT */
/* Builds a domain beside what else its guest needs. */
#ifndef HD_RUN_BUILD_H
#define HD_RUN_BUILD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "../domain/domain.h"
#include "../ledger/ledger.h"

struct hd_context;

/* One domain under construction, by a thread of its own, which alone uses the
 * toolstack until hd_build_end; embedded in hd_context, zeroed at first. */
struct hd_build {
    bool begun;
    bool made;    /* nobody waits for it any more */
    uint32_t seq; /* of its effect in the ledger */
    atomic_bool over;
    pthread_t thread;
    bool has_beside;
    pthread_t beside;
    struct hd_toolstack *ts;           /* borrowed */
    const struct hd_step_domain *step; /* borrowed */
    const char *cmdline;               /* borrowed */
    int kernel, ramdisk;
    int rc;
    struct hd_err err;
};

/* A step of the context's plan.  Does not wait for it; `seq` is its effect in
 * the ledger. */
int hd_build_begin(struct hd_context *ctx, const struct hd_step *step,
                   int kernel, int ramdisk, uint32_t seq, struct hd_err *err);
/* The guest's domain in the ledger.  One that was begun is waited for until it
 * is there, paused, and can be given devices; it is not built yet, and must not
 * be started.  A failure ends it. */
int hd_build_domain(struct hd_context *ctx, const char *guest,
                    const struct hd_effect **ret, struct hd_err *err);
/* Waits until it is built, and says what became of it; 0 when none was begun.
 * Only now may the toolstack be used again. */
int hd_build_end(struct hd_context *ctx, struct hd_err *err);
/* For libxl_xenguest.c, in a build's thread: done in a thread of its own, which
 * hd_build_end waits for; `arg` is that thread's.  False: it is not done, for
 * this is no build's, or it has one already. */
bool hd_build_beside(void *(*work)(void *arg), void *arg);

#endif
