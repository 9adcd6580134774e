/* SPDX-License-Identifier: MIT */
/* Tests hv/host/kept in a folder of its own. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../hv/host/kept.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

static const struct hd_uuid a = {{1}}, b = {{2}}, c = {{3}};

static void enter(char dir[32])
{
    strcpy(dir, "/tmp/hd-kept-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
}

static void leave(const char *dir)
{
    char cmd[64];

    snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
    CU_ASSERT_EQUAL(system(cmd), 0);
}

static bool has(const char *dir, const struct hd_uuid *id)
{
    hd_autofree char *text = NULL;

    return !hd_kept_load(dir, id, 64, &text, NULL, NULL);
}

static void a_text_is_kept_for_root_alone_and_forgotten(void)
{
    hd_autofree char *text = NULL;
    char dir[32], path[80], id[HD_UUID_SIZE];
    struct hd_err err = {0};
    struct stat st;
    size_t len;

    enter(dir);
    CHECK_OK(hd_kept_save(dir, &a, "one", 3, 8, &err), &err);
    CHECK_OK(hd_kept_save(dir, &a, "other", 5, 8, &err), &err);
    CHECK_OK(hd_kept_load(dir, &a, 64, &text, &len, &err), &err);
    CU_ASSERT_EQUAL(len, 5);
    CU_ASSERT_STRING_EQUAL(text, "other");
    hd_uuid_format(&a, id);
    snprintf(path, sizeof(path), "%s/%s", dir, id);
    CU_ASSERT_EQUAL(stat(path, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
    CHECK_OK(hd_kept_forget(dir, &a, &err), &err);
    CHECK_OK(hd_kept_forget(dir, &a, &err), &err);
    CHECK_FAILS(hd_kept_load(dir, &a, 64, &text, &len, &err), &err,
                HD_E_NO_STORE, id);
    leave(dir);
}

static void a_text_longer_than_asked_for_is_not_read(void)
{
    hd_autofree char *text = NULL;
    struct hd_err err = {0};
    char dir[32];

    enter(dir);
    CHECK_OK(hd_kept_save(dir, &a, "0123456789", 10, 8, &err), &err);
    CHECK_FAILS(hd_kept_load(dir, &a, 9, &text, NULL, &err), &err, HD_E_IO,
                "larger than 9 bytes");
    leave(dir);
}

static void of_too_many_the_oldest_goes(void)
{
    struct hd_err err = {0};
    char dir[32], path[80], id[HD_UUID_SIZE];
    const struct timespec old[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

    enter(dir);
    CHECK_OK(hd_kept_save(dir, &a, "a", 1, 2, &err), &err);
    CHECK_OK(hd_kept_save(dir, &b, "b", 1, 2, &err), &err);
    hd_uuid_format(&b, id);
    snprintf(path, sizeof(path), "%s/%s", dir, id);
    CU_ASSERT_EQUAL(utimensat(AT_FDCWD, path, old, 0), 0);
    /* One that is there needs no room. */
    CHECK_OK(hd_kept_save(dir, &a, "again", 5, 2, &err), &err);
    CU_ASSERT(has(dir, &b));
    CHECK_OK(hd_kept_save(dir, &c, "c", 1, 2, &err), &err);
    CU_ASSERT(has(dir, &a));
    CU_ASSERT_FALSE(has(dir, &b));
    CU_ASSERT(has(dir, &c));
    leave(dir);
}

static bool is_a(void *ctx, const struct hd_uuid *id)
{
    (void)ctx;
    return hd_uuid_equal(id, &a);
}

static void a_sweep_leaves_what_is_wanted(void)
{
    struct hd_err err = {0};
    char dir[32], path[80];

    enter(dir);
    CHECK_OK(hd_kept_save(dir, &a, "a", 1, 8, &err), &err);
    CHECK_OK(hd_kept_save(dir, &b, "b", 1, 8, &err), &err);
    snprintf(path, sizeof(path), "%s/half-written.AbCdEf", dir);
    CHECK_OK(hd_io_write_file(path, "x", 1, 0600, &err), &err);
    hd_kept_sweep(dir, is_a, NULL);
    CU_ASSERT(has(dir, &a));
    CU_ASSERT_FALSE(has(dir, &b));
    CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
    hd_kept_sweep("/nonexistent/folder", is_a, NULL);
    leave(dir);
}

static const struct hd_test tests[] = {
    HD_TEST(a_text_is_kept_for_root_alone_and_forgotten),
    HD_TEST(a_text_longer_than_asked_for_is_not_read),
    HD_TEST(of_too_many_the_oldest_goes),
    HD_TEST(a_sweep_leaves_what_is_wanted),
};

HD_SUITE("host/kept", tests);
