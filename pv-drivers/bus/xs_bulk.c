/* SPDX-License-Identifier: MIT */
/* Sends a transaction, or reads, in one go; never takes an answer that it did
 * not expect.
 */
#include "xs_bulk.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <xenstore.h>
#include <xen/io/xs_wire.h>

#include "../base/io.h"

#define DEVICE      "/dev/xen/xenbus" /* xenstored in a domain of its own */
#define TRANSACTION "a transaction"

/* What an answer must be, beside the request's type. */
enum want { WANT_OK, WANT_NOTHING_THERE, WANT_GONE, WANT_VALUE };

struct asked {
    uint32_t type;
    enum want want;
    const char *path; /* borrowed */
};

struct hd_xs_bulk {
    int fd;
    bool socket; /* takes many messages at once; the kernel's device does not */
    uint32_t transaction, silent_ms;
    char *out;
    size_t len, room;
    struct asked *asked;
    size_t n_asked, max_asked;
    char body[XENSTORE_PAYLOAD_MAX + 1];
    size_t body_len;
    char in[4096]; /* what has come: some hundred bytes are many answers */
    size_t in_at, in_len;
};

/* Who does not accept keeps connect(2) waiting as well, but for this. */
static int open_socket(uint32_t silent_ms)
{
    const struct timeval most = {.tv_sec = silent_ms / 1000,
                                 .tv_usec = silent_ms % 1000 * 1000};
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    hd_autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(at.sun_path, sizeof(at.sun_path), "%.107s", xs_daemon_socket());
    if (fd < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most)) ||
        connect(fd, (struct sockaddr *)&at, sizeof(at)))
        return -1;
    return hd_steal_fd(&fd);
}

int hd_xs_bulk_open(struct hd_xs_bulk **ret, uint32_t silent_ms,
                    struct hd_err *err)
{
    hd_auto(hd_xs_bulk) bulk = calloc(1, sizeof(*bulk));

