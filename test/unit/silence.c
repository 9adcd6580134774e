/* SPDX-License-Identifier: MIT */
/* Tests hv/run/silence: processes that serve as the job, and a xenstored in
 * memory that stalls. */
#include "../../hv/run/silence.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xenstore.h>

#include "../../hv/run/job.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/bus/xs_bulk.h"
#include "unit.h"
#include "xs_kit.h"

/* What a job does that asked xenstored and is not answered. */
static void hang(void)
{
    for (;;)
        pause();
}

static void hear(void)
{
    if (hd_xs_answers(hd_io_now_ms() + 20000, NULL))
        hang();
}

static void rest_a_while(void)
{
    usleep(200000);
}

/* Its exit status, -1 for a signal; the last report is in `*ret`. */
static int job(const struct hd_silence_limits *limits, void (*work)(void),
               uint32_t stalls_for_ms, struct hd_job_report *ret)
{
    struct hd_silence *silence = NULL;
    int pair[2], status;
    pid_t pid;

    *ret = (struct hd_job_report){.kind = HD_REPORT_UNLOCKED};
    (void)xs_daemon_socket(); /* this process's, not the child's */
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    pid = fork();
    if (!pid) {
        alarm(30);
        if (dup2(pair[1], HD_JOB_SOCK) < 0 ||
            hd_silence_watch(limits, &silence, NULL))
            _exit(2);
        work();
        hd_silence_stop(silence);
        usleep(100000);
        _exit(0);
    }
    close(pair[1]);
    if (stalls_for_ms) {
        usleep(stalls_for_ms * 1000);
        xs_kit.stall_at = 0;
    }
    waitpid(pid, &status, 0);
    while (read(pair[0], ret, sizeof(*ret)) > 0)
        ;
    close(pair[0]);
    xs_kit.stall_at = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static struct hd_silence_limits limits(bool undoes, uint64_t within_ms)
{
    xs_kit_reset();
    return (struct hd_silence_limits){.every_ms = 10,
                                      .most_ms = 600,
                                      .deadline_ms = hd_io_now_ms() + within_ms,
                                      .undoes = undoes};
}

static void a_job_that_begins_ends_and_names_xenstored(void)
{
    const struct hd_silence_limits l = limits(false, 20000);
    struct hd_job_report said;

    xs_kit.stall_at = 1;
    CU_ASSERT_EQUAL(job(&l, hang, 0, &said), 1);
    CU_ASSERT_EQUAL(said.kind, HD_REPORT_DONE);
    CU_ASSERT_EQUAL(said.err.code, HD_E_TIMEOUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(said.err.msg, "xenstored has not answered"));
    CU_ASSERT_PTR_NOT_NULL(strstr(said.err.msg, "reboot the host"));
}

static void a_job_that_undoes_goes_on_when_xenstored_does(void)
{
    const struct hd_silence_limits l = limits(true, 20000);
    struct hd_job_report said;

    xs_kit.stall_at = 1;
    CU_ASSERT_EQUAL(job(&l, hear, 1500, &said), 0);
    CU_ASSERT_EQUAL(said.kind, HD_REPORT_UNLOCKED);
}

static void a_job_that_undoes_names_xenstored_before_its_deadline(void)
{
    const struct hd_silence_limits l = limits(true, 2000);
    struct hd_job_report said;

    xs_kit.stall_at = 1;
    CU_ASSERT_EQUAL(job(&l, hang, 0, &said), 1);
    CU_ASSERT_EQUAL(said.err.code, HD_E_TIMEOUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(said.err.msg, "xenstored has not answered"));
}

static void rest_longer(void)
{
    usleep(700000);
}

/* 300 ms before the last second, in which nobody is told any more. */
static void a_job_near_its_deadline_does_not_end_for_a_moments_silence(void)
{
    for (int undoes = 0; undoes < 2; undoes++) {
        const struct hd_silence_limits l = limits(undoes, 1300);
        struct hd_job_report said;

        xs_kit.stall_at = 1;
        CU_ASSERT_EQUAL(job(&l, rest_longer, 0, &said), 0);
        CU_ASSERT_EQUAL(said.kind, HD_REPORT_UNLOCKED);
    }
}

static void a_xenstored_that_answers_ends_no_job(void)
{
    const struct hd_silence_limits l = limits(false, 20000);
    struct hd_job_report said;

    CU_ASSERT_EQUAL(job(&l, rest_a_while, 0, &said), 0);
    CU_ASSERT_EQUAL(said.kind, HD_REPORT_UNLOCKED);
}

static const struct hd_test tests[] = {
    HD_TEST(a_job_that_begins_ends_and_names_xenstored),
    HD_TEST(a_job_that_undoes_goes_on_when_xenstored_does),
    HD_TEST(a_job_that_undoes_names_xenstored_before_its_deadline),
    HD_TEST(a_job_near_its_deadline_does_not_end_for_a_moments_silence),
    HD_TEST(a_xenstored_that_answers_ends_no_job),
};

HD_SUITE("run/silence", tests);
