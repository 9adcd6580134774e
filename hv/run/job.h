/* SPDX-License-Identifier: MIT */
/*
 * hotdom-job: the short-lived root process that makes and undoes effects, and
 * the protocol that hotdomd speaks with it.
 */
#ifndef HD_RUN_JOB_H
#define HD_RUN_JOB_H

#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/mac.h"
#include "../plan/plan.h"
#include "../volume/luks_users.h"
#include "../ledger/ledger.h"

/*
 * `hotdom-job`, without arguments, descriptors 0 and 1 = /dev/null, 2 = log,
 *   3  SOCK_SEQPACKET.  From hotdomd one message, which may be long in coming:
 *      a byte, and with it the descriptors
 *        - sealed memfd: struct hd_job_request, then the plan
 *        - pipe: the password, ended by EOF; /dev/null when there is none.
 *          KEYS: the acting user's, a NUL, and the new one
 *        - sealed memfds: the store's files in the manifest's order (START,
 *          BUILD, RESTART),
 *          then its LUKS2 headers as hotdom-reader checked them (START: all,
 *          KEYS: the key volume's)
 *      To hotdomd: struct hd_job_report, one message each.
 * The job puts what it gets in the places below.  It runs in a process group of
 * its own, so that hotdomd's SIGKILL takes what libxl forked as well, and dies
 * with hotdomd (PR_SET_PDEATHSIG).  After a crash or a kill the ledger says
 * what is left; a YANK job undoes it.
 */
#define HD_JOB_SOCK     3
#define HD_JOB_REQUEST  256 /* above what libraries have opened until then */
#define HD_JOB_PASSWORD 257
#define HD_JOB_FILES    258

/* A destroyed domain that is there after this stays: backends let go of its
 * memory within a second. */
#define HD_JOB_GONE_MS 10000
/* A volume that a program of dom0's has open for longer goes when that ends. */
#define HD_JOB_FREE_MS 10000
/* A backend that needs longer to be ready is sick.  libxl gives it 10 s, which
 * netback did not keep to on a busy host while a USB NIC was set up beside it.
 */
#define HD_JOB_READY_MS 20000
/* A backend that needs longer to close has its volume fenced, and once more as
 * long. */
#define HD_JOB_CLOSE_MS 5000
/* A young guest that has been asked to end and has not is asked again; then
 * twice as long, and so on. */
#define HD_JOB_ASK_MS   10000
#define HD_JOB_YOUNG_MS 60000
/* xenstored may be silent for so long while a job makes something; one that
 * undoes waits for it until just before its deadline, for there is nothing
 * better to do. */
#define HD_JOB_XENSTORED_MS 10000
/* The grace of a guest that the ledger has and the request has not. */
#define HD_JOB_UNKNOWN_MS 30000

enum hd_job_op {
    HD_JOB_START, /* authenticate, then perform the plan; undo whole on error */
    HD_JOB_EJECT, /* shut down in order, within the grace time, then undo */
    HD_JOB_YANK,  /* pause, fence, destroy, wait until gone, undo */
    HD_JOB_KEYS,  /* authenticate, then change the key volume's users */
    HD_JOB_ATTACH,  /* perform the plan on a guest that runs; undo whole */
    HD_JOB_DETACH,  /* take a device from a guest that runs, and tell it */
    HD_JOB_RESTART, /* a guest that has ended: the plan again, but for what the
                       ledger keeps; undo whole */
    HD_JOB_BUILD, /* perform a plan that only builds domains: a START follows */
    HD_JOB_DUMP,  /* the memory of a guest that stands still, to a file; a
                     command's, or hotdomd's of one that has ended */
};

enum hd_job_what {
    HD_WHAT_HALF, /* all that a killed ATTACH or DETACH left half done, of any
                     guest; `guest`, if any, is told the plan */
    HD_WHAT_DISK, /* by `vdev` */
    HD_WHAT_NIC,  /* by `mac` */
};

