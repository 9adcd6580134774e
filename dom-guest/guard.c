/* SPDX-License-Identifier: MIT */
/* Forks, and reads what the child says through a pipe; never waits much longer
 * than it was told. */
#include "guard.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../pv-drivers/base/io.h"
#include "../pv-drivers/base/mem.h"

/* What one that was killed, or has said all, takes to be gone. */
#define GONE_MS 1000

/* A byte before each thing that the child says. */
enum mark {
    COMMITS = 'c', /* nothing follows but the other */
    ENDS = 'e',    /* a struct head and what was put out */
};

struct head {
    int rc;
    struct hd_err err;
    size_t len;
};

/* ---- the child */

struct hd_guard {
    int to;
};

static void tell(struct hd_guard *g, enum mark mark)
{
    char byte = (char)mark;

    /* Nobody listens any more. */
    if (hd_io_write(g->to, &byte, 1, NULL))
        _exit(1);
}

void hd_guard_commit(struct hd_guard *g)
{
    (void)prctl(PR_SET_PDEATHSIG, 0);
    tell(g, COMMITS);
}

/* The parent's locks are to end with it, and its children with the parent. */
static void leave(const struct hd_guard *g, pid_t parent)
{
    static const int signals[] = {SIGBUS, SIGSEGV, SIGABRT};

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    hd_io_keep_only(g->to);
    for (size_t i = 0; i < HD_ARRAY_LEN(signals); i++)
        signal(signals[i], SIG_DFL);
    /* No dump of what may hold secrets, be it to a pipe. */
    (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0});
    (void)prctl(PR_SET_DUMPABLE, 0);
}

static void be_child(int to, pid_t parent, hd_guard_fn *fn, void *ctx,
                     size_t max)
{
    struct hd_guard g = {.to = to};
    struct hd_entries out = {.max = max};
    struct head head = {0};

    leave(&g, parent);
    head.rc = fn(ctx, &g, &out, &head.err);
    head.len = head.rc < 0 ? 0 : out.used;
    tell(&g, ENDS);
    (void)!(hd_io_write(to, &head, sizeof(head), NULL) ||
            hd_io_write(to, out.data, head.len, NULL));
    _exit(0);
}

/* ---- who waits for it */

struct child {
    pid_t pid;
    int from;
    const char *what;
    uint64_t deadline_ms;
    bool commits;
};

enum { FAILED = -2, LATE, ENDED, HEARD };

static int read_all(const struct child *c, void *buf, size_t len,
                    uint64_t deadline_ms)
{
    struct pollfd p = {.fd = c->from, .events = POLLIN};

    for (char *at = buf; len;) {
        ssize_t n;

        if (poll(&p, 1, hd_io_left_ms(deadline_ms)) <= 0) {
            if (!hd_io_left_ms(deadline_ms))
                return LATE;
            continue;
        }
        n = read(c->from, at, len);
        if (n <= 0)
            return ENDED;
        at += n;
        len -= (size_t)n;
    }
    return HEARD;
}

/* Up to the mark of its end. */
static int read_marks(struct child *c, uint64_t deadline_ms)
{
    char mark = '\0';
    int rc;

    while ((rc = read_all(c, &mark, 1, deadline_ms)) == HEARD && mark != ENDS)
        c->commits = true;
    return rc;
}

/* False: it has not ended within GONE_MS, as the disk keeps it. */
static bool reap(const struct child *c, int *ret_status)
{
    uint64_t deadline_ms = hd_io_now_ms() + GONE_MS;
    long us = 50;
    pid_t pid;

    while (!(pid = waitpid(c->pid, ret_status, WNOHANG)) ||
           (pid < 0 && errno == EINTR)) {
        struct timespec t = {.tv_nsec = us * 1000};

        if (!hd_io_left_ms(deadline_ms))
            return false;
        nanosleep(&t, NULL);
        us = us < 10000 ? 2 * us : us;
    }
    return pid == c->pid;
}

static int fail_late(struct child *c, struct hd_err *err)
{
    int status;

    /* When it is killed it may have gone on to the point where it counts. */
    if (!c->commits) {
        kill(c->pid, SIGKILL);
        if (read_marks(c, hd_io_now_ms() + GONE_MS) == ENDED)
            (void)reap(c, &status);
    }
    return hd_fail(err, HD_E_TIMEOUT, "the registry is not %s in time%s",
                   c->what,
                   c->commits ? "; it may have been set, look with get" : "");
}

