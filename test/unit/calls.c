/* SPDX-License-Identifier: MIT */
/* Tests pv-drivers/base/calls with hotdom-9p's list, from inside: each attempt
 * is a process of its own. */
#include "../../pv-drivers/base/calls.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../pv-drivers/base/embed.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/bus/xs.h"
#include "unit.h"
#include "xs_kit.h"

HD_EMBED(program, "9p.calls");

/* The wait status of a process that does it behind the filter; its exit status
 * is what that gives. */
static int filtered(int (*act)(struct hd_xs *xs), struct hd_xs *xs)
{
    int status = -1;
    pid_t pid = fork();

    if (!pid) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
            hd_calls_confine(program, program_end, NULL))
            _exit(99);
        /* Before it ends by _exit the sanitizers ask for more. */
        (void)syscall(SYS_exit_group, act(xs));
    }
    waitpid(pid, &status, 0);
    return status;
}

/* With one event there, and none after it. */
static int serve(struct hd_xs *xs)
{
    uint64_t until = hd_io_now_ms() + 20;
    char token[8];

    if (hd_xs_check(xs, token, sizeof(token), NULL) != 1)
        return 1;
    return hd_xs_wait(xs, until, NULL) || hd_io_left_ms(until) ||
           hd_xs_check(xs, token, sizeof(token), NULL);
}

static void who_serves_hears_events_and_the_time(void)
{
    hd_auto(hd_xs) xs = NULL;
    struct hd_err err = {0};

    xs_kit_reset();
    CHECK_OK(hd_xs_open(&xs, &err), &err);
    CHECK_OK(hd_xs_watch(xs, "/a", "a", &err), &err);
    CHECK_OK(hd_xs_wait(xs, hd_io_now_ms() + 5000, &err), &err);
    xs_kit_put("/a", "1");
    CU_ASSERT_EQUAL(filtered(serve, xs), 0);
}

/* As the C library does where the kernel gives it no vDSO. */
static int ask_clock(struct hd_xs *xs)
{
    struct timespec now;

    (void)xs;
    return (int)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
}

static int ask_time(struct hd_xs *xs)
{
    (void)xs;
    return syscall(SYS_time, NULL) < 0;
}

static int open_socket(struct hd_xs *xs)
{
    (void)xs;
    return socket(AF_UNIX, SOCK_STREAM, 0) < 0;
}

static void what_is_not_listed_is_the_end(void)
{
    int ends[] = {filtered(ask_time, NULL), filtered(open_socket, NULL)};

    CU_ASSERT_EQUAL(filtered(ask_clock, NULL), 0);
    for (size_t i = 0; i < HD_ARRAY_LEN(ends); i++)
        CU_ASSERT(WIFSIGNALED(ends[i]) && WTERMSIG(ends[i]) == SIGSYS);
}

static void a_program_that_the_kernel_does_not_take_is_an_error(void)
{
    struct hd_err err = {0};

    CHECK_FAILS(hd_calls_confine(program, program, &err), &err, HD_E_FAILED,
                "cannot confine system calls: Invalid argument");
}

static const struct hd_test tests[] = {
    HD_TEST(who_serves_hears_events_and_the_time),
    HD_TEST(what_is_not_listed_is_the_end),
    HD_TEST(a_program_that_the_kernel_does_not_take_is_an_error),
};
HD_SUITE("base/calls", tests);
