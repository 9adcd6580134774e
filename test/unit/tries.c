/* SPDX-License-Identifier: MIT */
/* Tests hv/host/tries in a folder of its own, by the real clock. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../hv/host/tries.h"
#include "../../pv-drivers/base/io.h"
#include "unit.h"

static const struct hd_uuid travel = {{1, 2, 3}};

struct room {
    char base[32], dir[64], file[80];
    unsigned asked;
    int answer;       /* an hd_code */
    uint64_t wait_ms; /* as another process sees it during the check */
};

static void enter(struct room *r)
{
    memset(r, 0, sizeof(*r));
    strcpy(r->base, "/tmp/hd-tries-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(r->base));
    snprintf(r->dir, sizeof(r->dir), "%s/lib/throttle", r->base);
    snprintf(r->file, sizeof(r->file), "%s/state", r->dir);
}

static void leave(struct room *r)
{
    char cmd[64];

    snprintf(cmd, sizeof(cmd), "rm -rf %s", r->base);
    CU_ASSERT_EQUAL(system(cmd), 0);
}

static int answer(void *ctx, struct hd_err *err)
{
    struct room *r = ctx;

    r->asked++;
    CHECK_OK(hd_tries_wait(r->dir, &travel, &r->wait_ms, err), err);
    return r->answer ? hd_fail(err, r->answer, "wrong password") : 0;
}

static int attempt(struct room *r, int code, struct hd_err *err)
{
    r->answer = code;
    return hd_tries_check(r->dir, &travel, answer, r, err);
}

static void a_try_is_on_the_disk_before_the_password_is_looked_at(void)
{
    struct hd_err err = {0};
    struct room r;

    enter(&r);
    for (int i = 0; i < 4; i++)
        CHECK_FAILS(attempt(&r, HD_E_WRONG_PASSWORD, &err), &err,
                    HD_E_WRONG_PASSWORD, "wrong password");
    CU_ASSERT_EQUAL(r.wait_ms, 0);
    CHECK_OK(attempt(&r, 0, &err), &err);
    CU_ASSERT(r.wait_ms > 0);
    CU_ASSERT_EQUAL(r.asked, 5);
    leave(&r);
}

static void a_throttled_password_is_not_looked_at(void)
{
    struct hd_err err = {0};
    struct room r;

    enter(&r);
    CHECK_OK(hd_tries_allow(r.dir, &travel, &err), &err);
    for (int i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(attempt(&r, HD_E_WRONG_PASSWORD, NULL), -1);
    CHECK_FAILS(attempt(&r, 0, &err), &err, HD_E_THROTTLED, "wait 1 s");
    CHECK_FAILS(hd_tries_allow(r.dir, &travel, &err), &err, HD_E_THROTTLED,
                "wait 1 s");
    CU_ASSERT_EQUAL(r.asked, 5);
    leave(&r);
}

static void the_right_password_frees_the_tries_again(void)
{
    struct hd_err err = {0};
    struct room r;

    enter(&r);
    for (int i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(attempt(&r, HD_E_WRONG_PASSWORD, NULL), -1);
    CHECK_OK(attempt(&r, 0, &err), &err);
    for (int i = 0; i < 5; i++)
        CHECK_FAILS(attempt(&r, HD_E_WRONG_PASSWORD, &err), &err,
                    HD_E_WRONG_PASSWORD, "wrong");
    leave(&r);
}

/* As no memory for the KDF, or a medium error. */
static void a_check_that_breaks_counts_as_a_wrong_password(void)
{
    struct hd_err err = {0};
    struct room r;

    enter(&r);
    for (int i = 0; i < 5; i++)
        CHECK_FAILS(attempt(&r, HD_E_IO, &err), &err, HD_E_IO, "wrong");
    CHECK_FAILS(attempt(&r, 0, &err), &err, HD_E_THROTTLED, "wait");
    leave(&r);
}

static void a_damaged_count_is_refused_until_root_removes_it(void)
{
    struct hd_err err = {0};
    uint64_t ms;
    struct room r;

    enter(&r);
    CHECK_OK(hd_tries_boot(r.dir, &err), &err);
    CHECK_OK(hd_io_write_file(r.file, "5\n", 2, 0600, &err), &err);
    CHECK_FAILS(attempt(&r, 0, &err), &err, HD_E_FAILED, "as root, remove it");
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, r.file));
    CHECK_FAILS(hd_tries_allow(r.dir, &travel, &err), &err, HD_E_FAILED,
                "as root, remove it");
    CU_ASSERT_EQUAL(hd_tries_wait(r.dir, &travel, &ms, &err), -1);
    CU_ASSERT_EQUAL(r.asked, 0);
    CU_ASSERT_EQUAL(unlink(r.file), 0);
    CHECK_OK(attempt(&r, 0, &err), &err);
    leave(&r);
}

static void a_count_that_cannot_be_written_lets_no_password_through(void)
{
    struct hd_err err = {0};
    struct room r;

    enter(&r);
    snprintf(r.dir, sizeof(r.dir), "%s/lib", r.base);
    CHECK_OK(hd_io_write_file(r.dir, "", 0, 0600, &err), &err);
    snprintf(r.dir, sizeof(r.dir), "%s/lib/throttle", r.base);
    CHECK_FAILS(attempt(&r, 0, &err), &err, HD_E_IO, "no password is looked");
    CU_ASSERT_EQUAL(r.asked, 0);
    leave(&r);
}

static void a_boot_removes_what_was_left_half_written(void)
{
    struct hd_err err = {0};
    char half[100];
    struct room r;

    enter(&r);
    for (int i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(attempt(&r, HD_E_WRONG_PASSWORD, NULL), -1);
    snprintf(half, sizeof(half), "%s.aBcDeF", r.file);
    CHECK_OK(hd_io_write_file(half, "hotd", 4, 0600, &err), &err);
    CHECK_OK(hd_tries_boot(r.dir, &err), &err);
    CU_ASSERT_EQUAL(access(half, F_OK), -1);
    CHECK_FAILS(attempt(&r, 0, &err), &err, HD_E_THROTTLED, "wait 1 s");
    leave(&r);
}

static const struct hd_test tests[] = {
    HD_TEST(a_try_is_on_the_disk_before_the_password_is_looked_at),
    HD_TEST(a_throttled_password_is_not_looked_at),
    HD_TEST(the_right_password_frees_the_tries_again),
    HD_TEST(a_check_that_breaks_counts_as_a_wrong_password),
    HD_TEST(a_damaged_count_is_refused_until_root_removes_it),
    HD_TEST(a_count_that_cannot_be_written_lets_no_password_through),
    HD_TEST(a_boot_removes_what_was_left_half_written),
};

HD_SUITE("host/tries", tests);
