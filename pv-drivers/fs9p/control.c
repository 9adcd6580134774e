/* SPDX-License-Identifier: MIT */
/* Exchanges the tables of a host view while it is served; whoever asks is
 * hotdomd, or is not heard. */
#include "control.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void hd_9p_control_init(struct hd_9p_control *c, struct hd_tree *tree,
                        struct hd_9p *session)
{
    *c = (struct hd_9p_control){
        .listener = -1, .user = geteuid(), .tree = tree, .session = session};
    for (size_t i = 0; i < HD_9P_CONTROL_CONNS; i++)
        c->conns[i] = -1;
}

static void hang_up(int *conn)
{
    if (*conn >= 0)
        close(*conn);
    *conn = -1;
}

void hd_9p_control_fini(struct hd_9p_control *c)
{
    for (size_t i = 0; i < HD_9P_CONTROL_CONNS; i++)
        hang_up(&c->conns[i]);
}

void hd_9p_control_fill(const struct hd_9p_control *c,
                        struct pollfd fds[HD_9P_CONTROL_FDS])
{
    fds[0] = (struct pollfd){.fd = c->listener, .events = POLLIN};
    for (size_t i = 0; i < HD_9P_CONTROL_CONNS; i++)
        fds[1 + i] = (struct pollfd){.fd = c->conns[i], .events = POLLIN};
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
        if (c->conns[i] < 0) {
            c->conns[i] = hd_steal_fd(&fd);
            return;
        }
}

/* One is in force until the other is whole. */
static const char *exchange(struct hd_9p_control *c, const char *text,
                            struct hd_err *err)
{
    struct hd_tables *old = c->tree->tables;

    if (hd_tables_parse(text, &c->tree->tables, err))
        return err->msg;
    hd_9p_changed(c->session);
    hd_tables_free(old);
    return HD_9P_DONE;
}

static void hear(struct hd_9p_control *c, int *conn)
{
    char message[HD_9P_CONTROL_MAX + 1];
    ssize_t n = recv(*conn, message, sizeof(message), MSG_DONTWAIT);
    struct hd_err err = {0};
    const char *reply;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n < 1 || n > HD_9P_CONTROL_MAX || message[0] != HD_9P_TABLES) {
        hang_up(conn);
        return;
    }
    message[n] = '\0';
    reply = exchange(c, message + 1, &err);
    if (send(*conn, reply, strlen(reply), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        hang_up(conn);
}

void hd_9p_control_take(struct hd_9p_control *c,
                        const struct pollfd fds[HD_9P_CONTROL_FDS])
{
    for (size_t i = 0; i < HD_9P_CONTROL_CONNS; i++)
        if (c->conns[i] >= 0 && fds[1 + i].revents)
            hear(c, &c->conns[i]);
    if (fds[0].revents)
        meet(c);
}
