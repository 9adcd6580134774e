/* SPDX-License-Identifier: MIT */
/* Starts the hand, tells it what to do, and waits no longer than it was told;
 * touches no file itself. */
#include "hand.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../pv-drivers/base/io.h"
#include "../pv-drivers/base/mem.h"

/* The program is the same one on both sides. */
struct ask {
    hd_hand_fn *fn;
    _Alignas(max_align_t) char bytes[HD_HAND_ASK];
};

struct answer {
    int rc;
    struct hd_err err;
    _Alignas(max_align_t) char bytes[HD_HAND_ANSWER];
};

/* ---- the hand */

static int to_agent = -1; /* in the hand */

void hd_hand_heed(void)
{
    struct pollfd p = {.fd = to_agent};

    if (poll(&p, 1, 0) == 1)
        _exit(0);
}

/* Of whoever started the agent it keeps nothing that would hold that one up.
 * When all are told to stop it ends with the agent, and what it does is whole.
 */
static void leave(int *fd_p)
{
    int fd = *fd_p = fcntl(*fd_p, F_DUPFD_CLOEXEC, 3);
    hd_autofd int null = -1;
    sigset_t stop;

    if (fd < 0)
        _exit(1);
    hd_io_keep_only(fd);
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int to = 0; null >= 0 && to <= 2; to++)
        (void)dup2(null, to);
    (void)setsid();
    (void)!chdir("/");
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    (void)sigprocmask(SIG_SETMASK, &stop, NULL);
}

/* Until nobody has the other end. */
static void be_hand(int fd, void *ctx)
{
    static struct ask ask;
    ssize_t n;

    leave(&fd);
    to_agent = fd;
    while ((n = recv(fd, &ask, sizeof(ask), 0)) >=
           (ssize_t)offsetof(struct ask, bytes)) {
        struct answer answer = {.rc = 0};

        answer.rc =
            ask.fn(ctx, ask.bytes, (size_t)n - offsetof(struct ask, bytes),
                   answer.bytes, &answer.err);
        if (send(fd, &answer, sizeof(answer), MSG_NOSIGNAL) < 0)
            break;
    }
    _exit(0);
}

static int start(struct hd_hand *h, struct hd_err *err)
{
    int fds[2];
    pid_t pid;

    if (h->fd >= 0)
        return 0;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
        return hd_fail_errno(err, HD_E_FAILED, "look at files");
    pid = fork();
    if (!pid)
        be_hand(fds[1], h->ctx);
    close(fds[1]);
    if (pid < 0) {
        hd_fail_errno(err, HD_E_FAILED, "look at files");
        close(fds[0]);
        return -1;
    }
    h->fd = fds[0];
    h->starts++;
    return 0;
}

/* ---- who tells it */

static int fail_late(struct hd_err *err)
{
    return hd_fail(err, HD_E_TIMEOUT,
                   "a file does not answer; does the host still serve those "
                   "that this guest reads of it?");
}

static int fail_gone(struct hd_hand *h, struct hd_err *err)
{
    hd_hand_fini(h);
    return hd_fail(err, HD_E_FAILED,
                   "who looks at files has ended; is there memory?");
}

bool hd_hand_is_back(struct hd_hand *h)
{
    struct pollfd p = {.fd = h->fd, .events = POLLIN};
    struct answer lost;

    if (h->fd >= 0 && poll(&p, 1, 0) == 1) {
        h->late = false;
        if (recv(h->fd, &lost, sizeof(lost), MSG_DONTWAIT) <= 0)
            hd_hand_fini(h);
    }
    return !h->late;
}

static int tell(struct hd_hand *h, hd_hand_fn *fn, const void *bytes,
                size_t len, struct hd_err *err)
{
    struct {
        _Alignas(max_align_t) hd_hand_fn *fn;
    } head = {fn};
    struct iovec parts[] = {{&head, sizeof(head)}, {(void *)bytes, len}};
    struct msghdr msg = {.msg_iov = parts, .msg_iovlen = 2};

    if (len > HD_HAND_ASK)
        return hd_fail(err, HD_E_LIMIT, "%zu bytes at once", len);
    return sendmsg(h->fd, &msg, MSG_NOSIGNAL) < 0 ? fail_gone(h, err) : 0;
}

static int hear(struct hd_hand *h, struct answer *ret, uint64_t deadline_ms,
                struct hd_err *err)
{
    struct pollfd p = {.fd = h->fd, .events = POLLIN};

    while (poll(&p, 1, hd_io_left_ms(deadline_ms)) <= 0)
        if (!hd_io_left_ms(deadline_ms)) {
            h->late = true;
            h->times++;
            return fail_late(err);
        }
    return recv(h->fd, ret, sizeof(*ret), 0) == sizeof(*ret)
               ? 0
               : fail_gone(h, err);
}

int hd_hand_tell(struct hd_hand *h, hd_hand_fn *fn, const void *ask, size_t len,
                 struct hd_err *err)
{
    if (!hd_hand_is_back(h))
        return fail_late(err);
    return start(h, err) || tell(h, fn, ask, len, err) ? -1 : 0;
}

int hd_hand_hear(struct hd_hand *h, void *answer, size_t size,
                 uint64_t deadline_ms, struct hd_err *err)
{
    struct answer a;

    if (hear(h, &a, deadline_ms, err))
        return -1;
    if (a.rc) {
        if (err)
            *err = a.err;
        return -1;
    }
    if (size)
        memcpy(answer, a.bytes,
               size < sizeof(a.bytes) ? size : sizeof(a.bytes));
    return 0;
}

int hd_hand_do(struct hd_hand *h, hd_hand_fn *fn, const void *ask, size_t len,
               void *answer, size_t size, uint64_t deadline_ms,
               struct hd_err *err)
{
    return hd_hand_tell(h, fn, ask, len, err) ||
                   hd_hand_hear(h, answer, size, deadline_ms, err)
               ? -1
               : 0;
}

int hd_hand_fd(const struct hd_hand *h)
{
    return h->late ? h->fd : -1;
}

void hd_hand_fini(struct hd_hand *h)
{
    if (h->fd >= 0)
        close(hd_steal_fd(&h->fd));
    h->late = false;
}
