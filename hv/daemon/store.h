/* SPDX-License-Identifier: MIT */
/* The table of attached stores, as hotdomd sees them; plain data, no I/O. */
#ifndef HD_DAEMON_STORE_H
#define HD_DAEMON_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "../../pv-drivers/base/err.h"
#include "../plan/plan.h"
#include "../domain/agent.h"
#include "../run/job.h"
#include "../ledger/ledger.h"
#include "../store/reader.h"
#include "dumps.h"
#include "states.h"

/* What is known of a running guest's agent; hotdomd.8 has the same list. */
#define HD_AGENT_STATES(X)                                                     \
    X(NONE, "no-agent", "It has told nothing; a guest needs none.")            \
    X(READY, "ready", "All that the host promised is there.")                  \
    X(TROUBLE, "trouble", "Not all of it is; the message says what not.")      \
    X(LEAVING, "leaving", "The guest shuts down.")                             \
    X(SILENT, "silent", "It was there and has told nothing for minutes.")      \
    X(BAD, "bad-report", "What it tells makes no sense.")

enum hd_agent_state {
#define HD_X(name, text, doc) HD_AGENT_STATE_##name,
    HD_AGENT_STATES(HD_X)
#undef HD_X
};

const char *hd_agent_state_name(enum hd_agent_state state);

struct hd_agent {
    enum hd_agent_state state;
    uint64_t beat_ms;              /* when the last beat was seen; 0: none */
    struct hd_agent_report report; /* zero when there is none that is good */
    /* What the last event said, and when; 0: there was none. */
    enum hd_agent_state told_state;
    struct hd_agent_report told;
    uint64_t told_ms;
};

/* What it asks of xenstore; zero while nobody looks.  See floods.h. */
struct hd_flood {
    uint64_t at_ms; /* of the last look; 0: there was none */
    uint64_t rate;  /* bytes a second, between the last two */
    uint32_t bytes; /* that were asked for by then, modulo 2^32 */
    uint8_t looks;  /* in a row that found it flood or, once slowed, calm */
    bool slowed;
};

/* A disk as the kernel names it; diskseq tells one medium from the next. */
struct hd_device {
    char name[64]; /* "sda" */
    uint32_t major, minor;
    uint64_t diskseq;
};

/* A block that dm-verity refused to give. */
struct hd_bad_block {
    uint64_t block; /* of HD_VERITY_BLOCK bytes */
    uint32_t volume;
    bool tree; /* of the hash tree, not of the data */
};

#define HD_STORE_BAD_BLOCKS 100 /* of one store, that are told */

/* What a person wants of a guest, until a job does it. */
enum hd_order {
    HD_ORDER_NONE,
    HD_ORDER_SHUTDOWN,
    HD_ORDER_DESTROY,
};

struct hd_guest_life {
    char name[HD_NAME_SIZE];
    struct hd_uuid uuid; /* the domain's */
    enum hd_state state;
    enum hd_order order;
    int64_t domid;          /* -1: none */
    unsigned soon;          /* ends in a row that came soon after a start */
    uint64_t kept_until_ms; /* 0: nobody keeps it behind a pull */
    uint64_t ended_ms;      /* when it was seen to have; 0: it has not */
    bool dumped;            /* its memory, since it has ended, or in vain */
    bool saved;             /* it stood still for somebody who saves it, xl */
    bool stuck;             /* what was left of it could not be cleaned up */
    bool tabling;           /* its tables are being exchanged, see tabling.h */
    bool strayed;           /* its process may have others than its plan */
    bool ahead;       /* its domain is built, or waits, before it is unlocked */
    uint8_t unserved; /* looks in a row that found a server dead, served.h */
    uint64_t memory;
    uint32_t vcpus;
    uint64_t since_ms;       /* in this state, hd_io_now_ms() */
    struct hd_phases phases; /* of its start; zero when it was adopted */
    struct hd_agent agent;   /* while it runs; see agents.h */
    struct hd_flood flood;
    struct hd_err why;
};

