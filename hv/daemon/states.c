/* SPDX-License-Identifier: MIT */
/* The life of a store and of its guests as one table; does nothing of it. */
#include "states.h"

#include "../../pv-drivers/base/mem.h"
#include "../store/reader.h"

/* How long jobs may take (on a slow host a domain takes seconds). */
#define JOB_MS       60000
#define PER_GUEST_MS 20000
/* A disk that writes 52 MiB a second, beside what else it does.  A hotdomd that
 * is stopped waits for a dump, and systemd for hotdomd: TimeoutStopSec= of
 * config/hotdomd.service is 600 s. */
#define PER_GIB_MS   20000
#define DUMP_MOST_MS 540000

#define JOB(op, text, more_time, most, on)                                     \
    [HD_WORK_##op] = {.name = text,                                            \
                      .within_ms = JOB_MS,                                     \
                      .per_guest_ms = PER_GUEST_MS,                            \
                      .grace = more_time,                                      \
                      .tries = most,                                           \
                      .failed = on}

static const struct hd_work_kind works[HD_WORK_COUNT] = {
    [HD_WORK_NONE] = {.name = "", .failed = HD_CAUSE_COUNT},
    [HD_WORK_READ] = {.name = "read",
                      .within_ms = HD_READER_DEADLINE_MS,
                      .at_work_ms = HD_READER_LONGEST_MS,
                      .tries = 1,
                      .failed = HD_ON_REFUSE},
    JOB(START, "start", false, 1, HD_ON_BREAK),
    JOB(EJECT, "eject", true, 1, HD_ON_BREAK),
    JOB(YANK, "yank", false, 5, HD_ON_STICK),
    JOB(KEYS, "keys", false, 1, HD_CAUSE_COUNT),
    JOB(ATTACH, "attach", false, 1, HD_CAUSE_COUNT),
    JOB(DETACH, "detach", true, 1, HD_CAUSE_COUNT),
    JOB(RESTART, "restart", false, 1, HD_ON_BREAK),
    JOB(BUILD, "build ahead", false, 1, HD_ON_BREAK),
    [HD_WORK_DUMP] = {.name = "dump",
                      .within_ms = JOB_MS,
                      .per_gib_ms = PER_GIB_MS,
                      .most_ms = DUMP_MOST_MS,
                      .tries = 1,
                      .failed = HD_CAUSE_COUNT},
};

#define IN(state) (1u << HD_STATE_##state)
#define ANY       ((1u << HD_STATE_COUNT) - 1)
#define NOTHING   (1u << HD_NOTHING)

/* A job works on it. */
#define STARTING (IN(PLANNED) | IN(BUILDING))
#define LIVING   (IN(RUNNING) | IN(PAUSED))
/* It has a domain, and nothing works on it. */
#define STANDING (LIVING | IN(PRESERVED))
#define CLEANED  (IN(FENCED) | IN(QUARANTINED))
#define ENDING   (IN(EJECTING) | CLEANED | IN(FAILED))
#define BUSY     (STARTING | IN(RUNNING) | ENDING)
#define BEGUN    (IN(BUILDING) | STANDING | IN(EJECTING) | CLEANED)
/* A store is neither paused nor preserved. */
#define THERE (ANY & ~IN(PAUSED) & ~IN(PRESERVED) & ~IN(GONE))

#define ROW(subject, from, on, to, work)                                       \
    {                                                                          \
        HD_OF_##subject, from, HD_ON_##on, to, HD_WORK_##work                  \
    }
#define S(name) HD_STATE_##name

