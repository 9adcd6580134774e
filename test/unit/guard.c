/* SPDX-License-Identifier: MIT */
/* Tests dom-guest/guard: how a child can end, and what is said of it. */
#include "../../dom-guest/guard.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

static int guard(hd_guard_fn *fn, void *ctx, uint64_t ms, size_t max,
                 struct hd_err *err)
{
    struct hd_entries out = {.max = max};
    int rc = hd_guard_run(fn, ctx, "written", hd_io_now_ms() + ms, &out, err);

    hd_entries_fini(&out);
    return rc;
}

static int say(void *ctx, struct hd_guard *g, struct hd_entries *out,
               struct hd_err *err)
{
    (void)g;
    return hd_entries_put(out, ctx, strlen(ctx), err) ? -1 : 1;
}

static int fail(void *ctx, struct hd_guard *g, struct hd_entries *out,
                struct hd_err *err)
{
    (void)g;
    (void)hd_entries_put(out, "lost", 4, NULL);
    return hd_fail(err, HD_E_DENIED, "%s", (const char *)ctx);
}

static void what_a_child_says_is_its_callers(void)
{
    struct hd_entries out = {.max = 16};
    struct hd_err err;

    CU_ASSERT_EQUAL(
        hd_guard_run(say, "one", "read", hd_io_now_ms() + 9000, &out, &err), 1);
    CU_ASSERT_EQUAL(
        hd_guard_run(say, "two", "read", hd_io_now_ms() + 9000, &out, &err), 1);
    CHECK_FAILS(
        hd_guard_run(fail, "no", "read", hd_io_now_ms() + 9000, &out, &err),
        &err, HD_E_DENIED, "no");
    CU_ASSERT_EQUAL_FATAL(out.used, 6);
    CU_ASSERT_EQUAL(memcmp(out.data, "onetwo", 6), 0);
    hd_entries_fini(&out);
}

/* ---- it ends without a word */

static int raise_it(void *sig, struct hd_guard *g, struct hd_entries *out,
                    struct hd_err *err)
{
    (void)g, (void)out, (void)err;
    raise(*(int *)sig);
    _exit(0);
}

static void check_ends(void)
{
    static const struct {
        int sig;
        int code;
    } cases[] = {
        {SIGBUS, HD_E_BAD_VOLUME},  {SIGSEGV, HD_E_BAD_VOLUME},
        {SIGABRT, HD_E_BAD_VOLUME}, {SIGKILL, HD_E_FAILED},
        {SIGTERM, HD_E_FAILED},     {0, HD_E_FAILED},
    };
    struct hd_err err;

    for (size_t i = 0; i < HD_ARRAY_LEN(cases); i++)
        CHECK_FAILS(guard(raise_it, (void *)&cases[i].sig, 9000, 1, &err), &err,
                    cases[i].code,
                    cases[i].code == HD_E_FAILED ? "not written" : "damaged");
}

static void a_child_that_dies_of_a_map_has_found_damage_and_no_other(void)
{
    check_ends();
}

/* As the agent does. */
static void how_a_child_ended_is_known_where_nobody_waits_for_children(void)
{
    void (*before)(int) = signal(SIGCHLD, SIG_IGN);

    check_ends();
    CU_ASSERT_PTR_EQUAL(signal(SIGCHLD, before), SIG_IGN);
    CU_ASSERT_EQUAL(waitpid(-1, NULL, WNOHANG), -1);
}

/* ---- it takes too long */

/* With children; a loaded machine takes its time for each step, so none of them
 * is timed. */
struct shared {
    atomic_bool go, done;
};
static struct shared *shared;

static int stall(void *ctx, struct hd_guard *g, struct hd_entries *out,
                 struct hd_err *err)
{
    uint64_t until = hd_io_now_ms() + 20000;

    (void)ctx, (void)g, (void)out, (void)err;
    while (!shared->go && hd_io_left_ms(until))
        (void)poll(NULL, 0, 5);
    if (shared->go)
        shared->done = true;
    return 0;
}

