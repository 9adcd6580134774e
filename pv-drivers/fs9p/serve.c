/* SPDX-License-Identifier: MIT */
/* Carries messages between a guest's rings and its session; a guest that
 * floods or lies to it harms its own view alone. */
#include "serve.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "../base/io.h"
#include "../bus/backend.h"
#include "ring.h"

/* Of one ring, before the other one and xenstore have their turn. */
#define AT_ONCE 64

struct link {
    struct hd_peer *peer;
    struct hd_9p_ring ring; /* intf NULL: not connected */
    size_t waiting;         /* bytes of a reply that has no room yet */
    uint8_t reply[HD_9P_MSIZE];
};

struct server {
    struct hd_xs *xs;
    const struct hd_xenbus_device *dev;
    struct hd_9p *session;
    struct hd_9p_control *control;
    struct link links[HD_FS9P_RINGS];
    uint32_t n_links; /* 0: not connected */
    bool seen;        /* its nodes have been there */
};

/* Too large for a stack of a thread, and there is one a process. */
static struct server server;

static int disconnect(struct server *s, struct hd_err *err)
{
    for (size_t i = 0; i < HD_FS9P_RINGS; i++) {
        hd_peer_disconnect(s->links[i].peer);
        s->links[i].ring.intf = NULL;
        s->links[i].waiting = 0;
    }
    s->n_links = 0;
    return hd_backend_say(s->xs, s->dev, HD_XENBUS_CLOSED, err);
}

static uint32_t number(const struct server *s, const char *key, uint32_t i)
{
    char name[24];

    snprintf(name, sizeof(name), "%s%u", key, i);
    return hd_backend_number(s->xs, s->dev, name);
}

/* The order is the guest's word, read once, and so are the references. */
static int connect_ring(struct server *s, uint32_t i)
{
    struct link *l = &s->links[i];
    uint32_t refs[HD_9P_RING_PAGES], order;
    void *page, *data;

    if (hd_peer_connect(l->peer, number(s, "ring-ref", i),
                        number(s, "event-channel-", i), &page, NULL))
        return -1;
    l->ring.intf = page;
    order = __atomic_load_n(&l->ring.intf->ring_order, __ATOMIC_RELAXED);
    if (order < 1 || order > HD_9P_RING_ORDER)
        return -1;
    memcpy(refs, l->ring.intf->ref, sizeof(*refs) << order);
    if (hd_peer_map(l->peer, refs, 1u << order, &data, NULL))
        return -1;
    l->ring.data = data;
    l->ring.size = (uint32_t)XEN_FLEX_RING_SIZE(order);
    return 0;
}

/* What the guest says may be a lie; then it has no view. */
static int connect_guest(struct server *s, struct hd_err *err)
{
    uint32_t n = hd_backend_number(s->xs, s->dev, "num-rings");

    if (n < 1 || n > HD_FS9P_RINGS ||
        hd_backend_number(s->xs, s->dev, "version") != 1)
        return disconnect(s, err);
    for (uint32_t i = 0; i < n; i++)
        if (connect_ring(s, i))
            return disconnect(s, err);
    s->n_links = n;
    return hd_backend_say(s->xs, s->dev, HD_XENBUS_CONNECTED, err);
}

