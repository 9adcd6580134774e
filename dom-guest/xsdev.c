/* SPDX-License-Identifier: MIT */
/* Talks to xenstored through the kernel's device; never takes a message whose
 * length or number it did not expect. */
#include "xsdev.h"

#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <xen/io/xs_wire.h>

#include "../pv-drivers/base/io.h"

#define ANSWER_MS 5000

/* In this order; the second one is xenfs', where the first is not made. */
static const char *const devices[] = {"/dev/xen/xenbus", "/proc/xen/xenbus"};

struct hd_xsdev {
    int fd;
    uint32_t seq;   /* of the last request */
    uint32_t bells; /* rung and not taken */
    char body[HD_XSDEV_PAYLOAD + 1];
};

int hd_xsdev_take(int fd, struct hd_xsdev **ret, struct hd_err *err)
{
    struct hd_xsdev *x = calloc(1, sizeof(*x));

    if (!x) {
        close(fd);
        return hd_fail_errno(err, HD_E_FAILED, "open xenstore");
    }
    x->fd = fd;
    *ret = x;
    return 0;
}

int hd_xsdev_open(struct hd_xsdev **ret, struct hd_err *err)
{
    for (size_t i = 0; i < HD_ARRAY_LEN(devices); i++) {
        int fd = open(devices[i], O_RDWR | O_CLOEXEC);

        if (fd >= 0)
            return hd_xsdev_take(fd, ret, err);
    }
    return hd_fail_errno(err, HD_E_NO_XEN,
                         "this is no Xen guest, or its kernel has no %s",
                         devices[0]);
}

void hd_xsdev_free(struct hd_xsdev *x)
{
    if (!x)
        return;
    close(x->fd);
    free(x);
}

int hd_xsdev_fd(const struct hd_xsdev *x)
{
    return x->fd;
}

bool hd_xsdev_rung(const struct hd_xsdev *x)
{
    return x->bells != 0;
}

/* ---- messages */

