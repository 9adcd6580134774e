/* SPDX-License-Identifier: MIT */
/* The agent's hand: a process that does for it what touches files of which any
 * may be the host's.  Where the host serves those no more, whoever touches one
 * waits for good, and nothing ends it. */
#ifndef HD_GUEST_HAND_H
#define HD_GUEST_HAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../pv-drivers/base/err.h"

#define HD_HAND_ASK    (136u << 10) /* bytes */
#define HD_HAND_ANSWER 1024
/* What the agent waits for one thing, the device of the host view included, and
 * for one that is written, which a volume may be slow to take. */
#define HD_HAND_MS       8000
#define HD_HAND_WRITE_MS 15000

struct hd_hand {
    int fd;          /* owned; -1: there is none yet */
    bool late;       /* it has not answered in time, and may still */
    unsigned times;  /* that it was late */
    unsigned starts; /* of a hand: each knows what is told to it alone */
    void *ctx; /* borrowed; what is at the start is the hand's own from then */
};

#define HD_HAND_NONE ((struct hd_hand){.fd = -1})

/* In the hand, both aligned for anything; it has no descriptor of the agent's:
 * all that it opens stays open there.  `answer` is HD_HAND_ANSWER zeros. */
typedef int hd_hand_fn(void *ctx, const void *ask, size_t len, void *answer,
                       struct hd_err *err);

/*
 * Has `fn` done with a copy of `ask`, at most HD_HAND_ASK bytes; then the first
 * `size` bytes of the answer are the caller's.  Starts the hand where there is
 * none.
 *   HD_E_TIMEOUT  the deadline is over, or the hand still waits in what it was
 *                 told before: then at once, and `fn` is not begun.
 *   HD_E_FAILED   it has ended; the next call starts another one.
 */
int hd_hand_do(struct hd_hand *h, hd_hand_fn *fn, const void *ask, size_t len,
               void *answer, size_t size, uint64_t deadline_ms,
               struct hd_err *err);

/* The two halves of it, for who has something else to do meanwhile that is not
 * the hand's; the second one only behind a first that has not failed. */
int hd_hand_tell(struct hd_hand *h, hd_hand_fn *fn, const void *ask, size_t len,
                 struct hd_err *err);
int hd_hand_hear(struct hd_hand *h, void *answer, size_t size,
                 uint64_t deadline_ms, struct hd_err *err);

/* In the hand, before each thing that is not to be done for an agent that has
 * ended, for another may be at it: does not return when nobody waits for what
 * it does.  Elsewhere nothing. */
void hd_hand_heed(void);

/* Readable when one that is late has answered or ended; -1: none is late. */
int hd_hand_fd(const struct hd_hand *h);
/* True: it can be told something; a late answer is lost, and one that has ended
 * is forgotten.  Never blocks. */
bool hd_hand_is_back(struct hd_hand *h);

/* The hand ends, when it can and no other process has this one.  Never waits.
 */
void hd_hand_fini(struct hd_hand *h);

#endif
