/* SPDX-License-Identifier: MIT */
/* How often what happened since the daemon started, counted from events; a pull
 * where it is noticed, for it may have any number of those. */
#ifndef HD_DAEMON_TALLY_H
#define HD_DAEMON_TALLY_H

#include "event.h"

/* Reasons are stable codes and states, so no more kinds than these come up;
 * what would be one more is counted in the last. */
#define HD_TALLY_KINDS 64

enum hd_tally_what {
    HD_TALLY_STARTS,   /* guests that came to run; no label */
    HD_TALLY_FAILURES, /* refused or failed; by reason */
    HD_TALLY_YANKS,    /* stores pulled without asking; by their state then */
};

struct hd_tally_count {
    enum hd_tally_what what;
    bool guest; /* a guest's, not a store's; FAILURES */
    char label[24];
    uint64_t n;
};

struct hd_tally {
    struct hd_tally_count counts[HD_TALLY_KINDS];
    size_t n;
};

/* For hd_events_listen; `ctx` is the tally. */
void hd_tally_event(void *ctx, const struct hd_event *event);
/* A store was pulled that was in that state. */
void hd_tally_yank(struct hd_tally *tally, enum hd_state was);

#endif