static int read_all(struct hd_xsdev *x, void *buf, size_t len,
                    uint64_t deadline_ms, struct hd_err *err)
{
    struct pollfd p = {.fd = x->fd, .events = POLLIN};
    char *at = buf;

    while (len) {
        ssize_t n;

        if (poll(&p, 1, hd_io_left_ms(deadline_ms)) <= 0)
            return hd_fail(err, HD_E_TIMEOUT, "xenstore does not answer");
        n = read(x->fd, at, len);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n < 0)
            return hd_fail_errno(err, HD_E_IO, "read from xenstore");
        if (!n)
            return hd_fail(err, HD_E_IO, "xenstore has closed");
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

/* Body NUL-terminated behind its `len` bytes. */
static int take_message(struct hd_xsdev *x, struct xsd_sockmsg *ret,
                        uint64_t deadline_ms, struct hd_err *err)
{
    if (read_all(x, ret, sizeof(*ret), deadline_ms, err))
        return -1;
    if (ret->len > HD_XSDEV_PAYLOAD)
        return hd_fail(err, HD_E_IO, "xenstore's message has %u bytes",
                       ret->len);
    if (read_all(x, x->body, ret->len, deadline_ms, err))
        return -1;
    x->body[ret->len] = '\0';
    return 0;
}

/* The path, its NUL, then the token, which is the bell's number. */
static void ring(struct hd_xsdev *x, uint32_t len)
{
    const char *token = memchr(x->body, '\0', len);
    unsigned long bell;
    char *end;

    if (!token || ++token >= x->body + len)
        return;
    bell = strtoul(token, &end, 10);
    if (end != token && !*end && bell < HD_XSDEV_BELLS)
        x->bells |= 1u << bell;
}

static int fail_reply(const struct hd_xsdev *x, const char *path,
                      struct hd_err *err)
{
    for (size_t i = 0; i < HD_ARRAY_LEN(xsd_errors); i++)
        if (!strcmp(x->body, xsd_errors[i].errstring)) {
            errno = xsd_errors[i].errnum;
            return hd_fail_errno(err, HD_E_IO, "xenstore %s", path);
        }
    errno = EIO;
    return hd_fail(err, HD_E_IO, "xenstore %s: %.40s", path, x->body);
}

static int await_reply(struct hd_xsdev *x, uint32_t type, const char *path,
                       uint32_t *ret_len, struct hd_err *err)
{
    uint64_t deadline = hd_io_now_ms() + ANSWER_MS;
    struct xsd_sockmsg msg;

    do {
        if (take_message(x, &msg, deadline, err))
            return -1;
        if (msg.type == XS_WATCH_EVENT)
            ring(x, msg.len);
        /* What was asked before, and not waited for any more. */
    } while (msg.type == XS_WATCH_EVENT || msg.req_id != x->seq);
    if (msg.type == XS_ERROR)
        return fail_reply(x, path, err);
    if (msg.type != type)
        return hd_fail(err, HD_E_IO, "xenstore answers %u with %u", type,
                       msg.type);
    *ret_len = msg.len;
    return 0;
}

/* In one piece, as the kernel's device wants it; `more` of `n` bytes stands
 * behind the path and its NUL. */
static int request(struct hd_xsdev *x, uint32_t type, const char *path,
                   const void *more, size_t n, uint32_t *ret_len,
                   struct hd_err *err)
{
    struct xsd_sockmsg msg = {.type = type, .req_id = ++x->seq};
    size_t len = strlen(path) + 1;
    struct iovec parts[] = {
        {&msg, sizeof(msg)}, {(void *)path, len}, {(void *)more, n}};
    char whole[sizeof(msg) + HD_XSDEV_PAYLOAD], *at = whole;

    if (len + n > HD_XSDEV_PAYLOAD)
        return hd_fail(err, HD_E_FAILED, "a xenstore request of %zu bytes",
                       len + n);
    msg.len = (uint32_t)(len + n);
    for (size_t i = 0; i < HD_ARRAY_LEN(parts); i++)
        if (parts[i].iov_len)
            at = mempcpy(at, parts[i].iov_base, parts[i].iov_len);
    return hd_io_write(x->fd, whole, (size_t)(at - whole), err) ||
                   await_reply(x, type, path, ret_len, err)
               ? -1
               : 0;
}

/* ---- what there is to ask */

int hd_xsdev_read(struct hd_xsdev *x, const char *path, char *buf, size_t size,
                  struct hd_err *err)
{
    struct hd_err why;
    uint32_t len;

    if (request(x, XS_READ, path, NULL, 0, &len, &why)) {
        if (why.sys == ENOENT)
            return 0;
        if (err)
            *err = why;
        return -1;
    }
    if (len >= size || memchr(x->body, '\0', len))
        return hd_fail(err, HD_E_FAILED,
                       "xenstore %s is longer than %zu bytes, or no text", path,
                       size - 1);
    memcpy(buf, x->body, len + 1);
    return 1;
}

int hd_xsdev_write(struct hd_xsdev *x, const char *path, const char *value,
                   struct hd_err *err)
{
    uint32_t len;

    return request(x, XS_WRITE, path, value, strlen(value), &len, err);
}

int hd_xsdev_list(struct hd_xsdev *x, const char *path,
                  char names[HD_XSDEV_PAYLOAD + 1], size_t *ret_len,
                  struct hd_err *err)
{
    struct hd_err why;
    uint32_t len = 0;

    if (request(x, XS_DIRECTORY, path, NULL, 0, &len, &why) &&
        why.sys != ENOENT) {
        if (err)
            *err = why;
        return -1;
    }
    if (len && x->body[len - 1])
        return hd_fail(err, HD_E_IO, "xenstore %s: names without an end", path);
    memcpy(names, x->body, len);
    *ret_len = len;
    return 0;
}

int hd_xsdev_watch(struct hd_xsdev *x, const char *path, unsigned bell,
                   struct hd_err *err)
{
    char token[12];
    uint32_t len;

    snprintf(token, sizeof(token), "%u", bell);
    return request(x, XS_WATCH, path, token, strlen(token) + 1, &len, err);
}

int hd_xsdev_bells(struct hd_xsdev *x, uint32_t *ret, struct hd_err *err)
{
    struct pollfd p = {.fd = x->fd, .events = POLLIN};
    struct xsd_sockmsg msg;

    while (poll(&p, 1, 0) == 1) {
        if (take_message(x, &msg, hd_io_now_ms() + ANSWER_MS, err))
            return -1;
        if (msg.type == XS_WATCH_EVENT)
            ring(x, msg.len);
    }
    *ret = x->bells;
    x->bells = 0;
    return 0;
}
