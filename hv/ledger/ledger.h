/* SPDX-License-Identifier: MIT */
/* The write-ahead record of everything that hotdom changed on the host. */
#ifndef HD_LEDGER_LEDGER_H
#define HD_LEDGER_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/mem.h"
#include "../store/manifest.h"
#include "../plan/plan.h"

/*
 * One text file a store, DIR/<store id>, in /run, so that a reboot forgets it
 * as it forgets the effects.  Lines are appended, each by one write:
 *
 *   hotdom-ledger 1 LABEL DEVNAME DISKSEQ
 *   + SEQ KIND GUEST VALUE      taken: written before the effect is made
 *   = SEQ STATE                 "= 3 domid:7", "= 3 running", "= 3 dumped" or
 *                               "= 3 quarantined"
 *   - SEQ                       undone
 *
 * A torn last line is ignored: its effect was never begun.  The file is removed
 * when everything in it is undone, and a large one that is mostly undone is
 * replaced by one without that when it is opened, in which each guest that has
 * run still has a domain: a SEQ is valid from hd_ledger_open to hd_ledger_free,
 * and nobody keeps one for longer.
 * DIR/history gets "KIND VALUE" of every effect since boot, so that verify-host
 * knows what was ever ours.
 */

#define HD_LEDGER_VALUE 128

enum hd_effect_kind {
    HD_EFFECT_DM,      /* value: the dm device's name */
    HD_EFFECT_DOMAIN,  /* value: the domain's UUID */
    HD_EFFECT_BRIDGE,  /* value: its name */
    HD_EFFECT_PORT,    /* value: BRIDGE/NAME */
    HD_EFFECT_PCI,     /* value: its address */
    HD_EFFECT_SERVER,  /* value: where its lock is: server.h */
    HD_EFFECT_DEVICE,  /* value: CLASS/DEVID, and /DM of a disk's volume: given
                          to a domain that ran already */
    HD_EFFECT_LEAVING, /* value: as of DEVICE: a domain is to give it back */
};

struct hd_effect {
    uint32_t seq;
    uint32_t kind; /* enum hd_effect_kind */
    char guest[HD_NAME_SIZE];
    char value[HD_LEDGER_VALUE];
    bool undone;
    bool running;     /* DOMAIN: it was unpaused; DEVICE: both ends connected */
    bool dumped;      /* DOMAIN: it has ended, and its memory is in a file */
    bool quarantined; /* DOMAIN: it was destroyed, and did not go */
    int32_t domid;    /* DOMAIN: -1 while not known */
};

struct hd_ledger; /* opaque; holds the file open and locked against others */

struct hd_ledger_head {
    struct hd_uuid store;
    char label[HD_LABEL_SIZE];
    char devname[64]; /* kernel name, "sda" */
    uint64_t diskseq;
};

/* A device that is on its way to a running domain, or back. */
bool hd_effect_is_half(const struct hd_effect *e);

/* HD_E_EXISTS when that store has a ledger already. */
int hd_ledger_create(const char *dir, const struct hd_ledger_head *head,
                     struct hd_ledger **ret, struct hd_err *err);
/* HD_E_NO_STORE when there is none, HD_E_BUSY when another process holds it. */
int hd_ledger_open(const char *dir, const struct hd_uuid *store,
                   struct hd_ledger **ret, struct hd_err *err);
/* Reads without holding (hotdomd at its start, verify-host). */
int hd_ledger_peek(const char *dir, const struct hd_uuid *store,
                   struct hd_ledger **ret, struct hd_err *err);
void hd_ledger_free(struct hd_ledger *ledger); /* keeps the file */
HD_DEFINE_AUTO(hd_ledger)

const struct hd_ledger_head *hd_ledger_head(const struct hd_ledger *ledger);
/* Borrowed; in the order they were taken; undone ones may be there, too. */
const struct hd_effect *hd_ledger_effects(const struct hd_ledger *ledger,
                                          size_t *ret_n);

int hd_ledger_take(struct hd_ledger *ledger, enum hd_effect_kind kind,
                   const char *guest, const char *value, uint32_t *ret_seq,
                   struct hd_err *err);
int hd_ledger_set_domid(struct hd_ledger *ledger, uint32_t seq, uint32_t domid,
                        struct hd_err *err);
int hd_ledger_set_running(struct hd_ledger *ledger, uint32_t seq,
                          struct hd_err *err);
int hd_ledger_set_dumped(struct hd_ledger *ledger, uint32_t seq,
                         struct hd_err *err);
int hd_ledger_set_quarantined(struct hd_ledger *ledger, uint32_t seq,
                              struct hd_err *err);
int hd_ledger_undone(struct hd_ledger *ledger, uint32_t seq,
                     struct hd_err *err);
/* Removes the file when nothing is left in it; *ret_empty says whether. */
int hd_ledger_close(struct hd_ledger *ledger, bool *ret_empty,
                    struct hd_err *err);

/* The ids of all stores that have a ledger; the caller frees `*ret_ids`. */
int hd_ledger_list(const char *dir, struct hd_uuid **ret_ids, size_t *ret_n,
                   struct hd_err *err);

#endif
