/* SPDX-License-Identifier: MIT */
/* The life of a store and of its guests as one table (DESIGN section 2): which
 * event leads from which state to which, what begins then, within which time,
 * and what follows when that fails.  Plain data, no I/O. */
#ifndef HD_DAEMON_STATES_H
#define HD_DAEMON_STATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../run/job.h"

/* DESIGN section 8; hotdomd.8 has the same list.  `gone` is seen in events
 * only. */
#define HD_STATES(X)                                                           \
    X(SEEN, "seen", "The device is being read.")                               \
    X(LOCKED, "locked", "Verified; waits for a user's password.")              \
    X(PLANNED, "planned", "The plan is made; the password is being checked.")  \
    X(BUILDING, "building", "Volumes are opened, domains are built.")          \
    X(RUNNING, "running", "A guest runs.")                                     \
    X(PAUSED, "paused", "Of a guest: it stands still and keeps what it has.")  \
    X(PRESERVED, "preserved",                                                  \
      "Of a guest: it has ended, and is kept as it is.")                       \
    X(EJECTING, "ejecting", "Guests shut down, volumes are closed.")           \
    X(FENCED, "fenced", "Unplugged; volumes answer errors, domains go.")       \
    X(QUARANTINED, "quarantined",                                              \
      "Its domain does not go; the medium is free.")                           \
    X(REFUSED, "refused", "Will not be used; the reason says why.")            \
    X(FAILED, "failed", "An operation failed; the reason says which.")         \
    X(GONE, "gone", "No trace of it is left.")

enum hd_state {
#define HD_X(name, text, doc) HD_STATE_##name,
    HD_STATES(HD_X)
#undef HD_X
        HD_STATE_COUNT
};

/* It is not there yet: a store or a guest before its first event. */
#define HD_NOTHING HD_STATE_COUNT

const char *hd_state_name(enum hd_state state);

/* What happens to a store or a guest; `hotdomd --states` prints these. */
#define HD_CAUSES(X)                                                           \
    X(PLUG, "plug", "the device appears")                                      \
    X(REREAD, "reread", "a person or a free place has it looked at again")     \
    X(ADOPT, "adopt", "an earlier hotdomd left its guests running")            \
    X(REFUSE, "refuse", "the reader, the policy or the host says no")          \
    X(ADMIT, "admit", "it is good, and a user must unlock it")                 \
    X(LEAVE_OUT, "leave-out", "the user's settings do not want the guest")     \
    X(START, "start", "it is unlocked, or the policy says auto")               \
    X(BUILD, "build", "the password fitted; its volumes are being opened")     \
    X(RUN, "run", "a guest runs")                                              \
    X(FAIL, "fail", "a guest could not be started, and nothing is left of it") \
    X(RELOCK, "relock", "the start came to nothing, another may be tried")     \
    X(GIVE_UP, "give-up", "the start came to nothing, and nobody is asked")    \
    X(PAUSE, "pause", "somebody pauses it")                                    \
    X(UNPAUSE, "unpause", "somebody lets it go on")                            \
    X(END, "end", "eject, shutdown, or it has ended by itself")                \
    X(RESTART, "restart", "it has ended, and starts again")                    \
    X(PRESERVE, "preserve", "it has ended, and is to be looked into")          \
    X(DESTROY, "destroy", "a person does not want to wait for it")             \
    X(BREAK, "break", "a job failed, and what it left is cleaned up")          \
    X(PULL, "pull", "the device is gone")                                      \
    X(FENCE, "fence", "its volumes answer errors from now on")                 \
    X(QUARANTINE, "quarantine", "a domain is destroyed and does not go")       \
    X(STICK, "stick", "no try to clean up behind it came to an end")           \
    X(UNDO, "undo", "a job has undone what there was of the guest")            \
    X(LEAVE, "leave", "no trace of it is left")

enum hd_cause {
#define HD_X(name, text, doc) HD_ON_##name,
    HD_CAUSES(HD_X)
#undef HD_X
        HD_CAUSE_COUNT
};

const char *hd_cause_name(enum hd_cause cause);

/* What begins with a change.  All but the first two are jobs, HD_JOB_*. */
enum hd_work {
    HD_WORK_NONE,
    HD_WORK_READ, /* hotdom-reader */
    HD_WORK_START,
    HD_WORK_EJECT,
    HD_WORK_YANK,
    HD_WORK_KEYS,
    HD_WORK_ATTACH,
    HD_WORK_DETACH,
    HD_WORK_RESTART,
    HD_WORK_BUILD,
    HD_WORK_DUMP,
    HD_WORK_COUNT
};

