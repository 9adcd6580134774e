/* SPDX-License-Identifier: MIT */
/* Sends requests in one go and hears what they came to; never takes an answer
 * that it did not expect. */
#include "xs_wire.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <xenstore.h>

#include "../base/io.h"

#define DEVICE "/dev/xen/xenbus" /* xenstored in a domain of its own */

/* Who does not accept keeps connect(2) waiting as well, but for this; after a
 * signal it begins anew. */
static int open_socket(uint32_t silent_ms)
{
    const struct timeval most = {.tv_sec = silent_ms / 1000,
                                 .tv_usec = silent_ms % 1000 * 1000};
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    hd_autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    uint64_t until = hd_io_now_ms() + silent_ms;

    snprintf(at.sun_path, sizeof(at.sun_path), "%.107s", xs_daemon_socket());
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most)))
        return -1;
    while (connect(fd, (struct sockaddr *)&at, sizeof(at))) {
        if (errno != EINTR)
            return -1;
        errno = EAGAIN;
        if (!hd_io_left_ms(until))
            return -1;
    }
    return hd_steal_fd(&fd);
}

static int not_open(struct hd_err *err)
{
    int sys = errno == EAGAIN ? ETIMEDOUT : errno;

    if (sys == ETIMEDOUT)
        hd_fail(err, HD_E_TIMEOUT, HD_XS_SILENT_WHY);
    else if (sys == ECONNREFUSED)
        hd_fail(err, HD_E_NO_XEN, HD_XS_ENDED_WHY);
    else
        hd_fail_errno(err, HD_E_NO_XEN, "xenstore does not answer");
    if (err)
        err->sys = sys;
    errno = sys;
    return -1;
}

/* The device is for who has no xenstored beside it: when that has ended and its
 * socket is left, the device asks the same one, and waits without end. */
int hd_xs_bulk_open(struct hd_xs_bulk **ret, uint32_t silent_ms,
                    struct hd_err *err)
{
    hd_auto(hd_xs_bulk) bulk = calloc(1, sizeof(*bulk));

    if (!bulk)
        return hd_fail_errno(err, HD_E_FAILED, "open xenstore");
    bulk->silent_ms = silent_ms;
    bulk->fd = open_socket(silent_ms);
    bulk->socket = bulk->fd >= 0;
    if (bulk->fd < 0 && errno == ENOENT)
        bulk->fd = open(DEVICE, O_RDWR | O_CLOEXEC);
    if (bulk->fd < 0)
        return not_open(err);
    *ret = hd_steal(&bulk);
    return 0;
}

void hd_xs_bulk_free(struct hd_xs_bulk *bulk)
{
    if (!bulk)
        return;
    if (bulk->fd >= 0)
        close(bulk->fd);
    free(bulk->out);
    free(bulk->asked);
    free(bulk);
}

static bool lose(struct hd_xs_bulk *b, int sys)
{
    errno = b->lost = sys;
    return false;
}

/* ---- requests */

static bool grow(struct hd_xs_bulk *b, size_t more)
{
    size_t room = b->room ? b->room : 16384;
    void *p;

    while (room - b->len < more)
        room *= 2;
    if (room != b->room) {
        p = realloc(b->out, room);
        if (!p)
            return false;
        b->out = p;
        b->room = room;
    }
    if (b->n_asked == b->max_asked) {
        p = reallocarray(b->asked, b->max_asked + 128, sizeof(*b->asked));
        if (!p)
            return false;
        b->asked = p;
        b->max_asked += 128;
    }
    return true;
}

static void put(struct hd_xs_bulk *b, const void *data, size_t len)
{
    memcpy(b->out + b->len, data, len);
    b->len += len;
}

/* `body` of `n` bytes stands behind the path and its NUL. */
bool hd_xs_ask(struct hd_xs_bulk *b, uint32_t type, enum hd_xs_want want,
               const char *path, const void *body, size_t n)
{
    size_t len = strlen(path) + 1;
    struct xsd_sockmsg msg = {.type = type,
                              .req_id = (uint32_t)b->n_asked,
                              .tx_id = b->transaction,
                              .len = (uint32_t)(len + n)};

    errno = b->lost ? b->lost : E2BIG;
    if (b->lost || len + n > XENSTORE_PAYLOAD_MAX ||
        !grow(b, sizeof(msg) + len + n))
        return false;
    b->asked[b->n_asked++] = (struct hd_xs_asked){type, want, path};
    put(b, &msg, sizeof(msg));
    put(b, path, len);
    put(b, body, n);
    return true;
}

/* All that was asked. */
bool hd_xs_send(struct hd_xs_bulk *b)
{
    errno = b->lost;
    for (size_t at = 0; !b->lost && at < b->len;) {
        struct xsd_sockmsg msg;
        ssize_t n;

        memcpy(&msg, b->out + at, sizeof(msg));
        n = b->socket ? send(b->fd, b->out + at, b->len - at, MSG_NOSIGNAL)
                      : write(b->fd, b->out + at, sizeof(msg) + msg.len);
        if (n < 0 && errno != EINTR) /* who knows how far it came */
            return lose(b, errno == EAGAIN ? ETIMEDOUT : EIO);
        at += n < 0 ? 0 : (size_t)n;
    }
    return !b->lost;
}

