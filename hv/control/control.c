/* SPDX-License-Identifier: MIT */
/* The control socket: connections and who is behind them; knows no method. */
#include "control.h"

#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/mem.h"
#include "../daemon/daemon.h"
#include "method.h"
#include "view.h"
#include "wire.h"

struct hd_control {
    uv_pipe_t pipe;
    uv_timer_t timer; /* runs while somebody's time does */
    struct hd_daemon *daemon;
    gid_t group;
    struct hd_conn *first;
    size_t n, n_plain;
    bool stopped;
};

struct write {
    uv_write_t req;
    struct json_object *reply; /* keeps the text alive */
};

/* ---- whose time runs: from the connection, or the last answer, to a call */

/* It is to call, or to take the events that it asked for. */
static bool has_turn(const struct hd_conn *conn)
{
    return !conn->busy || conn->telling;
}

/* UINT64_MAX: nobody's. */
static uint64_t left_ms(const struct hd_control *control, uint64_t now_ms)
{
    uint64_t first = UINT64_MAX;

    for (const struct hd_conn *c = control->first; c; c = c->next)
        if (has_turn(c) && c->until_ms < first)
            first = c->until_ms;
    if (first == UINT64_MAX)
        return first;
    return first > now_ms ? first - now_ms : 0;
}

static void on_time(uv_timer_t *timer);

/* Nobody wakes up while nobody's does. */
static void ring(struct hd_control *control)
{
    uint64_t left = left_ms(control, hd_io_now_ms());

    if (left == UINT64_MAX)
        uv_timer_stop(&control->timer);
    else
        uv_timer_start(&control->timer, on_time, left, 0);
}

static void on_time(uv_timer_t *timer)
{
    struct hd_control *control = timer->data;

    (void)hd_control_expire(control, hd_io_now_ms());
    ring(control);
}

static void give_time(struct hd_conn *conn)
{
    conn->until_ms = hd_io_now_ms() + HD_CONTROL_CALL_MS;
    if (conn->control)
        ring(conn->control);
}

static void may_call(struct hd_conn *conn)
{
    conn->busy = conn->telling = conn->following = false;
    give_time(conn);
}

/* ---- the end of a connection */

static void let_go(struct hd_conn *conn)
{
    if (conn->holder)
        *conn->holder = NULL;
    conn->holder = NULL;
}

static void forget(struct hd_control *control, struct hd_conn *conn)
{
    struct hd_conn **at = &control->first;

    while (*at != conn)
        at = &(*at)->next;
    *at = conn->next;
    control->n--;
    control->n_plain -= !conn->privileged;
    let_go(conn);
    for (struct hd_store *s = control->daemon->stores.first; s; s = s->next)
        if (s->waiter == conn)
            s->waiter = NULL;
    ring(control);
}

static void on_conn_closed(uv_handle_t *handle)
{
    struct hd_conn *conn = handle->data;

    hd_frame_clear(conn->frame);
    free(conn->frame);
    free(conn);
}

static void hang_up(struct hd_conn *conn)
{
    if (conn->closing)
        return;
    conn->closing = true;
    forget(conn->control, conn);
    uv_close((uv_handle_t *)&conn->pipe, on_conn_closed);
}

/* ---- replies */

static void tell_kept(struct hd_conn *conn);

static void on_written(uv_write_t *req, int status)
{
    struct write *w = (struct write *)req;
    struct hd_conn *conn = req->handle->data;

    json_object_put(w->reply);
    free(w);
    conn->n_writes--;
    if (status < 0)
        hang_up(conn);
    else if (conn->telling && !conn->closing) {
        give_time(conn);
        tell_kept(conn);
    }
}

static void send_json(struct hd_conn *conn, struct json_object *reply)
{
    struct write *w = calloc(1, sizeof(*w));
    const char *text =
        json_object_to_json_string_ext(reply, JSON_C_TO_STRING_PLAIN);
    uv_buf_t buf;

    if (!w || !text) {
        json_object_put(reply);
        free(w);
        hang_up(conn);
        return;
    }
    w->reply = reply;
    buf = uv_buf_init((char *)text, (unsigned)strlen(text) + 1);
    if (uv_write(&w->req, (uv_stream_t *)&conn->pipe, &buf, 1, on_written)) {
        json_object_put(reply);
        free(w);
        hang_up(conn);
        return;
    }
    conn->n_writes++;
    if (uv_stream_get_write_queue_size((uv_stream_t *)&conn->pipe) >
        HD_CONTROL_QUEUE)
        hang_up(conn);
}