static const struct hd_change table[] = {
    ROW(STORE, NOTHING, PLUG, S(SEEN), READ),
    /* SEEN, CLEANED: what an earlier hotdomd left of it is gone. */
    ROW(STORE, IN(SEEN) | CLEANED | IN(REFUSED), REREAD, S(SEEN), READ),
    ROW(STORE, IN(SEEN), ADOPT, S(RUNNING), NONE),
    ROW(STORE, IN(SEEN) | IN(LOCKED), REFUSE, S(REFUSED), NONE),
    ROW(STORE, IN(SEEN), ADMIT, S(LOCKED), BUILD),
    ROW(STORE, IN(SEEN) | IN(LOCKED), START, S(PLANNED), START),
    ROW(STORE, STARTING, BUILD, S(BUILDING), NONE),
    ROW(STORE, STARTING, RUN, S(RUNNING), NONE),
    ROW(STORE, STARTING | CLEANED, RELOCK, S(LOCKED), NONE),
    ROW(STORE, STARTING | CLEANED, GIVE_UP, S(FAILED), NONE),
    ROW(STORE, IN(RUNNING), END, S(EJECTING), EJECT),
    ROW(STORE, IN(LOCKED) | IN(REFUSED), END, S(GONE), NONE),
    /* FENCED: somebody does not want to keep those who are kept. */
    ROW(STORE, IN(FAILED) | CLEANED, END, HD_STAYS, YANK),
    ROW(STORE, THERE, BREAK, HD_STAYS, YANK),
    ROW(STORE, IN(SEEN) | IN(LOCKED) | IN(REFUSED), PULL, S(GONE), NONE),
    ROW(STORE, BUSY, PULL, HD_STAYS, YANK),
    ROW(STORE, THERE & ~IN(QUARANTINED), FENCE, S(FENCED), NONE),
    ROW(STORE, IN(QUARANTINED), FENCE, HD_STAYS, NONE),
    ROW(STORE, THERE, QUARANTINE, S(QUARANTINED), NONE),
    ROW(STORE, THERE, STICK, S(FAILED), NONE),
    ROW(STORE, THERE, LEAVE, S(GONE), NONE),

    ROW(GUEST, NOTHING, PLUG, S(SEEN), NONE),
    ROW(GUEST, IN(SEEN), ADOPT, S(RUNNING), NONE),
    ROW(GUEST, IN(SEEN), ADMIT, S(LOCKED), NONE),
    ROW(GUEST, IN(SEEN) | IN(LOCKED), LEAVE_OUT, S(GONE), NONE),
    /* PLANNED: one that it is after did not start. */
    ROW(GUEST, IN(SEEN) | IN(LOCKED) | IN(PLANNED), REFUSE, S(REFUSED), NONE),
    ROW(GUEST, IN(SEEN) | IN(LOCKED), START, S(PLANNED), NONE),
    ROW(GUEST, IN(PLANNED) | IN(EJECTING), BUILD, S(BUILDING), NONE),
    ROW(GUEST, IN(BUILDING), RUN, S(RUNNING), NONE),
    /* SEEN: an earlier hotdomd ended before it was started. */
    ROW(GUEST, IN(SEEN) | STARTING | LIVING | IN(EJECTING), FAIL, S(FAILED),
        NONE),
    /* With its store, whatever had become of it. */
    ROW(GUEST, ANY, RELOCK, S(LOCKED), NONE),
    ROW(GUEST, ANY, GIVE_UP, S(FAILED), NONE),
    ROW(GUEST, LIVING, PAUSE, S(PAUSED), NONE),
    ROW(GUEST, LIVING, UNPAUSE, S(RUNNING), NONE),
    /* FAILED: something was left of it. */
    ROW(GUEST, STANDING | IN(FAILED), END, S(EJECTING), EJECT),
    ROW(GUEST, IN(EJECTING) | IN(QUARANTINED), END, HD_STAYS, NONE),
    ROW(GUEST, LIVING, RESTART, S(EJECTING), RESTART),
    ROW(GUEST, LIVING, PRESERVE, S(PRESERVED), NONE),
    ROW(GUEST, STANDING, DESTROY, S(EJECTING), YANK),
    ROW(GUEST, STARTING | STANDING | ENDING, BREAK, HD_STAYS, YANK),
    ROW(GUEST, STARTING | STANDING | IN(EJECTING) | IN(FENCED) | IN(FAILED),
        FENCE, S(FENCED), NONE),
    ROW(GUEST, IN(QUARANTINED), FENCE, HD_STAYS, NONE),
    /* SEEN: an earlier hotdomd left it. */
    ROW(GUEST, IN(SEEN) | STARTING | STANDING | ENDING, QUARANTINE,
        S(QUARANTINED), NONE),
    ROW(GUEST, STARTING | STANDING | ENDING, STICK, S(FAILED), NONE),
    ROW(GUEST, BEGUN, UNDO, S(GONE), NONE),
    /* It was built ahead, or was left half; that it did not start stays. */
    ROW(GUEST, ANY & ~BEGUN, UNDO, HD_STAYS, NONE),
    ROW(GUEST, ANY, LEAVE, S(GONE), NONE),
};

const char *hd_state_name(enum hd_state state)
{
    static const char *const names[] = {
#define HD_X(name, text, doc) text,
        HD_STATES(HD_X)
#undef HD_X
            [HD_NOTHING] = "nothing",
    };

    return names[state];
}

const char *hd_cause_name(enum hd_cause cause)
{
    static const char *const names[] = {
#define HD_X(name, text, doc) text,
        HD_CAUSES(HD_X)
#undef HD_X
    };

    return names[cause];
}

const struct hd_work_kind *hd_work(enum hd_work work)
{
    return &works[work];
}

uint64_t hd_work_ms(const struct hd_work_kind *work, size_t guests,
                    uint64_t bytes)
{
    uint64_t gib = (bytes >> 30) + ((bytes & ((1u << 30) - 1)) > 0);
    uint64_t ms =
        work->within_ms + work->per_guest_ms * guests + work->per_gib_ms * gib;

    return work->most_ms && ms > work->most_ms ? work->most_ms : ms;
}

enum hd_work hd_work_of_job(enum hd_job_op op)
{
    static const enum hd_work of[] = {
        [HD_JOB_START] = HD_WORK_START,     [HD_JOB_EJECT] = HD_WORK_EJECT,
        [HD_JOB_YANK] = HD_WORK_YANK,       [HD_JOB_KEYS] = HD_WORK_KEYS,
        [HD_JOB_ATTACH] = HD_WORK_ATTACH,   [HD_JOB_DETACH] = HD_WORK_DETACH,
        [HD_JOB_RESTART] = HD_WORK_RESTART, [HD_JOB_BUILD] = HD_WORK_BUILD,
        [HD_JOB_DUMP] = HD_WORK_DUMP,
    };

    return of[op];
}

const struct hd_change *hd_states_find(enum hd_subject of, enum hd_state from,
                                       enum hd_cause on)
{
    for (size_t i = 0; i < HD_ARRAY_LEN(table); i++)
        if (table[i].of == of && table[i].on == on &&
            table[i].from & 1u << from)
            return &table[i];
    return NULL;
}

const struct hd_change *hd_states_table(size_t *ret_n)
{
    *ret_n = HD_ARRAY_LEN(table);
    return table;
}