/* ---- answers */

static struct xsd_sockmsg head_of(const struct hd_xs_bulk *b)
{
    struct xsd_sockmsg msg;

    memcpy(&msg, b->in + b->in_at, sizeof(msg));
    return msg;
}

/* All of the next message, or what is too long for one. */
static bool holds_one(const struct hd_xs_bulk *b)
{
    size_t n = b->in_len - b->in_at, len;

    if (n < sizeof(struct xsd_sockmsg))
        return false;
    len = head_of(b).len;
    return len > XENSTORE_PAYLOAD_MAX || n - sizeof(struct xsd_sockmsg) >= len;
}

/* More of it, of which the rest is always room for.  False with errno. */
static bool hear_more(struct hd_xs_bulk *b, uint32_t within_ms)
{
    struct pollfd p = {.fd = b->fd, .events = POLLIN};

    b->in_len -= b->in_at;
    memmove(b->in, b->in + b->in_at, b->in_len);
    b->in_at = 0;
    for (;;) {
        int ready = poll(&p, 1, (int)within_ms);
        ssize_t n = ready > 0 ? read(b->fd, b->in + b->in_len,
                                     sizeof(b->in) - b->in_len)
                              : 0;

        if ((ready < 0 || n < 0) && errno == EINTR)
            continue;
        b->in_len += n > 0 ? (size_t)n : 0;
        errno = ready ? EIO : ETIMEDOUT;
        return n > 0;
    }
}

static int error_of(const char *text)
{
    for (size_t i = 0; i < HD_ARRAY_LEN(xsd_errors); i++)
        if (!strcmp(text, xsd_errors[i].errstring))
            return xsd_errors[i].errnum;
    return EIO;
}

bool hd_xs_has_come(struct hd_xs_bulk *b)
{
    while (!b->lost && !holds_one(b)) {
        if (hear_more(b, 0))
            continue;
        if (errno == ETIMEDOUT)
            return false;
        b->lost = EIO;
    }
    return true;
}

bool hd_xs_message(struct hd_xs_bulk *b, struct xsd_sockmsg *ret)
{
    struct xsd_sockmsg msg;

    errno = b->lost;
    if (b->lost)
        return false;
    while (!holds_one(b))
        if (!hear_more(b, b->silent_ms))
            return lose(b, errno);
    msg = head_of(b);
    if (msg.len > XENSTORE_PAYLOAD_MAX)
        return lose(b, EIO);
    memcpy(b->body, b->in + b->in_at + sizeof(msg), msg.len);
    b->in_at += sizeof(msg) + msg.len;
    b->body[msg.len] = '\0';
    b->body_len = msg.len;
    *ret = msg;
    return true;
}

bool hd_xs_judge(struct hd_xs_bulk *b, size_t i, const struct xsd_sockmsg *msg,
                 int *ret_sys)
{
    const struct hd_xs_asked *a = &b->asked[i];
    int sys;

    if (msg->req_id != i || (msg->type != a->type && msg->type != XS_ERROR))
        return lose(b, EIO);
    sys = msg->type == XS_ERROR ? error_of(b->body) : 0;
    if (a->want == HD_XS_WANT_NOTHING_THERE)
        sys = !sys ? EEXIST : sys == ENOENT ? 0 : sys;
    else if (a->want == HD_XS_WANT_GONE && sys == ENOENT)
        sys = 0;
    *ret_sys = sys;
    return true;
}

bool hd_xs_hear(struct hd_xs_bulk *b, size_t i, int *ret_sys)
{
    struct xsd_sockmsg msg;

    return hd_xs_message(b, &msg) && hd_xs_judge(b, i, &msg, ret_sys);
}

/* Sends what was asked and hears it all; the first failure counts. */
bool hd_xs_exchange(struct hd_xs_bulk *b, const char **ret_at)
{
    int first = 0;

    *ret_at = HD_XS_TRANSACTION;
    if (!hd_xs_send(b))
        return false;
    for (size_t i = 0; i < b->n_asked; i++) {
        int sys;

        if (!hd_xs_hear(b, i, &sys))
            return false;
        if (sys && !first) {
            *ret_at = b->asked[i].path;
            first = sys;
        }
    }
    errno = first;
    return !first;
}

void hd_xs_begin(struct hd_xs_bulk *b)
{
    b->len = b->n_asked = 0;
}

/* ---- the transaction */

bool hd_xs_start(struct hd_xs_bulk *b, const char **ret_at)
{
    hd_xs_begin(b);
    b->transaction = 0;
    if (!hd_xs_ask(b, XS_TRANSACTION_START, HD_XS_WANT_OK, "", "", 0) ||
        !hd_xs_exchange(b, ret_at))
        return false;
    b->transaction = (uint32_t)strtoul(b->body, NULL, 10);
    errno = EIO;
    return b->transaction; /* 0 is none */
}

bool hd_xs_end(struct hd_xs_bulk *b, bool commit)
{
    const char *at;

    hd_xs_begin(b);
    return hd_xs_ask(b, XS_TRANSACTION_END, HD_XS_WANT_OK, commit ? "T" : "F",
                     "", 0) &&
           hd_xs_exchange(b, &at);
}
