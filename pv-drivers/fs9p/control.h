/* SPDX-License-Identifier: MIT */
/* What hotdomd asks of a process that serves a host view, while it serves. */
#ifndef HD_FS9P_CONTROL_H
#define HD_FS9P_CONTROL_H

#include <poll.h>

#include "session.h"

/*
 * On the socket of hd_server_listen, messages of hotdomd, each with one reply:
 *   HD_9P_TABLES, a text of hd_tables_parse, a NUL, and another one, of what
 * the policy shows: the guest has these tables from now on, or all is as it
 * was. HD_9P_DONE, or why not. HD_9P_LOG: messages of struct hd_9p_told, its
 * path ended by the message's end, for all that the guest asks for until the
 * connection is closed.  What the socket has no room for is counted instead.
 * Whoever sends anything else is cut off.
 */
#define HD_9P_TABLES      't'
#define HD_9P_LOG         'l'
#define HD_9P_DONE        "done"
#define HD_9P_CONTROL_MAX (144 << 10) /* bytes of a message */

#define HD_9P_CONTROL_CONNS 4 /* side by side; one more is cut off */
#define HD_9P_CONTROL_FDS   (1 + HD_9P_CONTROL_CONNS)

struct hd_9p_told {
    uint32_t lost;  /* so many before this one were only counted */
    uint16_t entry; /* so much of the path is the entry that decided; 0: none */
    uint8_t side;   /* enum hd_side */
    uint8_t opened; /* 1: to read it; 0: it was looked up */
    char path[HD_9P_PATH];
};

struct hd_9p_control_conn {
    int fd; /* -1: none; owned */
    bool logs;
    uint32_t lost;
};

struct hd_9p_control {
    int listener; /* borrowed; it does not block */
    uid_t user;   /* who may ask */
    struct hd_tree *tree;
    struct hd_9p *session;
    struct hd_9p_control_conn conns[HD_9P_CONTROL_CONNS];
};

/* The caller's own user may ask, whatever becomes of it later.  `tree` and
 * `session` are borrowed; tables of the tree's that are exchanged are freed. */
void hd_9p_control_init(struct hd_9p_control *c, struct hd_tree *tree,
                        struct hd_9p *session);
/* Ends the connections. */
void hd_9p_control_fini(struct hd_9p_control *c);

/* What poll(2) is to wait for. */
void hd_9p_control_fill(const struct hd_9p_control *c,
                        struct pollfd fds[HD_9P_CONTROL_FDS]);
/* Does what there is to do, and never blocks. */
void hd_9p_control_take(struct hd_9p_control *c,
                        const struct pollfd fds[HD_9P_CONTROL_FDS]);

#endif
