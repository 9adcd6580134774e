/* SPDX-License-Identifier: MIT */
/* Tests hv/host/seen in a folder of its own. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../hv/host/seen.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

static const struct hd_uuid travel = {{1, 2, 3}}, other = {{9}};
static const uint8_t one[32] = {1}, two[32] = {2};

struct room {
    char base[32], dir[48], file[96];
};

static void enter(struct room *r)
{
    char id[HD_UUID_SIZE];

    strcpy(r->base, "/tmp/hd-seen-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(r->base));
    snprintf(r->dir, sizeof(r->dir), "%s/lib/seen", r->base);
    hd_uuid_format(&travel, id);
    snprintf(r->file, sizeof(r->file), "%s/%s", r->dir, id);
}

static void leave(struct room *r)
{
    char cmd[64];

    snprintf(cmd, sizeof(cmd), "rm -rf %s", r->base);
    CU_ASSERT_EQUAL(system(cmd), 0);
}

/* Fail closed: without the record nobody knows what is older. */
static void a_record_that_cannot_be_kept_is_an_error_everywhere(void)
{
    struct hd_seen seen;
    struct hd_err err = {0};
    uint64_t booted;
    struct room r;

    enter(&r);
    CHECK_OK(hd_seen_accept(r.dir, &travel, 6, one, &err), &err);
    unlink(r.file);
    CU_ASSERT_EQUAL(mkdir(r.file, 0700), 0);
    CHECK_FAILS(hd_seen_accept(r.dir, &travel, 7, one, &err), &err, HD_E_IO,
                "directory");
    CHECK_FAILS(hd_seen_boot(r.dir, &travel, 6, &err), &err, HD_E_IO,
                "directory");
    CHECK_FAILS(hd_seen_booted(r.dir, &travel, &booted, &err), &err, HD_E_IO,
                "directory");
    CHECK_FAILS(hd_seen_load(r.dir, &travel, &seen, &err), &err, HD_E_IO,
                "directory");
    CHECK_FAILS(hd_seen_forget(r.dir, &travel, &err), &err, HD_E_IO,
                "cannot forget store");
    leave(&r);
}

static void a_folder_that_is_a_file_is_an_error_everywhere(void)
{
    struct hd_err err = {0};
    struct room r;

    enter(&r);
    snprintf(r.dir, sizeof(r.dir), "%s/seen", r.base);
    CHECK_OK(hd_io_write_file(r.dir, "x", 1, 0600, &err), &err);
    CHECK_FAILS(hd_seen_accept(r.dir, &travel, 6, one, &err), &err, HD_E_IO,
                "cannot lock");
    CHECK_FAILS(hd_seen_boot(r.dir, &travel, 6, &err), &err, HD_E_IO,
                "cannot lock");
    CHECK_FAILS(hd_seen_forget(r.dir, &travel, &err), &err, HD_E_IO,
                "cannot lock");
    leave(&r);
}

static void a_higher_generation_is_taken_and_an_older_one_refused(void)
{
    struct hd_err err = {0};
    struct room r;

    enter(&r);
    CHECK_OK(hd_seen_accept(r.dir, &travel, 6, one, &err), &err);
    CHECK_OK(hd_seen_accept(r.dir, &travel, 6, one, &err), &err);
    CHECK_OK(hd_seen_accept(r.dir, &travel, 7, two, &err), &err);
    CHECK_FAILS(hd_seen_accept(r.dir, &travel, 6, one, &err), &err,
                HD_E_ROLLBACK,
                "generation 6 of a store of which 7 was seen here");
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "hotdom trust reset 01020300-"));
    CHECK_OK(hd_seen_accept(r.dir, &travel, 7, two, &err), &err);
    leave(&r);
}

static void the_same_generation_with_another_manifest_is_refused(void)
{
    struct hd_err err = {0};
    struct room r;

    enter(&r);
    CHECK_OK(hd_seen_accept(r.dir, &travel, 7, one, &err), &err);
    CHECK_FAILS(hd_seen_accept(r.dir, &travel, 7, two, &err), &err,
                HD_E_ROLLBACK, "another manifest with the same generation 7");
    leave(&r);
}