/* What to do when a YANK job has cleaned up behind something. */
enum hd_after {
    HD_AFTER_DROP,   /* forget the store */
    HD_AFTER_SETTLE, /* a start that failed: lock it again */
    HD_AFTER_READ,   /* leftovers of an earlier hotdomd: read it anew */
    HD_AFTER_LOOK,   /* it was one guest; the others go on */
    HD_AFTER_LOCK,   /* what was built ahead: it stays locked */
};

/* A device that `task` attaches to a guest that runs, or detaches. */
struct hd_hot {
    char guest[HD_NAME_SIZE]; /* empty: what a killed job left half done */
    char class[16], name[HD_NAME_SIZE]; /* of its row in the map; or empty */
    char called[20];                    /* "xvdc", or the MAC */
    struct json_object *row;            /* owned; what it is given, or NULL */
    bool gone;                          /* the guest has it no longer */
    struct hd_phases phases;            /* of being attached */
    struct hd_err outcome;              /* before what was left was undone */
};

/* The domains of a locked store's guests, built while the password is typed;
 * see life.h. */
struct hd_ahead {
    struct hd_plan *plan; /* owned; what builds them; NULL: none is there */
    enum hd_after after;  /* when what was built is taken away */
    /* Somebody unlocks it while they are built, or taken away. */
    bool wanted;
    char user[HD_NAME_SIZE];    /* empty: the only one */
    struct hd_secret *password; /* owned */
};

struct hd_daemon;
struct hd_ask;
struct hd_conn;
struct hd_hot_order;
struct hd_read;
struct hd_record;
struct hd_task;

struct hd_store {
    struct hd_store *next;
    struct hd_daemon *daemon; /* borrowed; for callbacks */
    struct hd_device device;
    bool present;       /* the device is there */
    bool known;         /* to be a store; of what is none nothing is told */
    uint64_t silent_ms; /* since when its portal is; 0: it answers; portal.h */

    enum hd_state state;
    uint64_t since_ms;
    struct hd_err why; /* of refused, failed, and locked after a failure */

    struct hd_uuid id;         /* zero until verified */
    char label[HD_LABEL_SIZE]; /* empty until it is accepted */
    char signer[HD_NAME_SIZE]; /* in trusted.d */
    bool ask;                  /* the policy wants a password */
    struct hd_answer *answer;  /* owned; NULL until read */
    int fds[HD_MAX_FDS];       /* owned; the files, then the LUKS2 headers */
    size_t n_fds;
    struct hd_guest_life guests[HD_MAX_GUESTS];
    size_t n_guests;
    /* Owned; as hd_map_to_json makes it: what decided over its guests, or NULL;
     * see explain.h. */
    struct json_object *map;
    struct hd_plan *plan; /* owned; what started its guests, or NULL */
    struct hd_hot hot;
    struct hd_hot_order *queue; /* owned; what comes next of these */
    struct hd_ahead ahead;
    bool saved;   /* it is in HD_MAP_DIR too */
    bool ran;     /* a guest has run with it */
    bool ordered; /* who is to end may be in HD_ORDER_DIR */

    struct hd_bad_block bad[HD_STORE_BAD_BLOCKS];
    size_t n_bad; /* since it was read */

    struct hd_luks_change change; /* of its users, the last one asked for */
    struct hd_err changed;        /* how that came out */
    bool stale; /* the medium's LUKS2 header is newer than answer and fds */

    struct hd_read *reader;   /* one at a time */
    struct hd_record *record; /* what was seen of it, being written */
    struct hd_task *task;     /* the job; one at a time */
    enum hd_job_op op;        /* of `task`, or of the one that failed */
    uint32_t parallel;        /* START, BUILD: guests at a time */
    char op_guest[HD_NAME_SIZE];
    struct hd_dump dump; /* DUMP: the file that is written */
    bool leaving;        /* its eject follows behind the end of a DUMP */
    enum hd_after after;
    unsigned tries; /* YANK jobs that failed */
    /* Of the last YANK: a domain that does not go, of whichever guest. */
    struct hd_err quarantined;
    unsigned late; /* readers of an adopted store that timed out */
    uv_timer_t retry;
    bool retrying;

