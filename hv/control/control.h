/* SPDX-License-Identifier: MIT */
/* The control socket: connections and who is behind them; knows no method. */
#ifndef HD_CONTROL_H
#define HD_CONTROL_H

#include <json-c/json.h>
#include <stdbool.h>
#include <sys/types.h>
#include <uv.h>

#include "../../pv-drivers/base/err.h"
#include "../daemon/event.h"
#include "../daemon/store.h"

#define HD_CONTROL_GROUP "hotdom"
/* Plain users get so many, so that root always finds a free one, and each of
 * them so many, so that none of them takes all. */
#define HD_CONTROL_CONNS       64
#define HD_CONTROL_PLAIN_CONNS 32
#define HD_CONTROL_USER_CONNS  8
/* Of unread replies; whoever is slower is cut off. */
#define HD_CONTROL_QUEUE (1 << 20)

/* From the connection, or the last answer, until a whole call has come; and for
 * whoever asked for events until he takes one. */
#define HD_CONTROL_CALL_MS 30000

/* So many events are on their way to one that asked for those that are kept. */
#define HD_CONTROL_AT_ONCE 32

struct hd_control;

/* One connection, one call at a time. */
struct hd_conn {
    uv_pipe_t pipe;
    struct hd_conn *next;
    struct hd_control *control; /* NULL: it was accepted by none */
    struct hd_frame *frame;
    uid_t uid;
    uint64_t until_ms; /* of its time, while it is not busy, or telling */
    bool privileged;   /* may change things */
    bool busy;         /* its call is not answered yet */
    bool more;         /* its call may have several replies */
    bool telling;      /* it gets what is kept of events, and then ... */
    bool follows;      /* ... every one: */
    bool following;
    bool closing;
    uint64_t next_event, since_ms; /* while telling */
    size_t n_writes;               /* replies that are not taken yet */
    /* Who answers later keeps the connection there; it becomes NULL when that
     * hangs up, or has had its last reply. */
    struct hd_conn **holder;
};

/* `*holder` is who answers, as long as somebody waits for it. */
void hd_conn_hold(struct hd_conn *conn, struct hd_conn **holder);

/* Takes over `path`; what stood there was a dead daemon's.  It lives as long as
 * the process. */
int hd_control_open(struct hd_daemon *daemon, const char *path,
                    struct hd_control **ret, struct hd_err *err);
/* No more connections and calls; replies that are due still go out. */
void hd_control_stop(struct hd_control *control);

/* Sends a reply, which is taken; `last` ends the call. */
void hd_conn_reply(struct hd_conn *conn, struct json_object *reply, bool last);

/* The events that are kept, of those not before `since_ms`, and with `follow`
 * each new one; the first one behind what has fallen out has their number as
 * "lost". Without `follow` there is a last reply. */
void hd_control_tell(struct hd_conn *conn, uint64_t since_ms, bool follow);

/* For whoever waits for a store.  A reply with "continues", when it asked for
 * those. */
void hd_control_progress(struct hd_conn *conn, const struct hd_event *event);
/* The last reply: the error `why`, or the store as it is now, or with both NULL
 * "safe to remove".  *conn becomes NULL, and may have been. */
void hd_control_finish(struct hd_conn **conn, const struct hd_err *why,
                       const struct hd_store *store);

/* Hangs up on those whose call has not come in time.  Returns how long the next
 * one has; UINT64_MAX: nobody's time runs. */
uint64_t hd_control_expire(struct hd_control *control, uint64_t now_ms);

/* root, or a member of HD_CONTROL_GROUP (`group`, -1: there is none). */
bool hd_control_may_change(uid_t uid, gid_t gid, const gid_t *groups, size_t n,
                           gid_t group);

#endif
