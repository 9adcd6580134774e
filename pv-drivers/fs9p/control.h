/* SPDX-License-Identifier: MIT */
/* What hotdomd asks of a process that serves a host view, while it serves. */
#ifndef HD_FS9P_CONTROL_H
#define HD_FS9P_CONTROL_H

#include <poll.h>

#include "session.h"

/*
 * On the socket of hd_server_listen, messages of hotdomd, each with one reply:
 *   HD_9P_TABLES and a text of hd_tables_parse: the guest has these tables from
 *   now on, or all is as it was.  HD_9P_DONE, or why not.
 * Whoever sends anything else is cut off.
 */
#define HD_9P_TABLES      't'
#define HD_9P_DONE        "done"
#define HD_9P_CONTROL_MAX 4096 /* bytes of a message */

#define HD_9P_CONTROL_CONNS 4 /* side by side; one more is cut off */
#define HD_9P_CONTROL_FDS   (1 + HD_9P_CONTROL_CONNS)

struct hd_9p_control {
    int listener; /* borrowed; it does not block */
    uid_t user;   /* who may ask */
    struct hd_tree *tree;
    struct hd_9p *session;
    int conns[HD_9P_CONTROL_CONNS]; /* -1: none; owned */
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
