/* SPDX-License-Identifier: MIT */
/* Tests dom-guest/registry_reader: one that stays open sees what others do to
 * the registry meanwhile. */
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "apart_kit.h"
#include "registry_kit.h"
#include "unit.h"

static struct hd_registry_reader *reader;

static void begin(void)
{
    struct hd_err err;

    registry_begin();
    CHECK_OK(hd_registry_reader_open(registry_dir, &reader, &err), &err);
}

static void end(void)
{
    hd_registry_reader_free(hd_steal(&reader));
    registry_end();
}

static void check(const char *key, const char *want)
{
    struct hd_value v;
    struct hd_err err;
    int rc =
        hd_registry_reader_get(reader, key, hd_io_now_ms() + 9000, &v, &err);

    CU_ASSERT_EQUAL(rc, want != NULL);
    if (rc < 0)
        printf("\n    %s: %s\n", key, err.msg);
    if (rc > 0 && want) {
        CU_ASSERT_EQUAL(v.len, strlen(want));
        CU_ASSERT_EQUAL(memcmp(v.data, want, strlen(want)), 0);
    }
}

/* In a process of its own. */
static void set(const char *key, const char *value)
{
    pid_t pid = fork();

    if (!pid) {
        registry_set(key, value);
        _exit(0);
    }
    CU_ASSERT_EQUAL(waitpid(pid, NULL, 0), pid);
}

static void where_there_is_no_file_there_is_no_key(void)
{
    begin();
    check("guest/a", NULL);
    CU_ASSERT_EQUAL(access(registry_at(HD_REGISTRY_LOCK), F_OK), -1);
    set("guest/a", "one");
    check("guest/a", "one");
    end();
}

static void what_another_process_sets_between_two_gets_is_seen(void)
{
    char value[24];

    begin();
    set("guest/a", "one");
    check("guest/a", "one");
    check("guest/b", NULL);
    check("", NULL);
    for (int i = 0; i < 20; i++) {
        snprintf(value, sizeof(value), "%d", i);
        set("guest/a", value);
        check("guest/a", value);
    }
    set("guest/b", "two");
    check("guest/b", "two");
    end();
}

static void the_lock_is_free_between_two_gets(void)
{
    hd_auto(hd_registry) r = NULL;
    struct hd_err err;

    begin();
    set("guest/a", "one");
    check("guest/a", "one");
    CHECK_OK(hd_registry_open(registry_dir, HD_REGISTRY_WRITE, 0, &r, &err),
             &err);
    end();
}

static void a_get_waits_for_who_writes_and_says_so_at_the_deadline(void)
{
    hd_auto(hd_registry) r = NULL;
    struct hd_value v;
    struct hd_err err;

    begin();
    set("guest/a", "one");
    r = registry_open_as(HD_REGISTRY_WRITE);
    CHECK_FAILS(hd_registry_reader_get(reader, "guest/a", hd_io_now_ms() + 20,
                                       &v, &err),
                &err, HD_E_BUSY, "in use");
    hd_registry_free(hd_steal(&r));
    check("guest/a", "one");
    end();
}

static void a_file_that_was_replaced_is_read(void)
{
    char path[PATH_MAX];
    struct hd_err err;

    begin();
    set("guest/a", "one");
    check("guest/a", "one");
    snprintf(path, sizeof(path), "%s.bad-1", registry_at(HD_REGISTRY_FILE));
    CU_ASSERT_EQUAL(rename(registry_at(HD_REGISTRY_FILE), path), 0);
    check("guest/a", NULL);
    set("guest/b", "two");
    check("guest/a", NULL);
    check("guest/b", "two");
    CHECK_OK(hd_registry_check(registry_dir, &err), &err);
    end();
}

