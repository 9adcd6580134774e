/* SPDX-License-Identifier: MIT */
/* A xenstore in memory behind its socket; it can fail, lose races and stall. */
#ifndef HD_TEST_XS_KIT_H
#define HD_TEST_XS_KIT_H

#include <stdbool.h>
#include <stddef.h>

struct xs_kit {
    int fail_at;    /* this write fails, counted from 1; 0: none does */
    int fail_errno; /* with this */
    int races;      /* so many transactions are lost to EAGAIN */
    int writes;     /* so far */
    int ends;       /* transactions that were ended, whatever became of them */
    int trips;      /* so often somebody waited for an answer, or for many */
    /* Of the wire: after so many answers the next one is torn off, or is to
     * another request; 0: none is. */
    int torn_at, crossed_at;
    /* This answer, counted from 1, is not given, and none after it, until it is
     * 0 again; what was asked is done. */
    int stall_at;
    int silent_ms;   /* who waits for it waits so long; 0: as long as it wants,
                      * -1: not at all */
    int read_errno;  /* every read fails with this; 0: none does */
    int watch_errno; /* and every watch with this */
    /* So many bytes of an event come; 0: all. */
    int event_bytes;
    int relists;        /* so many parts of a listing are of another one */
    const char *socket; /* where it is asked for; NULL: here */
    bool lost;          /* who waits for an event loses the connection first */
    /* Called when somebody waits for one: a driver's turn to act. */
    void (*driver)(void);
    /* Called before somebody reads a node: a guest's turn. */
    void (*guest)(void);
};

extern struct xs_kit xs_kit;

/* Empty, and without faults. */
void xs_kit_reset(void);
void xs_kit_put(const char *path, const char *value);
/* Whoever watches it hears of it; xs_kit_put says it as well, and so does who
 * writes it. */
void xs_kit_changed(const char *path);
/* NULL: there is no such node. */
const char *xs_kit_get(const char *path);
bool xs_kit_is(const char *path, const char *value); /* NULL: it is not there */
/* "n0,r7" of the node, or of what it takes after. */
const char *xs_kit_rights(const char *path);
size_t xs_kit_count(void);

#endif