    if (!bulk)
        return hd_fail_errno(err, HD_E_FAILED, "open xenstore");
    bulk->silent_ms = silent_ms;
    bulk->fd = open_socket(silent_ms);
    bulk->socket = bulk->fd >= 0;
    if (bulk->fd < 0 && errno == EAGAIN) {
        errno = ETIMEDOUT;
        return hd_fail_errno(
            err, HD_E_TIMEOUT,
            "xenstored does not answer; when it does not come back, "
            "reboot the host");
    }
    if (bulk->fd < 0)
        bulk->fd = open(DEVICE, O_RDWR | O_CLOEXEC);
    if (bulk->fd < 0)
        return hd_fail_errno(err, HD_E_NO_XEN, "xenstore does not answer");
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
static bool ask(struct hd_xs_bulk *b, uint32_t type, enum want want,
                const char *path, const void *body, size_t n)
{
    size_t len = strlen(path) + 1;
    struct xsd_sockmsg msg = {.type = type,
                              .req_id = (uint32_t)b->n_asked,
                              .tx_id = b->transaction,
                              .len = (uint32_t)(len + n)};

    errno = E2BIG;
    if (len + n > XENSTORE_PAYLOAD_MAX || !grow(b, sizeof(msg) + len + n))
        return false;
    b->asked[b->n_asked++] = (struct asked){type, want, path};
    put(b, &msg, sizeof(msg));
    put(b, path, len);
    put(b, body, n);
    return true;
}

static bool ask_folder(struct hd_xs_bulk *b, const struct hd_xs_folder *f)
{
    char rights[32];
    int n =
        snprintf(rights, sizeof(rights), "n%u%cr%u", f->owner, '\0', f->reader);

    return ask(b, XS_READ, WANT_NOTHING_THERE, f->path, "", 0) &&
           ask(b, XS_MKDIR, WANT_OK, f->path, "", 0) &&
           ask(b, XS_SET_PERMS, WANT_OK, f->path, rights, (size_t)n + 1);
}

static bool ask_node(struct hd_xs_bulk *b, const struct hd_xs_node *n)
{
    return n->value
               ? ask(b, XS_WRITE, WANT_OK, n->path, n->value, strlen(n->value))
               : ask(b, XS_RM, WANT_GONE, n->path, "", 0);
}

/* All that was asked. */
static bool send_all(struct hd_xs_bulk *b)
{
    for (size_t at = 0; at < b->len;) {
        struct xsd_sockmsg msg;
        ssize_t n;

        memcpy(&msg, b->out + at, sizeof(msg));
        n = b->socket ? send(b->fd, b->out + at, b->len - at, MSG_NOSIGNAL)
                      : write(b->fd, b->out + at, sizeof(msg) + msg.len);
        if (n < 0 && errno != EINTR) {
            /* Who knows how far it came. */
            errno = errno == EAGAIN ? ETIMEDOUT : EIO;
            return false;
        }
        at += n < 0 ? 0 : (size_t)n;
    }
    return true;
}

/* ---- answers */

/* Waits for more, once all that had come is taken. */
static bool hear_more(struct hd_xs_bulk *b)
{
    struct pollfd p = {.fd = b->fd, .events = POLLIN};

    for (;;) {
        int ready = poll(&p, 1, (int)b->silent_ms);
        ssize_t n = ready > 0 ? read(b->fd, b->in, sizeof(b->in)) : 0;

        if ((ready < 0 || n < 0) && errno == EINTR)
            continue;
        errno = ready ? EIO : ETIMEDOUT;
        b->in_at = 0;
        b->in_len = n > 0 ? (size_t)n : 0;
        return n > 0;
    }
}

static bool take(struct hd_xs_bulk *b, void *buf, size_t len)
{
    for (char *at = buf; len;) {
        size_t n = b->in_len - b->in_at < len ? b->in_len - b->in_at : len;

        memcpy(at, b->in + b->in_at, n);
        b->in_at += n;
        at += n;
        len -= n;
        if (len && !hear_more(b))
            return false;
    }
    return true;
}

static int error_of(const char *text)
{
    for (size_t i = 0; i < HD_ARRAY_LEN(xsd_errors); i++)
        if (!strcmp(text, xsd_errors[i].errstring))
            return xsd_errors[i].errnum;
    return EIO;
}

/* False: there will be no further answer.  `*ret_sys` is what the request came
 * to; 0: what was wanted. */
static bool hear(struct hd_xs_bulk *b, size_t i, int *ret_sys)
{
    const struct asked *a = &b->asked[i];
    struct xsd_sockmsg msg;

    if (!take(b, &msg, sizeof(msg)))
        return false;
    errno = EIO;
    if (msg.len > XENSTORE_PAYLOAD_MAX || msg.req_id != i ||
        (msg.type != a->type && msg.type != XS_ERROR) ||
        !take(b, b->body, msg.len))
        return false;
    b->body[msg.len] = '\0';
    b->body_len = msg.len;
    *ret_sys = msg.type == XS_ERROR ? error_of(b->body) : 0;
    if (a->want == WANT_NOTHING_THERE)
        *ret_sys = !*ret_sys ? EEXIST : *ret_sys == ENOENT ? 0 : *ret_sys;
    else if (a->want == WANT_GONE && *ret_sys == ENOENT)
        *ret_sys = 0;
    return true;
}

/* What hd_xs_read gives. */
static int take_value(const struct hd_xs_bulk *b, int sys,
                      const struct hd_xs_value *v)
{
    if (sys)
        return sys == ENOENT ? 0 : -1;
    if (b->body_len >= v->size || strlen(b->body) != b->body_len)
        return -1;
    memcpy(v->buf, b->body, b->body_len + 1);
    return 1;
}

/* Sends what was asked and hears it all; the first failure counts. */
static bool exchange(struct hd_xs_bulk *b, const char **ret_at)
{
    int first = 0;

    *ret_at = TRANSACTION;
    if (!send_all(b))
        return false;
    for (size_t i = 0; i < b->n_asked; i++) {
        int sys;

        if (!hear(b, i, &sys))
            return false;
        if (sys && !first) {
            *ret_at = b->asked[i].path;
            first = sys;
        }
    }
    errno = first;
    return !first;
}

static void begin(struct hd_xs_bulk *b)
{
    b->len = b->n_asked = 0;
}

/* ---- the transaction */

static bool start(struct hd_xs_bulk *b, const char **ret_at)
{
    begin(b);
    b->transaction = 0;
    if (!ask(b, XS_TRANSACTION_START, WANT_OK, "", "", 0) ||
        !exchange(b, ret_at))
        return false;
    b->transaction = (uint32_t)strtoul(b->body, NULL, 10);
    errno = EIO;
    return b->transaction; /* 0 is none */
}

static bool end(struct hd_xs_bulk *b, bool commit)
{
    const char *at;

    begin(b);
    return ask(b, XS_TRANSACTION_END, WANT_OK, commit ? "T" : "F", "", 0) &&
           exchange(b, &at);
}

static bool ask_all(struct hd_xs_bulk *b, const struct hd_xs_folder *folders,
                    size_t n_folders, const struct hd_xs_node *nodes,
                    size_t n_nodes, const char **ret_at)
{
    bool ok = true;

    begin(b);
    for (size_t i = 0; ok && i < n_folders; i++)
        ok = ask_folder(b, &folders[i]);
    for (size_t i = 0; ok && i < n_nodes; i++)
        ok = ask_node(b, &nodes[i]);
    return ok && exchange(b, ret_at);
}

bool hd_xs_bulk_put(struct hd_xs_bulk *b, const struct hd_xs_folder *folders,
                    size_t n_folders, const struct hd_xs_node *nodes,
                    size_t n_nodes, const char **ret_at)
{
    *ret_at = "nodes";
    b->transaction = 0;
    return ask_all(b, folders, n_folders, nodes, n_nodes, ret_at);
}

bool hd_xs_bulk_make(struct hd_xs_bulk *b, const struct hd_xs_folder *folders,
                     size_t n_folders, const struct hd_xs_node *nodes,
                     size_t n_nodes, const char **ret_at)
{
    bool ok;
    int sys;

    *ret_at = TRANSACTION;
    if (!start(b, ret_at))
        return false;
    ok = ask_all(b, folders, n_folders, nodes, n_nodes, ret_at);
    sys = errno;
    if (ok) {
        *ret_at = TRANSACTION;
        return end(b, true);
    }
    if (sys != EIO && sys != ETIMEDOUT && !end(b, false) &&
        (errno == EIO || errno == ETIMEDOUT))
        sys = errno;
    errno = sys;
    return false;
}

bool hd_xs_bulk_read(struct hd_xs_bulk *b, struct hd_xs_value *values, size_t n,
                     const char **ret_at)
{
    int first = 0;

    *ret_at = n ? values->path : "";
    begin(b);
    b->transaction = 0;
    for (size_t i = 0; i < n; i++)
        if (!ask(b, XS_READ, WANT_VALUE, values[i].path, "", 0))
            return false;
    if (!send_all(b))
        return false;
    for (size_t i = 0; i < n; i++) {
        int sys;

        if (!hear(b, i, &sys))
            return false;
        values[i].there = take_value(b, sys, &values[i]);
        if (sys && sys != ENOENT && !first) {
            *ret_at = values[i].path;
            first = sys;
        }
    }
    errno = first;
    return !first;
}

/* What it says does not matter. */
int hd_xs_answers(uint64_t deadline_ms, struct hd_err *err)
{
    hd_auto(hd_xs_bulk) bulk = NULL;
    const char *at;

    if (hd_xs_bulk_open(&bulk, (uint32_t)hd_io_left_ms(deadline_ms) + 1, err))
        return -1;
    bulk->silent_ms = (uint32_t)hd_io_left_ms(deadline_ms);
    if (ask(bulk, XS_READ, WANT_OK, "/", "", 0) && exchange(bulk, &at))
        return 0;
    if (errno == ETIMEDOUT)
        return hd_fail(err, HD_E_TIMEOUT, "xenstored does not answer");
    if (errno == EIO)
        return hd_fail(err, HD_E_NO_XEN, "xenstored hangs up");
    return 0;
}