/* 1: go on, 0: it is over. */
static int look(struct server *s, struct hd_err *err)
{
    enum hd_xenbus_state back, front;
    int rc = 0;

    if (hd_xenbus_back_state(s->xs, s->dev, &back, err) ||
        hd_xenbus_front_state(s->xs, s->dev, &front, err))
        return -1;
    s->seen |= back != HD_XENBUS_NONE;
    switch (hd_backend_next(back, front, s->seen, s->n_links > 0)) {
    case HD_BACKEND_WAIT:
        break;
    case HD_BACKEND_READY:
        rc = hd_backend_say(s->xs, s->dev, HD_XENBUS_INIT_WAIT, err);
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

/* 1: a reply went out; 0: nothing to do, or no room; -1: the guest lies. */
static int answer_one(struct server *s, struct link *l)
{
    static uint8_t request[HD_9P_MSIZE];
    ssize_t room, n;

    if (!l->waiting) {
        n = hd_9p_ring_next(&l->ring);
        if (n <= 0)
            return (int)n;
        hd_9p_ring_take(&l->ring, request, (size_t)n);
        n = hd_9p_answer(s->session, request, (size_t)n, l->reply);
        if (n < 0 || (size_t)n > l->ring.size)
            return -1;
        l->waiting = (size_t)n;
    }
    room = hd_9p_ring_room(&l->ring);
    if (room < (ssize_t)l->waiting)
        return room < 0 ? -1 : 0;
    hd_9p_ring_put(&l->ring, l->reply, l->waiting);
    l->waiting = 0;
    return 1;
}

/* The guest is told of each: it may wait for room, or for the reply.  1: there
 * may be more. */
static int answer(struct server *s, struct link *l)
{
    int rc = 1;

    for (int i = 0; i < AT_ONCE && rc == 1; i++) {
        rc = answer_one(s, l);
        if (rc == 1)
            hd_peer_notify(l->peer);
    }
    return rc;
}

static void take_events(struct server *s, const struct pollfd *fds)
{
    for (uint32_t i = 0; i < HD_FS9P_RINGS; i++)
        if (fds[i].revents)
            hd_peer_take(s->links[i].peer);
}

/* 1: there may be more; 0: wait for an event. */
static int answer_all(struct server *s, struct hd_err *err)
{
    int more = 0;

    for (uint32_t i = 0; i < s->n_links; i++) {
        int rc = answer(s, &s->links[i]);

        if (rc < 0)
            return disconnect(s, err);
        more |= rc;
    }
    return more;
}

/* What is waited for: the rings, xenstore, hotdomd. */
enum { XENSTORE = HD_FS9P_RINGS, CONTROL, FDS = CONTROL + HD_9P_CONTROL_FDS };

static void fill(const struct server *s, struct pollfd fds[FDS])
{
    for (uint32_t i = 0; i < HD_FS9P_RINGS; i++)
        fds[i] = (struct pollfd){
            .fd = i < s->n_links ? hd_peer_fd(s->links[i].peer) : -1,
            .events = POLLIN};
    fds[XENSTORE] = (struct pollfd){.fd = hd_xs_fd(s->xs), .events = POLLIN};
    hd_9p_control_fill(s->control, fds + CONTROL);
}

/* One round; 1: go on, 0: it is over.  `*more`: do not wait. */
static int serve_once(struct server *s, int timeout_ms, bool *more,
                      struct hd_err *err)
{
    struct pollfd fds[FDS];
    char token[8];
    bool rung;
    int rc = 1, n;

    fill(s, fds);
    if (poll(fds, FDS, *more ? 0 : timeout_ms) < 0)
        return errno == EINTR
                   ? 1
                   : hd_fail_errno(err, HD_E_FAILED, "wait for the guest");
    take_events(s, fds);
    hd_9p_control_take(s->control, fds + CONTROL);
    /* One that came since poll(2) is taken here as well. */
    rung = fds[XENSTORE].revents;
    while ((n = hd_xs_check(s->xs, token, sizeof(token), err)) == 1)
        rung = true;
    if (n < 0)
        return -1;
    if (rung || !s->seen)
        rc = look(s, err);
    if (rc != 1)
        return rc;
    n = answer_all(s, err);
    *more = n > 0;
    return n < 0 ? -1 : 1;
}

int hd_9p_serve(struct hd_xs *xs, struct hd_peer *peers[HD_FS9P_RINGS],
                const struct hd_xenbus_device *dev, struct hd_9p *session,
                struct hd_9p_control *control, struct hd_err *err)
{
    struct server *s = &server;
    uint64_t until = hd_io_now_ms() + HD_9P_BEGIN_MS;
    bool more = true; /* what came with the watches does not wake poll(2) */
    int rc = 1;

    *s = (struct server){
        .xs = xs, .dev = dev, .session = session, .control = control};
    for (size_t i = 0; i < HD_FS9P_RINGS; i++)
        s->links[i].peer = peers[i];
    while (rc == 1 && (s->seen || hd_io_left_ms(until)))
        rc = serve_once(s, s->seen ? -1 : hd_io_left_ms(until), &more, err);
    if (rc == 1)
        rc = hd_fail(err, HD_E_TIMEOUT, "there is no host view to serve");
    if (rc < 0)
        (void)disconnect(s, NULL);
    return rc;
}