static void a_refused_copy_changes_nothing(void)
{
    struct hd_seen seen = {0};
    struct hd_err err = {0};
    struct room r;

    enter(&r);
    CHECK_OK(hd_seen_accept(r.dir, &travel, 7, one, &err), &err);
    CU_ASSERT_EQUAL(hd_seen_accept(r.dir, &travel, 7, two, NULL), -1);
    CU_ASSERT_EQUAL(hd_seen_accept(r.dir, &travel, 3, two, NULL), -1);
    CHECK_OK(hd_seen_load(r.dir, &travel, &seen, &err), &err);
    CU_ASSERT_EQUAL(seen.generation, 7);
    CU_ASSERT_EQUAL(memcmp(seen.digest, one, 32), 0);
    leave(&r);
}

static void a_store_that_is_forgotten_may_be_older(void)
{
    struct hd_err err = {0};
    struct room r;

    enter(&r);
    CHECK_OK(hd_seen_accept(r.dir, &travel, 7, one, &err), &err);
    CHECK_OK(hd_seen_accept(r.dir, &other, 7, one, &err), &err);
    CHECK_OK(hd_seen_forget(r.dir, &travel, &err), &err);
    CHECK_OK(hd_seen_accept(r.dir, &travel, 3, two, &err), &err);
    CU_ASSERT_EQUAL(hd_seen_accept(r.dir, &other, 3, two, NULL), -1);
    CHECK_OK(hd_seen_forget(r.dir, &travel, &err), &err);
    CHECK_FAILS(hd_seen_forget(r.dir, &travel, &err), &err, HD_E_NO_STORE,
                "was seen here");
    leave(&r);
}

static void what_has_booted_is_kept_beside_what_was_seen(void)
{
    uint64_t booted = 99;
    struct hd_err err = {0};
    struct room r;

    enter(&r);
    CHECK_OK(hd_seen_booted(r.dir, &travel, &booted, &err), &err);
    CU_ASSERT_EQUAL(booted, 0);
    CHECK_OK(hd_seen_boot(r.dir, &travel, 6, &err), &err);
    CHECK_OK(hd_seen_accept(r.dir, &travel, 6, one, &err), &err);
    CHECK_OK(hd_seen_boot(r.dir, &travel, 6, &err), &err);
    CHECK_OK(hd_seen_accept(r.dir, &travel, 7, two, &err), &err);
    CHECK_OK(hd_seen_booted(r.dir, &travel, &booted, &err), &err);
    CU_ASSERT_EQUAL(booted, 6);
    CHECK_OK(hd_seen_boot(r.dir, &travel, 7, &err), &err);
    CHECK_OK(hd_seen_boot(r.dir, &travel, 6, &err), &err);
    CHECK_OK(hd_seen_booted(r.dir, &travel, &booted, &err), &err);
    CU_ASSERT_EQUAL(booted, 7);
    leave(&r);
}

static void a_damaged_record_refuses_its_store_wherever_it_is_damaged(void)
{
    hd_autofree char *text = NULL;
    struct hd_err err = {0};
    struct room r;
    size_t len;

    enter(&r);
    CHECK_OK(hd_seen_accept(r.dir, &travel, 7, one, &err), &err);
    CHECK_OK(hd_io_read_file(r.file, 256, &text, &len, &err), &err);
    for (size_t cut = 0; cut < len; cut++) {
        char was = text[cut];
        struct hd_seen seen;

        CHECK_OK(hd_io_write_file(r.file, text, cut, 0600, &err), &err);
        CU_ASSERT_EQUAL(hd_seen_load(r.dir, &travel, &seen, NULL), -1);
        text[cut] = '+';
        CHECK_OK(hd_io_write_file(r.file, text, len, 0600, &err), &err);
        CU_ASSERT_EQUAL(hd_seen_load(r.dir, &travel, &seen, NULL), -1);
        text[cut] = was;
    }
    CHECK_FAILS(hd_seen_accept(r.dir, &travel, 8, two, &err), &err,
                HD_E_ROLLBACK,
                "is damaged; if you trust this copy, run: "
                "hotdom trust reset 01020300-");
    CHECK_OK(hd_seen_forget(r.dir, &travel, &err), &err);
    CHECK_OK(hd_seen_accept(r.dir, &travel, 7, two, &err), &err);
    leave(&r);
}

static void a_record_longer_than_any_is_damaged(void)
{
    struct hd_err err = {0};
    char text[300];
    struct room r;

    enter(&r);
    CHECK_OK(hd_seen_accept(r.dir, &travel, 7, one, &err), &err);
    memset(text, '\n', sizeof(text));
    CHECK_OK(hd_io_write_file(r.file, text, sizeof(text), 0600, &err), &err);
    CHECK_FAILS(hd_seen_accept(r.dir, &travel, 8, two, &err), &err,
                HD_E_ROLLBACK, "hotdom trust reset");
    leave(&r);
}

