/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/child with small scripts as helpers. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../hv/daemon/child.h"
#include "../../pv-drivers/base/io.h"
#include "unit.h"

struct end {
    unsigned times;
    int status;
    bool timed_out;
    uint64_t at_ms;
};

static void on_end(void *ctx, int status, bool timed_out)
{
    struct end *end = ctx;

    *end = (struct end){end->times + 1, status, timed_out, hd_io_now_ms()};
}

/* Runs `script` until it is reaped, at most `ms`, or while it works `longest`.
 */
static struct end run_working(const char *script, uint64_t ms, bool leave,
                              uint64_t longest)
{
    char path[] = "/tmp/hd-child-XXXXXX";
    struct hd_child_spec spec = {.path = path,
                                 .deadline_ms = hd_io_now_ms() + ms,
                                 .leave_at_deadline = leave,
                                 /* As little as a busy machine gives it. */
                                 .work_ms = longest ? 1 : 0,
                                 .longest_ms = hd_io_now_ms() + longest};
    struct hd_child *child = NULL;
    struct hd_err err = {0};
    struct end end = {0};
    int fd = mkstemp(path);
    uv_loop_t loop;

    CU_ASSERT_TRUE_FATAL(fd >= 0);
    CHECK_OK(hd_io_write(fd, script, strlen(script), &err), &err);
    CU_ASSERT_EQUAL(fchmod(fd, 0700), 0);
    close(fd);
    CU_ASSERT_EQUAL(uv_loop_init(&loop), 0);
    CHECK_OK(hd_child_start(&loop, &spec, on_end, &end, &child, &err), &err);
    /* Returns when nothing is watched any more, so it was reaped. */
    uv_run(&loop, UV_RUN_DEFAULT);
    CU_ASSERT_EQUAL(uv_loop_close(&loop), 0);
    unlink(path);
    return end;
}

static struct end run(const char *script, uint64_t ms, bool leave)
{
    return run_working(script, ms, leave, 0);
}

static void the_end_of_a_helper_is_told_once_with_its_status(void)
{
    struct end end = run("#!/bin/sh\nexit 7\n", 5000, false);

    CU_ASSERT_EQUAL(end.times, 1);
    CU_ASSERT_FALSE(end.timed_out);
    CU_ASSERT_EQUAL(WEXITSTATUS(end.status), 7);
}

static void at_its_deadline_a_helper_is_killed_with_all_it_started(void)
{
    struct end end = run("#!/bin/sh\nsleep 60 &\nsleep 60\n", 100, false);

    CU_ASSERT_EQUAL(end.times, 1);
    CU_ASSERT_TRUE(end.timed_out);
    CU_ASSERT_EQUAL(WTERMSIG(end.status), SIGKILL);
}

/* The call comes at the deadline, and no second one when it is reaped. */
static void a_helper_that_is_left_at_its_deadline_is_told_once_and_reaped(void)
{
    uint64_t begin = hd_io_now_ms();
    struct end end = run("#!/bin/sh\nsleep 60\n", 100, true);

    CU_ASSERT_EQUAL(end.times, 1);
    CU_ASSERT_TRUE(end.timed_out);
    CU_ASSERT_EQUAL(end.status, 0);
    CU_ASSERT_TRUE(end.at_ms - begin >= 100);
}

static void a_helper_to_be_left_may_end_in_time(void)
{
    struct end end = run("#!/bin/sh\nexit 3\n", 5000, true);

    CU_ASSERT_EQUAL(end.times, 1);
    CU_ASSERT_FALSE(end.timed_out);
    CU_ASSERT_EQUAL(WEXITSTATUS(end.status), 3);
}

static void a_helper_that_works_gets_more_time_and_one_that_waits_none(void)
{
    uint64_t begin = hd_io_now_ms();
    struct end end =
        run_working("#!/bin/sh\nwhile :; do :; done\n", 300, false, 1200);

    CU_ASSERT_TRUE(end.timed_out);
    CU_ASSERT_TRUE(end.at_ms - begin >= 1200);
    begin = hd_io_now_ms();
    end = run_working("#!/bin/sh\nsleep 60\n", 300, false, 60000);
    CU_ASSERT_TRUE(end.timed_out);
    CU_ASSERT_TRUE(end.at_ms - begin < 60000);
}

static const struct hd_test tests[] = {
    HD_TEST(the_end_of_a_helper_is_told_once_with_its_status),
    HD_TEST(at_its_deadline_a_helper_is_killed_with_all_it_started),
    HD_TEST(a_helper_that_is_left_at_its_deadline_is_told_once_and_reaped),
    HD_TEST(a_helper_to_be_left_may_end_in_time),
    HD_TEST(a_helper_that_works_gets_more_time_and_one_that_waits_none),
};

HD_SUITE("daemon/child", tests);