static int commit_and_stall(void *ctx, struct hd_guard *g,
                            struct hd_entries *out, struct hd_err *err)
{
    hd_guard_commit(g);
    return stall(ctx, g, out, err);
}

static void share(void)
{
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CU_ASSERT_FATAL(shared != MAP_FAILED);
}

static void a_child_that_takes_too_long_is_killed(void)
{
    struct hd_err err;

    share();
    CHECK_FAILS(guard(stall, NULL, 20, 1, &err), &err, HD_E_TIMEOUT,
                "not written in time");
    CU_ASSERT_PTR_NULL(strstr(err.msg, "may have been set"));
    CU_ASSERT_EQUAL(waitpid(-1, NULL, WNOHANG), -1);
    munmap(shared, sizeof(*shared));
}

static void a_child_that_commits_is_left_to_its_end(void)
{
    uint64_t until = hd_io_now_ms() + 30000;
    struct hd_err err;

    share();
    CHECK_FAILS(guard(commit_and_stall, NULL, 2000, 1, &err), &err,
                HD_E_TIMEOUT, "may have been set, look with get");
    CU_ASSERT_FALSE(shared->done);
    shared->go = true;
    while (!shared->done && hd_io_left_ms(until))
        (void)poll(NULL, 0, 5);
    CU_ASSERT_TRUE(shared->done);
    (void)waitpid(-1, NULL, 0);
    munmap(shared, sizeof(*shared));
}

/* More than the pipe takes, so that it would wait for a reader. */
static int say_much(void *ctx, struct hd_guard *g, struct hd_entries *out,
                    struct hd_err *err)
{
    static const char much[1 << 20];

    (void)ctx, (void)g;
    out->max = sizeof(much);
    return hd_entries_put(out, much, sizeof(much), err);
}

static void a_child_that_says_more_than_there_is_room_for_is_not_heard(void)
{
    struct hd_err err;

    CHECK_FAILS(guard(say_much, NULL, 9000, 1 << 16, &err), &err, HD_E_LIMIT,
                "65536 bytes");
    CU_ASSERT_EQUAL(waitpid(-1, NULL, WNOHANG), -1);
}

/* ---- what it takes with it */

/* 0: its parent's descriptor is not there. */
static int look_at(void *fd, struct hd_guard *g, struct hd_entries *out,
                   struct hd_err *err)
{
    (void)g, (void)out, (void)err;
    return fcntl(*(int *)fd, F_GETFD) >= 0;
}

static void a_child_keeps_no_descriptor_of_its_parent(void)
{
    hd_autofd int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct hd_err err;

    CU_ASSERT_TRUE(fd > 2);
    CU_ASSERT_EQUAL(guard(look_at, &fd, 9000, 1, &err), 0);
}

static void a_child_dies_with_its_parent(void)
{
    pid_t parent;

    share();
    parent = fork();
    if (!parent) {
        struct hd_err err;

        (void)guard(stall, NULL, 9000, 1, &err);
        _exit(0);
    }
    (void)poll(NULL, 0, 200);
    kill(parent, SIGKILL);
    CU_ASSERT_EQUAL(waitpid(parent, NULL, 0), parent);
    (void)poll(NULL, 0, 50);
    shared->go = true;
    (void)poll(NULL, 0, 300);
    CU_ASSERT_FALSE(shared->done);
    munmap(shared, sizeof(*shared));
}

static const struct hd_test tests[] = {
    HD_TEST(what_a_child_says_is_its_callers),
    HD_TEST(a_child_that_dies_of_a_map_has_found_damage_and_no_other),
    HD_TEST(how_a_child_ended_is_known_where_nobody_waits_for_children),
    HD_TEST(a_child_that_takes_too_long_is_killed),
    HD_TEST(a_child_that_commits_is_left_to_its_end),
    HD_TEST(a_child_that_says_more_than_there_is_room_for_is_not_heard),
    HD_TEST(a_child_keeps_no_descriptor_of_its_parent),
    HD_TEST(a_child_dies_with_its_parent),
};
HD_SUITE("dom-guest/guard", tests);