/* What DETACH takes; within grace_ms the guest lets go, or keeps it. */
struct hd_job_device {
    uint32_t what;  /* enum hd_job_what */
    uint32_t force; /* 1: it is not asked */
    char vdev[8];   /* of a NIC empty; HALF: either, or neither is known */
    uint8_t mac[6];
};

enum hd_job_ask {
    HD_ASK_NOTHING,
    HD_ASK_VERIFIER, /* the password against `auth` */
    HD_ASK_KEYSLOT,  /* it opens `keyslot` of the first LUKS2 header */
};

/* Of a guest: how many stand before it, for those with the most end first, and
 * how long it may take from when it is asked. */
struct hd_job_end {
    char guest[HD_NAME_SIZE];
    uint32_t rank;
    uint64_t grace_ms;
};

struct hd_job_request {
    uint32_t op;
    uint32_t ask; /* START, KEYS: enum hd_job_ask */
    uint32_t keyslot;
    uint32_t parallel; /* START, BUILD: guests at a time; 0 is as 1 */
    uint32_t built;    /* START: 1: a BUILD was there, and left a ledger */
    uint32_t crowd;    /* START: 1: others start as well; guests are light when
                          it ends: ../domain/status.h */
    struct hd_auth auth;
    struct hd_luks_change keys; /* KEYS; `keyslot` is the acting user's */
    struct hd_uuid store;
    char guest[HD_NAME_SIZE];    /* EJECT, YANK: only this one; empty: all;
                                    RESTART, DUMP: who */
    struct hd_ledger_head head;  /* START, BUILD: for the new ledger; KEYS,
                                    ATTACH: devname and diskseq */
    struct hd_job_device device; /* DETACH */
    uint32_t n_kept;             /* YANK: fenced, and paused as they are */
    struct hd_name kept[HD_MAX_GUESTS];
    uint32_t n_ends; /* EJECT: of all, or of the one */
    struct hd_job_end ends[HD_MAX_GUESTS];
    uint32_t devmajor, devminor;
    uint64_t grace_ms;    /* DETACH */
    uint64_t deadline_ms; /* CLOCK_MONOTONIC, see pv-drivers/base/io.h */
    uint32_t n_files;     /* DUMP: one, not sealed: it is written */
    uint32_t n_headers;   /* behind the files */
    uint32_t plan_size;   /* bytes of plan that follow: START, BUILD, RESTART,
                             ATTACH, and what DETACH tells the guest */
};

enum hd_report_kind {
    HD_REPORT_UNLOCKED,    /* the password fitted */
    HD_REPORT_BUILDING,    /* guest */
    HD_REPORT_RUNNING,     /* guest, domid, phases */
    HD_REPORT_FAILED,      /* guest, err: this guest is undone, others go on */
    HD_REPORT_EJECTING,    /* guest, domid */
    HD_REPORT_FENCED,      /* all volumes answer EIO from now on */
    HD_REPORT_GONE,        /* guest: no trace of it is left */
    HD_REPORT_QUARANTINED, /* guest, err: its domain does not go */
    HD_REPORT_ATTACHED,    /* guest, phases: it has one device more */
    HD_REPORT_DETACHED,    /* guest: it has `device` no longer */
    HD_REPORT_BUILT, /* guest: its domain waits, paused, without devices */
    HD_REPORT_DONE,  /* last: err has the outcome of the whole; the process has
                        nothing of the store any more, and ends */
};

/* How long a guest's start, or a device more of one that runs, was at each kind
 * of step.  Steps that are done together count as the first of them; a domain
 * is filled beside the steps behind BUILD_DOMAIN, and what is left of that is
 * START_DOMAIN's. */
struct hd_phases {
    uint32_t ms[HD_STEP_KINDS]; /* by enum hd_step_kind */
};

struct hd_job_report {
    uint32_t kind;
    uint32_t domid;
    char guest[HD_NAME_SIZE];
    char device[HD_MAC_SIZE]; /* DETACHED: "xvdb", or a NIC's MAC */
    struct hd_phases phases;
    struct hd_err err;
};

#endif