void hd_conn_reply(struct hd_conn *conn, struct json_object *reply, bool last)
{
    if (conn->closing) {
        json_object_put(reply);
        return;
    }
    if (last) {
        may_call(conn);
        let_go(conn);
    }
    send_json(conn, reply);
}

/* As many as are taken: what is kept may be more than a queue holds, and as
 * JSON more than hotdomd itself. */
static void tell_kept(struct hd_conn *conn)
{
    while (conn->telling && !conn->closing &&
           conn->n_writes < HD_CONTROL_AT_ONCE) {
        uint64_t n = conn->next_event;
        const struct hd_event *event =
            hd_events_at(conn->control->daemon->events, &n);
        uint64_t lost = n - conn->next_event;
        struct json_object *o;

        if (!event) {
            conn->telling = false;
            conn->following = conn->follows;
            ring(conn->control);
            if (!conn->follows)
                hd_conn_reply(
                    conn, hd_reply_ok(json_object_new_object(), false), true);
            return;
        }
        conn->next_event = n + 1;
        if (event->time_ms < conn->since_ms)
            continue;
        o = hd_view_event(event);
        if (lost)
            json_object_object_add(o, "lost",
                                   json_object_new_int64((int64_t)lost));
        hd_conn_reply(conn, hd_reply_ok(o, true), false);
    }
}

void hd_control_tell(struct hd_conn *conn, uint64_t since_ms, bool follow)
{
    conn->next_event = 0;
    conn->since_ms = since_ms;
    conn->follows = follow;
    conn->telling = true;
    give_time(conn);
    tell_kept(conn);
}

void hd_conn_hold(struct hd_conn *conn, struct hd_conn **holder)
{
    *holder = conn;
    conn->holder = holder;
}

void hd_control_progress(struct hd_conn *conn, const struct hd_event *event)
{
    if (conn->more)
        hd_conn_reply(conn, hd_reply_ok(hd_view_event(event), true), false);
}

void hd_control_finish(struct hd_conn **conn, const struct hd_err *why,
                       const struct hd_store *store)
{
    struct hd_conn *to = hd_steal(conn);
    struct json_object *parameters;

    if (!to)
        return;
    if (why) {
        hd_conn_reply(to, hd_reply_error(why), true);
        return;
    }
    parameters = json_object_new_object();
    if (store)
        json_object_object_add(parameters, "store", hd_view_store(store));
    else
        json_object_object_add(parameters, "message",
                               json_object_new_string("safe to remove"));
    hd_conn_reply(to, hd_reply_ok(parameters, false), true);
}

static void on_event(void *ctx, const struct hd_event *event)
{
    struct hd_control *control = ctx;
    struct hd_conn *next;

    for (struct hd_conn *c = control->first; c; c = next) {
        next = c->next;
        if (c->following)
            hd_conn_reply(c, hd_reply_ok(hd_view_event(event), true), false);
    }
}

/* ---- calls */

static void take_calls(struct hd_conn *conn)
{
    const char *text;

    while (!conn->closing && !conn->busy &&
           (text = hd_frame_first(conn->frame))) {
        conn->busy = true;
        ring(conn->control);
        hd_method_call(conn->control->daemon, conn, text);
        hd_frame_drop(conn->frame);
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    static char bytes[4096]; /* one loop, one read at a time */

    (void)handle;
    (void)suggested;
    *buf = uv_buf_init(bytes, sizeof(bytes));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct hd_conn *conn = stream->data;
    struct hd_err err = {0};

    if (n == 0) /* nothing yet, behind a read that filled the buffer */
        return;
    if (n < 0 || conn->busy) {
        hang_up(conn);
        return;
    }
    if (hd_frame_add(conn->frame, buf->base, (size_t)n, &err)) {
        hd_conn_reply(conn, hd_reply_error(&err), true);
        hang_up(conn);
    }
    explicit_bzero(buf->base, (size_t)n);
    take_calls(conn);
    /* One call at a time: who talks on before the answer is cut off. */
    if (conn->busy && conn->frame->used)
        hang_up(conn);
}

/* ---- who it is */

bool hd_control_may_change(uid_t uid, gid_t gid, const gid_t *groups, size_t n,
                           gid_t group)
{
    if (uid == 0)
        return true;
    if (group == (gid_t)-1)
        return false;
    for (size_t i = 0; i < n; i++)
        if (groups[i] == group)
            return true;
    return gid == group;
}

/* The kernel noted it at connect(2); whom it does not know is a plain user. */
static void identify(struct hd_conn *conn, int fd, gid_t group)
{
    gid_t groups[256];
    socklen_t groups_len = sizeof(groups);
    struct ucred cred;
    socklen_t len = sizeof(cred);

    conn->uid = (uid_t)-1;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
        return;
    conn->uid = cred.uid;
    /* In more groups than that: only uid and gid count. */
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &groups_len))
        groups_len = 0;
    conn->privileged = hd_control_may_change(
        cred.uid, cred.gid, groups, groups_len / sizeof(*groups), group);
}

