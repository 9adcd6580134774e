/* SPDX-License-Identifier: MIT */
/* The agent's part in the registry: answers the host, and keeps the files that
 * keys are bound to. */
#ifndef HD_GUEST_KEEPER_H
#define HD_GUEST_KEEPER_H

#include <stdbool.h>

#include "../pv-drivers/bus/piece.h"
#include "bind.h"
#include "xsdev.h"

/* hv/domain/inquire.h is the other end. */
#define HD_KEEPER_ASK    "data/hotdom/registry/ask"
#define HD_KEEPER_ANSWER "data/hotdom/agent/answer"

struct hd_keeper {
    const char *dir, *root;
    struct hd_hand *hand; /* borrowed; writes the files; NULL: nobody else */
    int news;             /* owned; -1: the folder cannot be made */
    uint64_t seen;
    bool begun;  /* at least once */
    bool bound;  /* what the host binds is read */
    bool behind; /* changes could not be read */
    bool more;   /* changes are there still; call hd_keeper_follow soon */
    size_t n_binds;
    struct hd_bind binds[HD_BINDS];
    bool dirty[HD_BINDS]; /* its file may not be what its key is */
    struct hd_piece_server server;
};

/* What one is before it begins, and behind hd_keeper_fini. */
#define HD_KEEPER_NONE ((struct hd_keeper){.news = -1})

/* Looks at the whole file, and moves it aside where it is damaged.  Of one that
 * was opened before opens all but the exchange with the host anew. */
void hd_keeper_open(struct hd_keeper *k, const char *dir, const char *root,
                    struct hd_xsdev *x);
/* The same, and writes all files that are bound.  Fails with the first that
 * could not be done; the others are. */
int hd_keeper_begin(struct hd_keeper *k, const char *dir, const char *root,
                    struct hd_xsdev *x, struct hd_err *err);
void hd_keeper_fini(struct hd_keeper *k);

/* The host asks. */
int hd_keeper_answer(struct hd_keeper *k, struct hd_xsdev *x,
                     struct hd_err *err);

/* The registry has changed, for `news` was readable; or what the host says has.
 * Both write the files that are due, and fail as hd_keeper_begin. */
int hd_keeper_follow(struct hd_keeper *k, struct hd_xsdev *x,
                     struct hd_err *err);
int hd_keeper_follow_host(struct hd_keeper *k, struct hd_xsdev *x,
                          struct hd_err *err);
/* Something of that is left to be done, and is tried again by the other, which
 * begins anew where another folder has taken the registry's place; where
 * nothing is, that is cheap. */
bool hd_keeper_is_due(const struct hd_keeper *k);
int hd_keeper_retry(struct hd_keeper *k, struct hd_xsdev *x,
                    struct hd_err *err);

#endif
