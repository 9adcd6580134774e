/* SPDX-License-Identifier: MIT */
/* What the agent does: once at the start, and then for as long as the guest
 * runs. */
#ifndef HD_GUEST_DUTY_H
#define HD_GUEST_DUTY_H

#include <stdbool.h>
#include <stdint.h>

#include "../pv-drivers/base/err.h"
#include "beat.h"
#include "hand.h"
#include "keeper.h"
#include "names.h"
#include "promise.h"
#include "view.h"
#include "xsdev.h"

/* What it does at the start and again when the host changes it. */
enum hd_duty_part {
    HD_DUTY_FILES, /* those that the agent itself reads */
    HD_DUTY_VIEW,
    HD_DUTY_HIDDEN,
    HD_DUTY_NAMES,
    HD_DUTY_PREFS,
    HD_DUTY_REGISTRY,
};
#define HD_DUTY_PARTS 6

struct hd_duty {
    struct hd_xsdev *x;   /* owned */
    int lock;             /* owned; HD_GUEST_LOCK, held while an agent lives */
    struct hd_hand hand;  /* for what may be the host's files */
    unsigned lates;       /* times that it was late, and has made up for */
    struct hd_view *view; /* owned, as it was before the hand has it; NULL from
                           * when the guest is to end */
    char *tables;         /* owned; what the view is composed of, or NULL */
    unsigned by;          /* which hand, of hand.starts, has done so */
    bool unseen;          /* something of it could not be shown */
    unsigned looks;       /* reports, since then, that could have tried again */
    uint64_t look_ms;     /* when to look what is hidden; UINT64_MAX: not */
    struct hd_keeper keeper; /* of the registry */
    struct hd_beat beat;
    const struct hd_names *names;   /* borrowed; where they are */
    const struct hd_promise *known; /* borrowed; the map, to begin with, of who
                                     * has read it already; NULL: nobody has */
    size_t n_known;
    bool named;        /* by that map, and once: hd_duty_begin needs not */
    uint64_t begun_ms; /* 0: not since the root was there, or said already */
    char why[HD_DUTY_PARTS][128]; /* what could not be done, or empty */
};

/* HD_E_BUSY when an agent lives already. */
int hd_duty_open(struct hd_duty *d, struct hd_err *err);
void hd_duty_fini(struct hd_duty *d);

/* The names of what is there by now, for which no root is needed; d->known is
 * to be set.  Whatever is missing is left to hd_duty_begin. */
void hd_duty_name(struct hd_duty *d);

/* Names, view and settings as the host says now.  What cannot be done is logged
 * and reported to the host, and the rest is done.  It is tried again with the
 * reports that follow, and nothing else is.  Whoever starts an agent then calls
 * hd_duty_report before anything else of the guest's begins, which would share
 * its processor. */
void hd_duty_begin(struct hd_duty *d);

/* Reports, and follows the host's changes, until SIGTERM.  SIGHUP begins anew.
 */
int hd_duty_go_on(struct hd_duty *d, struct hd_err *err);

/* The same in a process of its own, which logs to the kernel's log. */
int hd_duty_go_on_behind(struct hd_duty *d, struct hd_err *err);

/* For the parts, how one went: `err` is NULL or has no code when it is as it
 * should be.  What could not be done is reported from then on, and logged when
 * it is another trouble than before. */
void hd_duty_settle(struct hd_duty *d, enum hd_duty_part part,
                    const struct hd_err *err);

#endif