    struct hd_ask *question;  /* to password agents, see ask.h; or NULL */
    char asked[HD_NAME_SIZE]; /* whose answer of them is being tried */
    struct hd_conn *waiter;   /* who waits for the outcome, or NULL */
    struct hd_ledger *adopt;  /* owned; what an earlier hotdomd left running */
    bool leftover;            /* something may be half done: hd_adopt_go_on */
};

struct hd_stores {
    struct hd_store *first;
};

/* Both it and the guests that hd_store_fill adds are HD_NOTHING: life.h. */
struct hd_store *hd_store_new(struct hd_daemon *daemon, uv_loop_t *loop,
                              const struct hd_device *device);
/* Frees what it owns; it must not be in a table, nor have a reader or a task.
 */
void hd_store_free(struct hd_store *store);
/* Forgets what was read: answer, files, guests, label, id. */
void hd_store_clear(struct hd_store *store);
/* Takes what a reader gave, in place of what was there. */
void hd_store_take(struct hd_store *store, struct hd_answer *answer,
                   const int *fds, size_t n);
/* Fills in id and guests from `answer`. */
void hd_store_fill(struct hd_store *store);
struct hd_guest_life *hd_store_guest(struct hd_store *store, const char *name);
/* Whose disk a volume is, by its index in the manifest; or NULL. */
struct hd_guest_life *hd_store_owner(struct hd_store *store, uint32_t volume);
/* It runs, or stands still. */
bool hd_store_guest_lives(const struct hd_guest_life *guest);
/* Notes it; false when it is known already, or there are too many. */
bool hd_store_bad_block(struct hd_store *store,
                        const struct hd_bad_block *block);
/* The store with the volume of that device-mapper name, and the volume's index;
 * or NULL. */
struct hd_store *hd_stores_by_dm_name(const struct hd_stores *stores,
                                      const char *dm_name,
                                      uint32_t *ret_volume);
/* Is one of `stores`, struct hd_stores *, that of this id? */
bool hd_stores_has(void *stores, const struct hd_uuid *id);
/* What all stores have been promised or run: of those whose start is under way
 * the memory that Xen counts as free still is `reserved`.  What was built ahead
 * of `store`, or NULL, is its own to use. */
void hd_stores_commitments(const struct hd_stores *stores,
                           const struct hd_store *store,
                           struct hd_commitments *ret);
/* How many of its guests a store that starts now may start at a time, when all
 * stores together have `limit`; at least one. */
uint32_t hd_stores_parallel(const struct hd_stores *stores,
                            const struct hd_store *store, uint64_t limit);
/* It has a label and is not refused: its id and its place are taken. */
bool hd_store_accepted(const struct hd_store *store);
/* What a person calls it: label, or the device while it has none. */
const char *hd_store_title(const struct hd_store *store);

void hd_stores_add(struct hd_stores *stores, struct hd_store *store);
void hd_stores_remove(struct hd_stores *stores, struct hd_store *store);
struct hd_store *hd_stores_by_diskseq(const struct hd_stores *stores,
                                      uint64_t diskseq);
/* The domids of all guests that live; the caller frees them.  NULL without
 * memory. */
uint32_t *hd_stores_domids(const struct hd_stores *stores, size_t *ret_n);
/* The guest that lives in this domain, and its store; or NULL. */
struct hd_guest_life *hd_stores_by_domid(const struct hd_stores *stores,
                                         uint32_t domid,
                                         struct hd_store **ret_store);
/* Another accepted store with this id, or NULL. */
struct hd_store *hd_stores_twin(const struct hd_stores *stores,
                                const struct hd_store *store);
/* `store`'s name, made unique among the accepted ones; HD_E_DUPLICATE_STORE
 * when even four digits of the id do not tell them apart. */
int hd_stores_label(const struct hd_stores *stores,
                    const struct hd_store *store, char ret[HD_LABEL_SIZE],
                    struct hd_err *err);
/* By label, id or device ("sda", "/dev/sda"); with `name` NULL the only one in
 * state `only`, or the only one at all.  HD_E_NO_STORE lists what is there. */
int hd_stores_find(const struct hd_stores *stores, const char *name,
                   enum hd_state only, struct hd_store **ret,
                   struct hd_err *err);

#endif