/* It has ended without a word. */
static int fail_ended(const struct child *c, struct hd_err *err)
{
    int status = 0, sig;

    if (!reap(c, &status) || !WIFSIGNALED(status))
        return hd_fail(err, HD_E_FAILED,
                       "the registry is not %s: who did it has ended", c->what);
    sig = WTERMSIG(status);
    if (sig == SIGBUS || sig == SIGSEGV || sig == SIGABRT)
        return hd_fail(err, HD_E_BAD_VOLUME,
                       "the registry's file is damaged: who had it %s has died "
                       "of signal %d",
                       c->what, sig);
    return hd_fail(err, HD_E_FAILED,
                   "the registry is not %s: who did it was ended by signal "
                   "%d%s; is there memory?",
                   c->what, sig, c->commits ? " and may have set it" : "");
}

/* And *ret_data, which is the caller's. */
static int read_answer(struct child *c, struct head *ret, char **ret_data,
                       size_t room, struct hd_err *err)
{
    int rc = read_marks(c, c->deadline_ms);

    if (rc == HEARD)
        rc = read_all(c, ret, sizeof(*ret), c->deadline_ms);
    if (rc != HEARD || !ret->len)
        return rc;
    if (ret->len > room) {
        (void)hd_fail(err, HD_E_LIMIT, "more than %zu bytes at once", room);
        return FAILED;
    }
    *ret_data = malloc(ret->len);
    if (!*ret_data) {
        (void)hd_fail_errno(err, HD_E_FAILED, "the registry is not %s",
                            c->what);
        return FAILED;
    }
    return read_all(c, *ret_data, ret->len, c->deadline_ms);
}

static int hear(struct child *c, struct hd_entries *out, struct hd_err *err)
{
    hd_autofree char *data = NULL;
    struct head head = {0};
    int status, rc = read_answer(c, &head, &data, out->max - out->used, err);

    if (rc == LATE)
        return fail_late(c, err);
    if (rc == ENDED)
        return fail_ended(c, err);
    /* Before it is waited for: it may have more to say than is heard. */
    close(hd_steal_fd(&c->from));
    (void)reap(c, &status);
    if (rc == FAILED)
        return -1;
    if (head.rc < 0) {
        if (err)
            *err = head.err;
        return -1;
    }
    return hd_entries_put(out, data, head.len, err) ? -1 : head.rc;
}

/* Where SIGCHLD is ignored nobody can ask how a child has ended. */
static int run(hd_guard_fn *fn, void *ctx, struct child *c,
               struct hd_entries *out, struct hd_err *err)
{
    pid_t parent = getpid();
    int fds[2], rc;

    if (pipe2(fds, O_CLOEXEC))
        return hd_fail_errno(err, HD_E_FAILED, "the registry is not %s",
                             c->what);
    c->from = fds[0];
    c->pid = fork();
    if (!c->pid)
        be_child(fds[1], parent, fn, ctx, out->max - out->used);
    rc = c->pid < 0 ? hd_fail_errno(err, HD_E_FAILED, "the registry is not %s",
                                    c->what)
                    : 0;
    close(fds[1]);
    if (!rc)
        rc = hear(c, out, err);
    if (c->from >= 0)
        close(c->from);
    return rc;
}

int hd_guard_run(hd_guard_fn *fn, void *ctx, const char *what,
                 uint64_t deadline_ms, struct hd_entries *out,
                 struct hd_err *err)
{
    struct child c = {.what = what, .deadline_ms = deadline_ms, .from = -1};
    const struct sigaction usual = {.sa_handler = SIG_DFL};
    struct sigaction before;
    int rc;

    (void)sigaction(SIGCHLD, &usual, &before);
    rc = run(fn, ctx, &c, out, err);
    (void)sigaction(SIGCHLD, &before, NULL);
    /* Those that have ended meanwhile, and are nobody's to wait for. */
    while (before.sa_handler == SIG_IGN && waitpid(-1, NULL, WNOHANG) > 0)
        continue;
    return rc;
}
