/* SPDX-License-Identifier: MIT */
/* Runs a hotdom-job for a command; never speaks to hotdomd. */
#include "job_call.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/paths.h"

/* In the child: descriptors as job.h has them; never returns. */
static void become(int theirs)
{
    static char name[] = "hotdom-job";
    static char *argv[] = {name, NULL};
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null >= 0 && dup2(null, 0) >= 0 && dup2(null, 1) >= 0 &&
        (theirs == HD_JOB_SOCK ? fcntl(theirs, F_SETFD, 0)
                               : dup2(theirs, HD_JOB_SOCK)) >= 0)
        execv(HD_JOB, argv);
    _exit(127);
}

static int send_request(int sock, const struct hd_job_request *req,
                        const int *files, struct hd_err *err)
{
    hd_autofd int fd = hd_io_memfd("hotdom-request", sizeof(*req), err);
    hd_autofd int password = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int fds[2 + HD_MAX_FILES] = {fd, password};

    if (fd < 0)
        return -1;
    if (password < 0)
        return hd_fail_errno(err, HD_E_FAILED, "no /dev/null");
    if (hd_io_pwrite(fd, req, sizeof(*req), 0, err) || hd_io_seal(fd, err))
        return -1;
    for (uint32_t i = 0; i < req->n_files; i++)
        fds[2 + i] = files[i];
    return hd_io_send_fds(sock, "", 1, fds, 2 + req->n_files, err);
}

/* All reports until the last. */
static int hear(int sock, uint64_t deadline_ms, struct hd_err *err)
{
    struct hd_job_report report;
    struct pollfd p = {.fd = sock, .events = POLLIN};

    for (;;) {
        uint64_t left = hd_io_left_ms(deadline_ms);

        if (!left || poll(&p, 1, (int)left) == 0)
            return hd_fail(err, HD_E_TIMEOUT,
                           "hotdom-job was not done within its deadline");
        if (read(sock, &report, sizeof(report)) != sizeof(report))
            return hd_fail(err, HD_E_FAILED, "hotdom-job has died");
        if (report.kind != HD_REPORT_DONE)
            continue;
        report.err.msg[sizeof(report.err.msg) - 1] = '\0';
        if (report.err.code && err)
            *err = report.err;
        return report.err.code ? -1 : 0;
    }
}

int hd_job_call(const struct hd_job_request *req, const int *files,
                struct hd_err *err)
{
    hd_autofd int ours = -1;
    hd_autofd int theirs = -1;
    int pair[2], status, rc;
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
        return hd_fail_errno(err, HD_E_FAILED, "cannot start a job");
    ours = pair[0];
    theirs = pair[1];
    pid = fork();
    if (pid < 0)
        return hd_fail_errno(err, HD_E_FAILED, "cannot start a job");
    if (!pid)
        become(theirs);
    close(hd_steal_fd(&theirs));
    rc =
        send_request(ours, req, files, err) || hear(ours, req->deadline_ms, err)
            ? -1
            : 0;
    /* It leads a group of its own by then, or has not begun. */
    if (rc && kill(-pid, SIGKILL))
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return rc;
}
