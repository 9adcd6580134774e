/* SPDX-License-Identifier: MIT */
/* Exchanges the tables of a host view while it is served, and tells what they
 * decide; whoever asks is hotdomd, or is not heard. */
#include "control.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void hd_9p_control_init(struct hd_9p_control *c, struct hd_tree *tree,
                        struct hd_9p *session)
{
    *c = (struct hd_9p_control){
        .listener = -1, .user = geteuid(), .tree = tree, .session = session};
    for (size_t i = 0; i < HD_9P_CONTROL_CONNS; i++)
        c->conns[i].fd = -1;
}

/* Of each that logs: never waits for it. */
static void tell(void *context, const char *path, struct hd_decision decision,
                 bool opened)
{
    struct hd_9p_control *c = context;
    struct hd_9p_told told = {.entry = (uint16_t)decision.len,
                              .side = (uint8_t)decision.side,
                              .opened = opened};
    size_t len = strlen(path);

    memcpy(told.path, path, len); /* a fid's: shorter than HD_9P_PATH */
    len += offsetof(struct hd_9p_told, path);
    for (size_t i = 0; i < HD_9P_CONTROL_CONNS; i++) {
        struct hd_9p_control_conn *conn = &c->conns[i];

        if (conn->fd < 0 || !conn->logs)
            continue;
        told.lost = conn->lost;
        conn->lost = send(conn->fd, &told, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0
                         ? conn->lost + 1
                         : 0;
    }
}

static size_t n_logs(const struct hd_9p_control *c)
{
    size_t n = 0;

    for (size_t i = 0; i < HD_9P_CONTROL_CONNS; i++)
        n += c->conns[i].fd >= 0 && c->conns[i].logs;
    return n;
}

/* It costs a test of a pointer when nobody does. */
static void count_logs(struct hd_9p_control *c)
{
    hd_9p_tell(c->session, n_logs(c) ? tell : NULL, c);
}

static void hang_up(struct hd_9p_control *c, struct hd_9p_control_conn *conn)
{
    if (conn->fd >= 0)
        close(conn->fd);
    *conn = (struct hd_9p_control_conn){.fd = -1};
    count_logs(c);
}

void hd_9p_control_fini(struct hd_9p_control *c)
{
    for (size_t i = 0; i < HD_9P_CONTROL_CONNS; i++)
        hang_up(c, &c->conns[i]);
}

void hd_9p_control_fill(const struct hd_9p_control *c,
                        struct pollfd fds[HD_9P_CONTROL_FDS])
{
    fds[0] = (struct pollfd){.fd = c->listener, .events = POLLIN};
    for (size_t i = 0; i < HD_9P_CONTROL_CONNS; i++)
        fds[1 + i] = (struct pollfd){.fd = c->conns[i].fd, .events = POLLIN};
}

static bool is_user(const struct hd_9p_control *c, int fd)
{
    struct ucred cred;
    socklen_t len = sizeof(cred);

    return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) &&
           cred.uid == c->user;
}

static void meet(struct hd_9p_control *c)
{
    hd_autofd int fd =
        accept4(c->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0 || !is_user(c, fd))
        return;
    for (size_t i = 0; i < HD_9P_CONTROL_CONNS; i++)
        if (c->conns[i].fd < 0) {
            c->conns[i].fd = hd_steal_fd(&fd);
            return;
        }
}

/* One is in force until the other is whole. */
static int exchange(struct hd_9p_control *c, const char *text,
                    const char *shown_text, struct hd_err *err)
{
    hd_auto(hd_tables) tables = NULL;
    hd_auto(hd_tables) shown = NULL;
    struct hd_tree before = *c->tree;

    if (hd_tables_parse(text, &tables, err) ||
        hd_tables_parse(shown_text, &shown, err))
        return -1;
    c->tree->tables = hd_steal(&tables);
    c->tree->shown = hd_steal(&shown);
    hd_9p_changed(c->session);
    hd_tables_free(before.tables);
    hd_tables_free(before.shown);
    return 0;
}

/* `message` ends with two NULs that are not its own.  False: it is no request.
 */
static bool perform(struct hd_9p_control *c, struct hd_9p_control_conn *conn,
                    const char *message)
{
    const char *shown = message + strlen(message) + 1, *reply;
    struct hd_err err = {0};

    switch (message[0]) {
    case HD_9P_TABLES:
        reply = exchange(c, message + 1, shown, &err) ? err.msg : HD_9P_DONE;
        return send(conn->fd, reply, strlen(reply),
                    MSG_DONTWAIT | MSG_NOSIGNAL) > 0;
    case HD_9P_LOG:
        /* One place is left for tables. */
        if (n_logs(c) + 1 == HD_9P_CONTROL_CONNS)
            return false;
        conn->logs = true;
        count_logs(c);
        return true;
    default:
        return false;
    }
}

static void hear(struct hd_9p_control *c, struct hd_9p_control_conn *conn)
{
    static char message[HD_9P_CONTROL_MAX + 2];
    ssize_t n = recv(conn->fd, message, HD_9P_CONTROL_MAX + 1, MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0 && n <= HD_9P_CONTROL_MAX) {
        message[n] = message[n + 1] = '\0';
        if (perform(c, conn, message))
            return;
    }
    hang_up(c, conn);
}

void hd_9p_control_take(struct hd_9p_control *c,
                        const struct pollfd fds[HD_9P_CONTROL_FDS])
{
    for (size_t i = 0; i < HD_9P_CONTROL_CONNS; i++)
        if (c->conns[i].fd >= 0 && fds[1 + i].revents)
            hear(c, &c->conns[i]);
    if (fds[0].revents)
        meet(c);
}
