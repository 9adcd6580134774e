/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/task: whose word counts for the end of a job; the job is a
 * small script, and the test speaks for it. */
#include "../../hv/daemon/task.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../hv/daemon/child.h"
#include "../../hv/daemon/spare.h"
#include "../../pv-drivers/base/io.h"
#include "unit.h"

/* The linker sends all calls of the program under test here (--wrap). */
int __real_hd_spare_take(struct hd_spare *spare, struct hd_child **ret,
                         int *ret_sock, struct hd_err *err);
int __wrap_hd_spare_take(struct hd_spare *spare, struct hd_child **ret,
                         int *ret_sock, struct hd_err *err);
void __real_hd_spare_refill(struct hd_spare *spare);
void __wrap_hd_spare_refill(struct hd_spare *spare);

static struct {
    bool on;
    uv_loop_t loop;
    struct hd_spare *spare;
    char path[32]; /* of the script */
    int job;       /* its end of the socket */
    unsigned reports, ends, refills;
    struct hd_err outcome;
} at;

void __wrap_hd_spare_refill(struct hd_spare *spare)
{
    if (at.on)
        at.refills++;
    else
        __real_hd_spare_refill(spare);
}

static void of_nobody(void *ctx, int status, bool timed_out)
{
    (void)ctx;
    (void)status;
    (void)timed_out;
}

int __wrap_hd_spare_take(struct hd_spare *spare, struct hd_child **ret,
                         int *ret_sock, struct hd_err *err)
{
    struct hd_child_spec spec = {.path = at.path};
    int pair[2];

    if (!at.on)
        return __real_hd_spare_take(spare, ret, ret_sock, err);
    CU_ASSERT_EQUAL_FATAL(
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    *ret_sock = pair[0];
    at.job = pair[1];
    return hd_child_start(&at.loop, &spec, of_nobody, NULL, ret, err);
}

static void on_report(void *ctx, const struct hd_job_report *report)
{
    (void)ctx;
    (void)report;
    at.reports++;
}

static void on_ended(void *ctx, const struct hd_err *outcome)
{
    (void)ctx;
    at.ends++;
    at.outcome = *outcome;
}

static void write_script(const char *script)
{
    int fd;

    strcpy(at.path, "/tmp/hd-task-XXXXXX");
    fd = mkstemp(at.path);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(hd_io_write(fd, script, strlen(script), NULL), 0);
    CU_ASSERT_EQUAL(fchmod(fd, 0700), 0);
    close(fd);
}

static void begin_op(enum hd_job_op op, const char *script)
{
    static const struct hd_task_ops ops = {on_report, on_ended};
    struct hd_job_request request = {.op = op};
    const struct hd_task_input input = {.request = &request};
    struct hd_task *task = NULL;
    struct hd_err err = {0};

    memset(&at, 0, sizeof(at));
    write_script(script);
    at.on = true;
    CU_ASSERT_EQUAL_FATAL(uv_loop_init(&at.loop), 0);
    at.spare = hd_spare_new(&at.loop);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at.spare);
    hd_spare_stop(at.spare);
    CHECK_OK(hd_task_start(at.spare, &input, &ops, NULL, &task, &err), &err);
}

static void begin(const char *script)
{
    begin_op(HD_JOB_ATTACH, script);
}

static void say(enum hd_report_kind kind, const struct hd_err *err)
{
    struct hd_job_report report = {.kind = kind};

    if (err)
        report.err = *err;
    CU_ASSERT_EQUAL(write(at.job, &report, sizeof(report)), sizeof(report));
}

static void until_it_ended(void)
{
    while (!at.ends)
        uv_run(&at.loop, UV_RUN_ONCE);
}

static void close_one(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

/* Once its process is reaped. */
static void end(void)
{
    uv_run(&at.loop, UV_RUN_DEFAULT);
    CU_ASSERT_EQUAL(at.ends, 1);
    at.on = false;
    uv_walk(&at.loop, close_one, NULL);
    uv_run(&at.loop, UV_RUN_DEFAULT);
    CU_ASSERT_EQUAL(uv_loop_close(&at.loop), 0);
    free(at.spare);
    close(at.job);
    unlink(at.path);
}

static void a_job_is_over_when_it_says_so(void)
{
    begin("#!/bin/sh\nexec sleep 1\n");
    say(HD_REPORT_RUNNING, NULL);
    say(HD_REPORT_DONE, NULL);
    until_it_ended();
    CU_ASSERT_EQUAL(at.reports, 1);
    CU_ASSERT_EQUAL(at.outcome.code, 0);
    CU_ASSERT_EQUAL(at.refills, 0);
    end();
    CU_ASSERT_EQUAL(at.refills, 1);
}

static void no_job_is_made_while_a_guest_boots(void)
{
    static const enum hd_job_op ops[] = {HD_JOB_START, HD_JOB_RESTART};

    for (size_t i = 0; i < HD_ARRAY_LEN(ops); i++) {
        begin_op(ops[i], "#!/bin/sh\n");
        say(HD_REPORT_DONE, NULL);
        end();
        CU_ASSERT_EQUAL(at.refills, 0);
    }
}

static void what_it_failed_with_is_told_and_nothing_behind_it(void)
{
    struct hd_err why = {0};

    hd_fail(&why, HD_E_BUSY, "its disk is in use");
    begin("#!/bin/sh\nexec sleep 1\n");
    say(HD_REPORT_DONE, &why);
    say(HD_REPORT_GONE, NULL);
    say(HD_REPORT_DONE, NULL);
    until_it_ended();
    CU_ASSERT_EQUAL(at.outcome.code, HD_E_BUSY);
    CU_ASSERT_STRING_EQUAL(at.outcome.msg, "its disk is in use");
    end();
    CU_ASSERT_EQUAL(at.reports, 0);
    CU_ASSERT_EQUAL(at.outcome.code, HD_E_BUSY);
}

static void a_job_that_ends_without_a_word_has_failed(void)
{
    begin("#!/bin/sh\nexit 3\n");
    until_it_ended();
    CU_ASSERT_EQUAL(at.outcome.code, HD_E_FAILED);
    CU_ASSERT_STRING_EQUAL(at.outcome.msg, "hotdom-job ended with status 3");
    end();
}

/* Its end and what it said last are there together. */
static void its_word_counts_more_than_its_end(void)
{
    begin("#!/bin/sh\nexit 1\n");
    say(HD_REPORT_DONE, NULL);
    close(at.job);
    at.job = -1;
    until_it_ended();
    CU_ASSERT_EQUAL(at.outcome.code, 0);
    end();
}

static const struct hd_test tests[] = {
    HD_TEST(a_job_is_over_when_it_says_so),
    HD_TEST(no_job_is_made_while_a_guest_boots),
    HD_TEST(what_it_failed_with_is_told_and_nothing_behind_it),
    HD_TEST(a_job_that_ends_without_a_word_has_failed),
    HD_TEST(its_word_counts_more_than_its_end),
};

HD_SUITE("daemon/task", tests);
