/* SPDX-License-Identifier: MIT */
/* The ledger from inside: its struct, and reading its lines; for
 * ledger.c and compact.c. */
#ifndef HD_LEDGER_REPLAY_H
#define HD_LEDGER_REPLAY_H

#include <inttypes.h>
#include <limits.h>

#include "ledger.h"

#define HD_EFFECT_KINDS (HD_EFFECT_LEAVING + 1u)

struct hd_ledger {
    char path[PATH_MAX];
    char beside[PATH_MAX]; /* what takes its place: compact.h */
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

/* Its lines. */
#define HD_LEDGER_MAGIC       "hotdom-ledger 1 "
#define HD_LEDGER_HEAD        HD_LEDGER_MAGIC "%s %s %" PRIu64 "\n"
#define HD_LEDGER_TAKEN       "+ %" PRIu32 " %s %s %s\n"
#define HD_LEDGER_DOMID       "= %" PRIu32 " domid:%" PRIu32 "\n"
#define HD_LEDGER_RUNNING     "= %" PRIu32 " running\n"
#define HD_LEDGER_DUMPED      "= %" PRIu32 " dumped\n"
#define HD_LEDGER_QUARANTINED "= %" PRIu32 " quarantined\n"
#define HD_LEDGER_UNDONE      "- %" PRIu32 "\n"

/* Borrowed; NULL when nothing of that number was taken. */
struct hd_effect *hd_ledger_by_seq(struct hd_ledger *ledger, uint32_t seq);
/* One more, numbered, else empty; NULL with errno. */
struct hd_effect *hd_ledger_add(struct hd_ledger *ledger);

/* Reads the whole lines of the file, which `fd` has open, into `ledger`. */
int hd_ledger_replay(struct hd_ledger *ledger, int fd, struct hd_err *err);

#endif