struct hd_work_kind {
    const char *name;
    uint64_t within_ms;    /* its deadline ... */
    uint64_t per_guest_ms; /* ... and so much more for each guest, ... */
    uint64_t per_gib_ms;   /* ... and for each GiB that it writes, ... */
    uint64_t most_ms;      /* ... but no more than this; or 0 */
    uint64_t at_work_ms;   /* ... or this, while it works as it must; or 0 */
    bool grace;            /* and the request's grace time */
    unsigned tries;        /* the next one later; with the last one it failed */
    enum hd_cause failed;  /* what that is; HD_CAUSE_COUNT: no change */
};

const struct hd_work_kind *hd_work(enum hd_work work);
enum hd_work hd_work_of_job(enum hd_job_op op);
/* How long it may take for so many guests and bytes, without the grace time. */
uint64_t hd_work_ms(const struct hd_work_kind *work, size_t guests,
                    uint64_t bytes);

/*
 * The other times and counts of a life, in ms where `unit` is "s".  Those that
 * jobs keep to are HD_JOB_*; how long somebody is waited for is the policy's or
 * the manifest's.  SILENT: an initiator notices after ten seconds (its
 * noop_out_interval and _timeout); with these it makes less than thirty until a
 * guest's volumes are fenced.
 */
#define HD_LIMITS(X)                                                           \
    X(AGAIN, 1000, "s",                                                        \
      "from a yank that failed to the next; then twice that")                  \
    X(GONE, HD_JOB_GONE_MS, "s",                                               \
      "a destroyed domain has to go; else quarantine")                         \
    X(QUARANTINE, 60000, "s", "from a look whether it has gone to the next")   \
    X(READY, HD_JOB_READY_MS, "s", "a backend has to be ready; else fail")     \
    X(CLOSE, HD_JOB_CLOSE_MS, "s",                                             \
      "a backend has to close, before it is fenced")                           \
    X(YOUNG, HD_JOB_YOUNG_MS, "s", "a guest is young")                         \
    X(ASK, HD_JOB_ASK_MS, "s",                                                 \
      "a young guest that is to end has until it is asked again")              \
    X(UNKNOWN, HD_JOB_UNKNOWN_MS, "s", "of grace for a guest of the ledger's") \
    X(LET_GO, 10000, "s", "a guest has to let go of a device; else it stays")  \
    X(WAIT, 60000, "s",                                                        \
      "a device waits for its store's other work; else busy")                  \
    X(XENSTORED, HD_JOB_XENSTORED_MS, "s",                                     \
      "xenstored may be silent while a job makes something; then fail")        \
    X(SOON, 60000, "s",                                                        \
      "from a start to its end are too few for a restart ...")                 \
    X(OFTEN, 3, "times", "... in a row; then end")                             \
    X(LATE, 6, "times", "an adopted store's disk may be late; then break")     \
    X(SILENT, 12000, "s", "the portal of a LUN may be silent; then pull")      \
    X(LOOK, 2000, "s", "from one look at a LUN in trouble to the next")        \
    X(HELD, 5000, "s",                                                         \
      "a volume holds back what its disk failed, if that stays; then tell")    \
    X(TELL, 1000, "s", "it tells what fails; then it holds back again")        \
    X(USERS, 1000, "s", "build ahead waits for a change of users, and again")

enum hd_limit {
#define HD_X(name, n, unit, doc) HD_LIMIT_##name = n,
    HD_LIMITS(HD_X)
#undef HD_X
};

enum hd_subject { HD_OF_STORE, HD_OF_GUEST };

#define HD_STAYS HD_STATE_COUNT /* the state is left as it is */

struct hd_change {
    enum hd_subject of;
    uint32_t from; /* states, each a bit; HD_NOTHING too */
    enum hd_cause on;
    enum hd_state to;
    enum hd_work work; /* that begins */
};

/* NULL: then nothing changes. */
const struct hd_change *hd_states_find(enum hd_subject of, enum hd_state from,
                                       enum hd_cause on);
/* The whole table; borrowed. */
const struct hd_change *hd_states_table(size_t *ret_n);

/* The table for people, and for dot(1). */
void hd_states_print(FILE *out);
void hd_states_print_dot(FILE *out);

#endif
