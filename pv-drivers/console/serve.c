/* SPDX-License-Identifier: MIT */
/* Carries bytes between a guest's ring and a serial port; a guest that floods
 * it or lies to it harms its own console alone. */
#include "serve.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "../base/io.h"
#include "../bus/backend.h"
#include "console.h"
#include "ring.h"

/* Between two looks at a guest's events, so that none can make us spin: a
 * serial line carries some hundred bytes meanwhile, the ring holds 2048. */
#define PAUSE_NS 1000000

struct server {
    struct hd_xs *xs;
    struct hd_peer *peer;
    struct hd_xenbus_device dev;
    int tty;
    struct xencons_interface *ring; /* NULL: not connected */
    bool seen;                      /* its nodes have been there */
    bool full;                      /* there is, or was, more for the port */
};

static int disconnect(struct server *s, struct hd_err *err)
{
    hd_peer_disconnect(s->peer);
    s->ring = NULL;
    return hd_backend_say(s->xs, &s->dev, HD_XENBUS_CLOSED, err);
}

/* What the guest says may be a lie; then it has no console. */
static int connect_guest(struct server *s, struct hd_err *err)
{
    uint32_t ref = hd_backend_number(s->xs, &s->dev, "ring-ref"),
             port = hd_backend_number(s->xs, &s->dev, "port");
    void *page;

    if (hd_peer_connect(s->peer, ref, port, &page, NULL))
        return disconnect(s, err);
    s->ring = page;
    return hd_backend_say(s->xs, &s->dev, HD_XENBUS_CONNECTED, err);
}

/* 1: go on, 0: it is over. */
static int look(struct server *s, struct hd_err *err)
{
    enum hd_xenbus_state back, front;
    int rc = 0;

    if (hd_xenbus_back_state(s->xs, &s->dev, &back, err) ||
        hd_xenbus_front_state(s->xs, &s->dev, &front, err))
        return -1;
    s->seen |= back != HD_XENBUS_NONE;
    switch (hd_backend_next(back, front, s->seen, s->ring != NULL)) {
    case HD_BACKEND_WAIT:
        break;
    case HD_BACKEND_READY:
        rc = hd_backend_say(s->xs, &s->dev, HD_XENBUS_INIT_WAIT, err);
        break;
    case HD_BACKEND_CONNECT:
        rc = connect_guest(s, err);
        break;
    case HD_BACKEND_DISCONNECT:
        rc = disconnect(s, err);
        break;
    case HD_BACKEND_END:
        return disconnect(s, err);
    case HD_BACKEND_GONE:
        return 0;
    }
    return rc ? -1 : 1;
}

static bool would_block(void)
{
    return errno == EAGAIN || errno == EINTR;
}

/* Bytes moved, or -1: the guest's page is no console, or the port has gone,
 * which `*ret_gone` says. */
static ssize_t to_port(struct server *s, bool *ret_gone)
{
    char buf[512];
    ssize_t n = hd_console_ring_peek(s->ring, buf, sizeof(buf));
    ssize_t done = n > 0 ? write(s->tty, buf, (size_t)n) : 0;

    s->full = n > 0;
    if (done < 0 && would_block())
        return 0;
    *ret_gone |= done < 0;
    if (n < 0 || done < 0)
        return -1;
    hd_console_ring_done(s->ring, (size_t)done);
    return done;
}

static ssize_t to_guest(struct server *s, bool *ret_gone)
{
    char buf[512];
    ssize_t room = hd_console_ring_room(s->ring), n;

    if (room <= 0)
        return room;
    n = read(s->tty, buf,
             (size_t)room < sizeof(buf) ? (size_t)room : sizeof(buf));
    if (n < 0 && would_block())
        return 0;
    *ret_gone |= n <= 0;
    if (n <= 0)
        return -1;
    hd_console_ring_put(s->ring, buf, (size_t)n);
    return n;
}

/* 0, or -1 when the port has gone. */
static int carry(struct server *s, bool readable, struct hd_err *err)
{
    bool gone = false;
    ssize_t out = to_port(s, &gone);
    ssize_t in = out < 0 || !readable ? 0 : to_guest(s, &gone);

    if (out > 0 || in > 0)
        hd_peer_notify(s->peer);
    if (gone)
        return hd_fail(err, HD_E_GONE, "the serial port was pulled out");
    return out < 0 || in < 0 ? disconnect(s, err) : 0;
}

static bool has_room(const struct server *s)
{
    return s->ring && hd_console_ring_room(s->ring) > 0;
}

static int wait_for_any(const struct server *s, struct pollfd fds[3],
                        int timeout_ms)
{
    fds[0] = (struct pollfd){.fd = hd_xs_fd(s->xs), .events = POLLIN};
    fds[1] = (struct pollfd){.fd = s->ring ? hd_peer_fd(s->peer) : -1,
                             .events = POLLIN};
    /* POLLHUP comes unasked. */
    fds[2] = (struct pollfd){.fd = s->tty};
    if (has_room(s))
        fds[2].events |= POLLIN;
    if (s->ring && s->full)
        fds[2].events |= POLLOUT;
    return poll(fds, 3, timeout_ms);
}

static void rest(void)
{
    nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
}

/* The same, once there is no event left that says so. */
static int look_anew(struct server *s, struct hd_err *err)
{
    char token[8];
    int n;

    while ((n = hd_xs_check(s->xs, token, sizeof(token), err)) > 0)
        ;
    return n < 0 ? -1 : look(s, err);
}

/* One round; 1: go on, 0: it is over. */
static int serve_once(struct server *s, int timeout_ms, struct hd_err *err)
{
    struct pollfd fds[3];
    int n = wait_for_any(s, fds, timeout_ms);

    if (n < 0)
        return errno == EINTR ? 1
                              : hd_fail_errno(err, HD_E_FAILED, "wait for it");
    if (fds[2].revents & (POLLHUP | POLLERR | POLLNVAL))
        return hd_fail(err, HD_E_GONE, "the serial port was pulled out");
    if (fds[1].revents) {
        hd_peer_take(s->peer);
        rest();
    }
    if (s->ring && carry(s, fds[2].revents & POLLIN, err))
        return -1;
    return fds[0].revents ? look_anew(s, err) : 1;
}

int hd_console_watch(struct hd_xs *xs, uint32_t domid, uint32_t devid,
                     struct hd_err *err)
{
    struct hd_xenbus_device dev;

    hd_console_describe(domid, devid, &dev);
    return hd_backend_watch(xs, &dev, err);
}

int hd_console_serve(struct hd_xs *xs, struct hd_peer *peer, uint32_t domid,
                     uint32_t devid, int tty, struct hd_err *err)
{
    struct server s = {.xs = xs, .peer = peer, .tty = tty};
    uint64_t until = hd_io_now_ms() + HD_SERVE_BEGIN_MS;
    int rc;

    hd_console_describe(domid, devid, &s.dev);
    /* What came with the watches does not wake poll(2). */
    rc = look_anew(&s, err);
    while (rc == 1 && (s.seen || hd_io_left_ms(until)))
        rc = serve_once(&s, s.seen ? -1 : hd_io_left_ms(until), err);
    if (rc == 1)
        rc = hd_fail(err, HD_E_TIMEOUT, "there is no console to serve");
    if (rc < 0)
        (void)disconnect(&s, NULL);
    return rc;
}