static void a_store_whose_record_cannot_be_written_is_refused(void)
{
    struct hd_err err = {0};
    struct room r;

    enter(&r);
    snprintf(r.dir, sizeof(r.dir), "%s/lib", r.base);
    CHECK_OK(hd_io_write_file(r.dir, "", 0, 0600, &err), &err);
    snprintf(r.dir, sizeof(r.dir), "%s/lib/seen", r.base);
    CHECK_FAILS(hd_seen_accept(r.dir, &travel, 7, one, &err), &err, HD_E_IO,
                "/lib/seen");
    leave(&r);
}

static struct hd_uuid store_number(unsigned i)
{
    return (struct hd_uuid){{0xee, (uint8_t)i, (uint8_t)(i >> 8)}};
}

static unsigned count(const struct room *r)
{
    DIR *d = opendir(r->dir);
    struct dirent *e;
    unsigned n = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(d);
    while ((e = readdir(d)))
        n += *e->d_name != '.';
    closedir(d);
    return n;
}

static void the_store_plugged_in_the_longest_ago_makes_room(void)
{
    const struct timespec long_ago[2] = {{1, 0}, {1, 0}};
    struct hd_uuid id = store_number(7);
    char path[96], text[HD_UUID_SIZE];
    struct hd_err err = {0};
    struct hd_seen seen;
    struct room r;

    enter(&r);
    for (unsigned i = 0; i < HD_SEEN_MAX; i++) {
        struct hd_uuid n = store_number(i);

        CHECK_OK(hd_seen_accept(r.dir, &n, 7, one, &err), &err);
    }
    hd_uuid_format(&id, text);
    snprintf(path, sizeof(path), "%s/%s", r.dir, text);
    CU_ASSERT_EQUAL(utimensat(AT_FDCWD, path, long_ago, 0), 0);
    snprintf(path, sizeof(path), "%s/half-written.aBcDeF", r.dir);
    CHECK_OK(hd_io_write_file(path, "", 0, 0600, &err), &err);
    CHECK_OK(hd_seen_accept(r.dir, &travel, 7, one, &err), &err);
    CU_ASSERT_EQUAL(count(&r), HD_SEEN_MAX);
    CHECK_FAILS(hd_seen_load(r.dir, &id, &seen, &err), &err, HD_E_NO_STORE,
                "was seen");
    CHECK_OK(hd_seen_load(r.dir, &travel, &seen, &err), &err);
    leave(&r);
}

static void a_store_that_is_used_again_is_not_the_oldest(void)
{
    const struct timespec long_ago[2] = {{1, 0}, {1, 0}};
    struct hd_err err = {0};
    struct stat st;
    struct room r;

    enter(&r);
    CHECK_OK(hd_seen_accept(r.dir, &travel, 7, one, &err), &err);
    CU_ASSERT_EQUAL(utimensat(AT_FDCWD, r.file, long_ago, 0), 0);
    CHECK_OK(hd_seen_accept(r.dir, &travel, 7, one, &err), &err);
    CU_ASSERT_EQUAL(stat(r.file, &st), 0);
    CU_ASSERT(st.st_mtim.tv_sec > 1000);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
    leave(&r);
}

static const struct hd_test tests[] = {
    HD_TEST(a_record_that_cannot_be_kept_is_an_error_everywhere),
    HD_TEST(a_folder_that_is_a_file_is_an_error_everywhere),
    HD_TEST(a_higher_generation_is_taken_and_an_older_one_refused),
    HD_TEST(the_same_generation_with_another_manifest_is_refused),
    HD_TEST(a_refused_copy_changes_nothing),
    HD_TEST(a_store_that_is_forgotten_may_be_older),
    HD_TEST(what_has_booted_is_kept_beside_what_was_seen),
    HD_TEST(a_damaged_record_refuses_its_store_wherever_it_is_damaged),
    HD_TEST(a_record_longer_than_any_is_damaged),
    HD_TEST(a_store_whose_record_cannot_be_written_is_refused),
    HD_TEST(the_store_plugged_in_the_longest_ago_makes_room),
    HD_TEST(a_store_that_is_used_again_is_not_the_oldest),
};

HD_SUITE("host/seen", tests);