/* With its lock, which is nobody's then. */
static void a_folder_that_was_removed_and_made_anew_is_read_under_its_lock(void)
{
    hd_auto(hd_registry) r = NULL;
    char command[64];
    struct hd_value v;
    struct hd_err err;

    begin();
    set("guest/a", "one");
    check("guest/a", "one");
    snprintf(command, sizeof(command), "rm -rf %s", registry_dir);
    CU_ASSERT_EQUAL(system(command), 0);
    check("guest/a", NULL);
    set("guest/a", "two");
    check("guest/a", "two");
    r = registry_open_as(HD_REGISTRY_WRITE);
    CHECK_FAILS(hd_registry_reader_get(reader, "guest/a", 0, &v, &err), &err,
                HD_E_BUSY, "in use");
    end();
}

static const char *go_apart(void)
{
    if (geteuid() || unshare(CLONE_NEWNS))
        return "skipped: only root may mount here";
    EXPECT(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
    return NULL;
}

static bool holds(const char *want)
{
    struct hd_value v;

    return hd_registry_reader_get(reader, "guest/a", UINT64_MAX, &v, NULL) ==
               1 &&
           v.len == strlen(want) && !memcmp(v.data, want, v.len);
}

static const char *mounted_over(void)
{
    hd_auto(hd_registry) r = NULL;
    struct hd_err err = {0};
    struct hd_value v;

    EXPECT(holds("one") && !mount("guest", registry_dir, "tmpfs", 0, NULL));
    registry_set("guest/a", "two");
    EXPECT(holds("two"));
    r = registry_open_as(HD_REGISTRY_WRITE);
    EXPECT(hd_registry_reader_get(reader, "guest/a", 0, &v, &err) < 0 &&
           err.code == HD_E_BUSY);
    hd_registry_free(hd_steal(&r));
    EXPECT(!umount2(registry_dir, MNT_DETACH) && holds("one"));
    return NULL;
}

static void a_registry_that_was_mounted_over_another_is_read_under_its_lock(
    void)
{
    begin();
    set("guest/a", "one");
    apart_kit_run(go_apart, mounted_over);
    end();
}

static void a_value_of_64_kib_is_read_whole_and_damage_is_told(void)
{
    static char data[HD_VALUE_MAX];
    const struct hd_value big = {HD_VALUE_BYTES, data, sizeof(data)};
    hd_autofree char *whole = NULL;
    struct hd_value v;
    struct hd_err err;
    char *here;
    size_t len;

    begin();
    memset(data, 'x', sizeof(data));
    registry_set_value("guest/big", &big);
    CU_ASSERT_EQUAL_FATAL(
        hd_registry_reader_get(reader, "guest/big", UINT64_MAX, &v, &err), 1);
    CU_ASSERT_EQUAL(v.type, HD_VALUE_BYTES);
    CU_ASSERT_EQUAL_FATAL(v.len, sizeof(data));
    CU_ASSERT_EQUAL(memcmp(v.data, data, sizeof(data)), 0);
    whole = registry_taken(&len);
    here = memmem(whole, len, "xxxx", 4);
    CU_ASSERT_PTR_NOT_NULL_FATAL(here);
    *here = 'y';
    registry_leave(whole, len);
    CHECK_FAILS(
        hd_registry_reader_get(reader, "guest/big", UINT64_MAX, &v, &err), &err,
        HD_E_BAD_VOLUME, "its record of guest/big");
    registry_leave("", 0);
    CHECK_FAILS(
        hd_registry_reader_get(reader, "guest/big", UINT64_MAX, &v, &err), &err,
        HD_E_BAD_VOLUME, "damaged");
    end();
}

static const struct hd_test tests[] = {
    HD_TEST(where_there_is_no_file_there_is_no_key),
    HD_TEST(what_another_process_sets_between_two_gets_is_seen),
    HD_TEST(the_lock_is_free_between_two_gets),
    HD_TEST(a_get_waits_for_who_writes_and_says_so_at_the_deadline),
    HD_TEST(a_file_that_was_replaced_is_read),
    HD_TEST(a_folder_that_was_removed_and_made_anew_is_read_under_its_lock),
    HD_TEST(a_registry_that_was_mounted_over_another_is_read_under_its_lock),
    HD_TEST(a_value_of_64_kib_is_read_whole_and_damage_is_told),
};
HD_SUITE("dom-guest/registry_reader", tests);