/* For one more of this user's. */
static bool has_plain_room(const struct hd_control *control, uid_t uid)
{
    size_t n = 0;

    for (const struct hd_conn *c = control->first; c; c = c->next)
        n += !c->privileged && c->uid == uid;
    return n < HD_CONTROL_USER_CONNS &&
           control->n_plain < HD_CONTROL_PLAIN_CONNS;
}

static bool has_room(const struct hd_control *control,
                     const struct hd_conn *conn)
{
    return !control->stopped && control->n < HD_CONTROL_CONNS &&
           (conn->privileged || has_plain_room(control, conn->uid));
}

static void add(struct hd_control *control, struct hd_conn *conn)
{
    conn->next = control->first;
    control->first = conn;
    control->n++;
    control->n_plain += !conn->privileged;
}

static void on_connection(uv_stream_t *server, int status)
{
    struct hd_control *control = server->data;
    struct hd_conn *conn = calloc(1, sizeof(*conn));
    bool welcome = false;
    uv_os_fd_t fd;

    if (conn)
        conn->frame = calloc(1, sizeof(*conn->frame));
    if (status < 0 || !conn || !conn->frame) {
        free(conn ? conn->frame : NULL);
        free(conn);
        return;
    }
    conn->control = control;
    conn->frame->max = HD_WIRE_REQUEST_MAX;
    conn->pipe.data = conn;
    uv_pipe_init(server->loop, &conn->pipe, 0);
    if (!uv_accept(server, (uv_stream_t *)&conn->pipe) &&
        !uv_fileno((uv_handle_t *)&conn->pipe, &fd)) {
        identify(conn, fd, control->group);
        welcome = has_room(control, conn);
    }
    add(control, conn);
    may_call(conn);
    if (!welcome ||
        uv_read_start((uv_stream_t *)&conn->pipe, on_alloc, on_read))
        hang_up(conn);
}

int hd_control_open(struct hd_daemon *daemon, const char *path,
                    struct hd_control **ret, struct hd_err *err)
{
    struct hd_control *control = calloc(1, sizeof(*control));
    const struct group *group = getgrnam(HD_CONTROL_GROUP);
    int rc;

    if (!control)
        return hd_fail_errno(err, HD_E_FAILED, "open %s", path);
    control->daemon = daemon;
    control->group = group ? group->gr_gid : (gid_t)-1;
    control->pipe.data = control->timer.data = control;
    unlink(path);
    uv_timer_init(daemon->loop, &control->timer);
    uv_pipe_init(daemon->loop, &control->pipe, 0);
    rc = uv_pipe_bind(&control->pipe, path);
    /* Anyone may look; each method says who may change. */
    if (!rc && chmod(path, 0666))
        rc = -errno;
    if (!rc)
        rc = uv_listen((uv_stream_t *)&control->pipe, HD_CONTROL_CONNS,
                       on_connection);
    hd_events_listen(daemon->events, on_event, control);
    *ret = control;
    if (rc)
        return hd_fail(err, HD_E_FAILED, "cannot listen on %s: %s", path,
                       uv_strerror(rc));
    return 0;
}

uint64_t hd_control_expire(struct hd_control *control, uint64_t now_ms)
{
    struct hd_conn *next;

    for (struct hd_conn *c = control->first; c; c = next) {
        next = c->next;
        if (has_turn(c) && c->until_ms <= now_ms)
            hang_up(c);
    }
    return left_ms(control, now_ms);
}

void hd_control_stop(struct hd_control *control)
{
    control->stopped = true;
}
