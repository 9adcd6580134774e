/* SPDX-License-Identifier: MIT */
/* A helper process of hotdomd, watched until it is reaped; never waited for. */
#include "child.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"

struct hd_child {
    uv_poll_t exit;
    uv_timer_t deadline;
    pid_t pid;
    int pidfd;
    bool timed_out, leave;
    uint64_t span_ms, work_ms, longest_ms, cpu_ms; /* see child.h */
    hd_child_fn *fn;                               /* NULL: abandoned */
    void *ctx;
};

static int open_for(const struct hd_child_spec *spec, int fd)
{
    int got;

    if (fd >= 0)
        return fd;
    if (fd == HD_CHILD_NULL)
        return open("/dev/null", O_RDWR);
    /* Here and not in the daemon: opening a sick disk can take minutes. */
    got = open(spec->open_path, O_RDONLY);
    if (got < 0)
        _exit(HD_CHILD_NO_MEDIUM);
    return got;
}

/* After fork: only async-signal-safe calls from here to exec. */
static void become(const struct hd_child_spec *spec)
{
    static char *const env[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
    char *const argv[] = {(char *)spec->path, NULL};
    const int above = 3 + HD_CHILD_MAX_FDS;
    int high[HD_CHILD_MAX_FDS];
    int null = open("/dev/null", O_RDWR);
    sigset_t none;

    setpgid(0, 0);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    /* First out of the way of each other, then into place. */
    for (size_t i = 0; i < spec->n_fds; i++)
        high[i] = fcntl(open_for(spec, spec->fds[i]), F_DUPFD_CLOEXEC, above);
    if (dup2(null, 0) < 0 || dup2(null, 1) < 0)
        _exit(HD_CHILD_NO_EXEC);
    for (size_t i = 0; i < spec->n_fds; i++)
        if (dup2(high[i], 3 + (int)i) < 0)
            _exit(HD_CHILD_NO_EXEC);
    syscall(SYS_close_range, 3 + spec->n_fds, ~0u, 0);
    execve(spec->path, argv, env);
    _exit(HD_CHILD_NO_EXEC);
}

static void on_closed(uv_handle_t *handle)
{
    struct hd_child *child = handle->data;

    close(child->pidfd);
    free(child);
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct hd_child *child = handle->data;

    uv_close((uv_handle_t *)&child->deadline, on_closed);
}

static void on_exit_event(uv_poll_t *poll, int status, int events)
{
    struct hd_child *child = poll->data;
    int wstatus = 0;

    (void)status;
    (void)events;
    /* Before it is reaped: its number is still its own, and whatever it has
     * forked goes with it. */
    kill(-child->pid, SIGKILL);
    if (waitpid(child->pid, &wstatus, WNOHANG) == 0)
        return;
    uv_close((uv_handle_t *)&child->exit, on_poll_closed);
    if (child->fn)
        child->fn(child->ctx, wstatus, child->timed_out);
}

static void set_deadline(struct hd_child *child, uint64_t deadline_ms);

static void on_deadline(uv_timer_t *timer)
{
    struct hd_child *child = timer->data;
    uint64_t until = hd_io_within_ms(child->span_ms, child->longest_ms);

    if (child->work_ms && hd_io_left_ms(until) &&
        hd_io_has_worked(child->pid, child->work_ms, &child->cpu_ms)) {
        set_deadline(child, until);
        return;
    }
    child->timed_out = true;
    hd_child_kill(child);
    /* It may stay in a read of a sick disk; who waits for it need not. */
    if (child->leave && child->fn) {
        hd_child_fn *fn = child->fn;

        child->fn = NULL;
        fn(child->ctx, 0, true);
    }
}

static void set_deadline(struct hd_child *child, uint64_t deadline_ms)
{
    uint64_t left;

    if (!deadline_ms)
        return;
    /* Never too early: the loop's clock is one of whole ticks, and may be one
     * behind. */
    left = (uint64_t)hd_io_left_ms(deadline_ms) + 1;
    uv_update_time(child->deadline.loop);
    uv_timer_start(&child->deadline, on_deadline, left, 0);
}

static void watch(uv_loop_t *loop, struct hd_child *child, uint64_t deadline_ms)
{
    child->exit.data = child->deadline.data = child;
    uv_poll_init(loop, &child->exit, child->pidfd);
    uv_poll_start(&child->exit, UV_READABLE, on_exit_event);
    uv_timer_init(loop, &child->deadline);
    set_deadline(child, deadline_ms);
}

int hd_child_start(uv_loop_t *loop, const struct hd_child_spec *spec,
                   hd_child_fn *fn, void *ctx, struct hd_child **ret,
                   struct hd_err *err)
{
    hd_autofree struct hd_child *child = calloc(1, sizeof(*child));

    if (!child)
        return hd_fail_errno(err, HD_E_FAILED, "cannot start %s", spec->path);
    child->fn = fn;
    child->ctx = ctx;
    child->leave = spec->leave_at_deadline;
    child->work_ms = spec->work_ms;
    child->longest_ms = spec->longest_ms;
    child->span_ms = (uint64_t)hd_io_left_ms(spec->deadline_ms);
    child->pid = fork();
    if (child->pid == 0)
        become(spec);
    if (child->pid < 0)
        return hd_fail_errno(err, HD_E_FAILED, "cannot start %s", spec->path);
    /* Both sides do it, so that no kill can come before it. */
    setpgid(child->pid, child->pid);
    child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);
    if (child->pidfd < 0) {
        hd_fail_errno(err, HD_E_FAILED, "cannot watch %s", spec->path);
        kill(-child->pid, SIGKILL);
        return -1;
    }
    watch(loop, child, spec->deadline_ms);
    *ret = hd_steal(&child);
    return 0;
}

void hd_child_hand(struct hd_child *child, uint64_t deadline_ms,
                   hd_child_fn *fn, void *ctx)
{
    child->fn = fn;
    child->ctx = ctx;
    set_deadline(child, deadline_ms);
}

void hd_child_kill(struct hd_child *child)
{
    kill(-child->pid, SIGKILL);
}

void hd_child_abandon(struct hd_child *child)
{
    child->fn = NULL;
    hd_child_kill(child);
}

void hd_child_describe(int status, char *text, size_t size)
{
    if (WIFSIGNALED(status))
        snprintf(text, size, "was killed by signal %d", WTERMSIG(status));
    else if (WEXITSTATUS(status) == HD_CHILD_NO_EXEC)
        snprintf(text, size, "could not be started; is it installed?");
    else
        snprintf(text, size, "ended with status %d", WEXITSTATUS(status));
}
