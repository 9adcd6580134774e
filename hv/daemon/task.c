/* SPDX-License-Identifier: MIT */
/* A hotdom-job as hotdomd sees it: started, heard, ended at its deadline. */
#include "task.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "child.h"
#include "ends.h"
#include "spare.h"
#include "states.h"

struct hd_task {
    struct hd_spare *spare;
    struct hd_child *child;
    uv_poll_t reports;
    int fd;
    bool over;  /* its owner has heard so */
    bool boots; /* guests begin behind it */
    const struct hd_task_ops *ops;
    void *ctx;
};

static bool valid(const struct hd_job_report *r)
{
    return r->kind <= HD_REPORT_DONE && r->err.code >= 0 &&
           r->err.code < HD_CODE_COUNT &&
           memchr(r->guest, '\0', sizeof(r->guest)) &&
           memchr(r->err.msg, '\0', sizeof(r->err.msg));
}

static void finish(struct hd_task *task, const struct hd_err *outcome)
{
    if (task->over)
        return;
    task->over = true;
    task->ops->ended(task->ctx, outcome);
}

/* One message is one report; false when there will be no other. */
static bool take_reports(struct hd_task *task)
{
    struct hd_job_report report;
    ssize_t n;

    while (!task->over && (n = read(task->fd, &report, sizeof(report))) > 0) {
        if (n != sizeof(report) || !valid(&report))
            continue;
        if (report.kind == HD_REPORT_DONE)
            finish(task, &report.err);
        else
            task->ops->report(task->ctx, &report);
    }
    return !task->over && n < 0;
}

static void on_report(uv_poll_t *poll, int status, int events)
{
    struct hd_task *task = poll->data;

    (void)events;
    /* What it has made is made and let go of; nobody waits for the kernel to
     * take its memory apart. */
    if (!take_reports(task) || status < 0)
        uv_poll_stop(poll);
}

static void on_closed(uv_handle_t *handle)
{
    struct hd_task *task = handle->data;

    close(task->fd);
    free(task);
}

static void on_ended(void *ctx, int status, bool timed_out)
{
    struct hd_task *task = ctx;
    struct hd_err died = {0};
    char how[64];

    (void)take_reports(task);
    if (!task->boots)
        hd_spare_refill(task->spare);
    hd_child_describe(status, how, sizeof(how));
    if (timed_out)
        hd_fail(&died, HD_E_TIMEOUT, "it was not done within its deadline");
    else
        hd_fail(&died, HD_E_FAILED, "hotdom-job %s", how);
    finish(task, &died);
    uv_close((uv_handle_t *)&task->reports, on_closed);
}

/* The request and the plan behind it, sealed. */
static int request_memfd(const struct hd_task_input *in, struct hd_err *err)
{
    const struct hd_work_kind *work =
        hd_work(hd_work_of_job((enum hd_job_op)in->request->op));
    size_t plan = in->plan ? hd_plan_bytes(in->plan) : 0;
    hd_autofd int fd = -1;

    in->request->plan_size = (uint32_t)plan;
    in->request->n_files = (uint32_t)in->n_files;
    in->request->n_headers = (uint32_t)in->n_headers;
    in->request->deadline_ms =
        hd_io_now_ms() + hd_work_ms(work, in->n_guests, in->bytes) +
        (work->grace ? hd_ends_grace_ms(in->request) : 0);
    fd = hd_io_memfd("hotdom-request", sizeof(*in->request) + plan, err);
    if (fd < 0 || hd_io_pwrite(fd, in->request, sizeof(*in->request), 0, err) ||
        hd_io_pwrite(fd, in->plan, plan, sizeof(*in->request), err) ||
        hd_io_seal(fd, err))
        return -1;
    return hd_steal_fd(&fd);
}

/* The read end of a pipe that holds the password, and for KEYS a NUL and the
 * new one; that is shorter than the pipe's buffer, so no write blocks. */
static int password_pipe(const struct hd_task_input *input, struct hd_err *err)
{
    const struct hd_secret *new = input->new_password;
    hd_autofd int out = -1;
    hd_autofd int in = -1;
    int pair[2];

    if (pipe2(pair, O_CLOEXEC))
        return hd_fail_errno(err, HD_E_FAILED, "cannot make a pipe");
    out = pair[0];
    in = pair[1];
    if (hd_io_write(in, input->password->data, input->password->len, err) ||
        (new && (hd_io_write(in, "", 1, err) ||
                 hd_io_write(in, new->data, new->len, err))))
        return -1;
    return hd_steal_fd(&out);
}

/* Everything that the job needs, in one message. */
static int send_request(int sock, const struct hd_task_input *in,
                        struct hd_err *err)
{
    hd_autofd int request = request_memfd(in, err);
    hd_autofd int password = -1;
    int fds[HD_JOB_FILES - HD_JOB_REQUEST + HD_MAX_FDS];
    size_t n = 0;

    if (request < 0)
        return -1;
    password = in->password ? password_pipe(in, err)
                            : open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (password < 0)
        return in->password ? -1
                            : hd_fail_errno(err, HD_E_FAILED, "no /dev/null");
    fds[n++] = request;
    fds[n++] = password;
    for (size_t i = 0; i < in->n_files; i++)
        fds[n++] = in->files[i];
    for (size_t i = 0; i < in->n_headers; i++)
        fds[n++] = in->headers[i];
    return hd_io_send_fds(sock, "", 1, fds, n, err);
}

int hd_task_start(struct hd_spare *spare, const struct hd_task_input *input,
                  const struct hd_task_ops *ops, void *ctx,
                  struct hd_task **ret, struct hd_err *err)
{
    hd_autofree struct hd_task *task = calloc(1, sizeof(*task));
    hd_autofd int sock = -1;

    if (!task)
        return hd_fail_errno(err, HD_E_FAILED, "cannot start a job");
    if (hd_spare_take(spare, &task->child, &sock, err))
        return -1;
    if (send_request(sock, input, err)) {
        hd_child_abandon(task->child);
        return -1;
    }
    task->spare = spare;
    task->boots = input->request->op == HD_JOB_START ||
                  input->request->op == HD_JOB_RESTART;
    task->ops = ops;
    task->ctx = ctx;
    task->fd = hd_steal_fd(&sock);
    hd_child_hand(task->child, input->request->deadline_ms, on_ended, task);
    task->reports.data = task;
    uv_poll_init(hd_spare_loop(spare), &task->reports, task->fd);
    uv_poll_start(&task->reports, UV_READABLE, on_report);
    *ret = hd_steal(&task);
    return 0;
}

void hd_task_kill(struct hd_task *task)
{
    hd_child_kill(task->child);
}
