/* SPDX-License-Identifier: MIT */
/* The ledger from inside: its struct, and reading its lines; for ledger.c. */
#ifndef HD_RUN_LEDGER_REPLAY_H
#define HD_RUN_LEDGER_REPLAY_H

#include <limits.h>

#include "ledger.h"

#define HD_EFFECT_KINDS (HD_EFFECT_DEVICE + 1u)

struct hd_ledger {
    char path[PATH_MAX];
    char history[PATH_MAX];
    int fd;      /* locked; -1: only peeked at */
    off_t whole; /* where its last whole line ends */
    bool torn;   /* there may be something behind that */
    struct hd_ledger_head head;
    struct hd_effect *effects;
    size_t n;
};

/* The KIND of a line, by enum hd_effect_kind. */
extern const char *const hd_ledger_kinds[HD_EFFECT_KINDS];

/* Borrowed; NULL when nothing of that number was taken. */
struct hd_effect *hd_ledger_by_seq(struct hd_ledger *ledger, uint32_t seq);
/* One more, numbered, else empty; NULL with errno. */
struct hd_effect *hd_ledger_add(struct hd_ledger *ledger);

/* Reads the file's whole lines into `ledger`. */
int hd_ledger_replay(struct hd_ledger *ledger, struct hd_err *err);

#endif
