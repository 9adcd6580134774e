/* SPDX-License-Identifier: MIT */
/* Tests dom-guest/registry_check: a file that is cut, garbage or rotten is
 * noticed, and moved aside. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "../../dom-guest/guard.h"
#include "../../dom-guest/registry_file.h"
#include "../../pv-drivers/base/io.h"
#include "registry_kit.h"
#include "unit.h"

static int check_all(void *ctx, struct hd_guard *g, struct hd_entries *out,
                     struct hd_err *err)
{
    (void)ctx, (void)g, (void)out;
    return hd_registry_check(registry_dir, err);
}

/* Every 61st byte, a prime; `make check-cuts` takes all, with
 * HOTDOM_EVERY_BYTE. */
static void a_file_that_is_cut_anywhere_is_noticed_or_whole(void)
{
    size_t step = getenv("HOTDOM_EVERY_BYTE") ? 1 : 61, len, bad = 0;
    hd_autofree char *whole = NULL;
    struct hd_entries out = {.max = 64};
    struct hd_err err;

    registry_begin();
    registry_set("guest/a", "one");
    whole = registry_taken(&len);
    for (size_t n = 0; n < len; n += step) {
        registry_leave(whole, n);
        if (!hd_guard_run(check_all, NULL, "checked", hd_io_now_ms() + 9000,
                          &out, &err)) {
            CU_ASSERT_STRING_EQUAL(registry_get("guest/a"), "one");
            continue;
        }
        CU_ASSERT_EQUAL(err.code, HD_E_BAD_VOLUME);
        bad++;
    }
    CU_ASSERT_TRUE(bad > 100);
    registry_end();
}

static void a_damaged_file_is_moved_aside_under_a_name_that_is_free(void)
{
    char path[PATH_MAX] = "";
    struct hd_err err;

    registry_begin();
    registry_set("guest/a", "one");
    CU_ASSERT_EQUAL(hd_registry_rescue(registry_dir, path, sizeof(path), &err),
                    0);
    for (int i = 1; i <= 2; i++) {
        char want[PATH_MAX];

        registry_leave("garbage", 7);
        CU_ASSERT_EQUAL(
            hd_registry_rescue(registry_dir, path, sizeof(path), &err), 1);
        snprintf(want, sizeof(want), "%s/registry.bad-%d", registry_dir, i);
        CU_ASSERT_STRING_EQUAL(path, want);
        CU_ASSERT_EQUAL(access(want, F_OK), 0);
        CU_ASSERT_STRING_EQUAL(registry_get("guest/a"), "-");
    }
    registry_end();
}

static void garbage_and_an_empty_file_are_no_registry(void)
{
    static const char zeros[65536];
    hd_auto(hd_registry) r = NULL;
    struct hd_err err;

    registry_begin();
    registry_set("guest/a", "one");
    registry_leave("", 0);
    CHECK_FAILS(hd_registry_open(registry_dir, HD_REGISTRY_WRITE, 0, &r, &err),
                &err, HD_E_BAD_VOLUME, "damaged");
    CHECK_FAILS(hd_registry_check(registry_dir, &err), &err, HD_E_BAD_VOLUME,
                "empty");
    registry_leave(zeros, sizeof(zeros));
    CHECK_FAILS(hd_registry_open(registry_dir, HD_REGISTRY_READ, 0, &r, &err),
                &err, HD_E_BAD_VOLUME, "damaged");
    registry_end();
}

/* A value's bytes on the medium are others. */
static void a_value_that_rots_is_noticed(void)
{
    hd_autofree char *whole = NULL;
    struct hd_err err;
    size_t len;
    char *here;

    registry_begin();
    registry_set("guest/a", "precious");
    whole = registry_taken(&len);
    for (size_t n = 0; (here = memmem(whole + n, len - n, "precious", 8));
         n = (size_t)(here - whole))
        *here = 'P';
    registry_leave(whole, len);
    CU_ASSERT_STRING_EQUAL(registry_get("guest/a"), "!");
    CHECK_FAILS(hd_registry_check(registry_dir, &err), &err, HD_E_BAD_VOLUME,
                "records");
    registry_end();
}

/* ---- what is no damage */

static void a_medium_that_cannot_be_read_is_no_damage(void)
{
    hd_autofree char *whole = NULL;
    char path[PATH_MAX] = "";
    struct hd_err err;
    size_t len;

    registry_begin();
    registry_set("guest/a", "precious");
    whole = registry_taken(&len);
    /* In a map both are a SIGBUS. */
    registry_leave(whole, len - 4096);
    registry_unreadable = 2 * 4096;
    CHECK_FAILS(hd_registry_rescue(registry_dir, path, sizeof(path), &err),
                &err, HD_E_IO, "read the registry's file");
    registry_unreadable = 0;
    CU_ASSERT_EQUAL(access(registry_at(HD_REGISTRY_FILE), F_OK), 0);
    CU_ASSERT_EQUAL(hd_registry_rescue(registry_dir, path, sizeof(path), &err),
                    1);
    registry_end();
}

/* Of both heads. */
static void put(char *whole, size_t at, const void *bytes, size_t n)
{
    memcpy(whole + at, bytes, n);
    memcpy(whole + 4096 + at, bytes, n);
}

static void check_head(size_t at, const void *bytes, size_t n, int want,
                       const char *words)
{
    hd_autofree char *whole = NULL;
    hd_auto(hd_registry) r = NULL;
    char path[PATH_MAX] = "";
    struct hd_err err;
    size_t len;

    registry_begin();
    registry_set("guest/a", "x");
    whole = registry_taken(&len);
    put(whole, at, bytes, n);
    registry_leave(whole, len);
    CHECK_FAILS(hd_registry_open(registry_dir, HD_REGISTRY_WRITE, 0, &r, &err),
                &err, want, words);
    CU_ASSERT_EQUAL(hd_registry_rescue(registry_dir, path, sizeof(path), &err),
                    want == HD_E_BAD_VOLUME ? 1 : -1);
    registry_end();
}

static void another_versions_file_is_no_damage_and_stays(void)
{
    const uint32_t version = 999;

    check_head(20, &version, sizeof(version), HD_E_FAILED, "another version");
}

/* LMDB asks the system for what they say, which refuses. */
static void heads_that_rot_are_damage(void)
{
    const uint32_t sizes[] = {0x80001000, 4097, 0};
    const uint64_t pages[] = {1ull << 50, 1ull << 30};

    for (size_t i = 0; i < HD_ARRAY_LEN(sizes); i++)
        check_head(40, &sizes[i], sizeof(sizes[i]), HD_E_BAD_VOLUME, "damaged");
    for (size_t i = 0; i < HD_ARRAY_LEN(pages); i++)
        check_head(136, &pages[i], sizeof(pages[i]), HD_E_BAD_VOLUME,
                   "damaged");
}

static void what_the_system_answers_is_told_apart(void)
{
    static const struct {
        int rc;
        int code;
        const char *words;
    } cases[] = {
        {ENOSPC, HD_E_IO, "volume is full"},
        {EROFS, HD_E_IO, "mount it rw"},
        {EACCES, HD_E_FAILED, "run it as root"},
        {EPERM, HD_E_FAILED, "run it as root"},
        {EINVAL, HD_E_FAILED, "file system"},
        {ENOMEM, HD_E_FAILED, "Cannot allocate memory"},
        {EMFILE, HD_E_IO, "Too many open files"},
        {MDB_VERSION_MISMATCH, HD_E_FAILED, "another version of LMDB"},
        {MDB_MAP_FULL, HD_E_LIMIT, "has its 64 MiB"},
        {MDB_CORRUPTED, HD_E_BAD_VOLUME, "damaged"},
    };
    struct hd_err err;

    for (size_t i = 0; i < HD_ARRAY_LEN(cases); i++)
        CHECK_FAILS(hd_registry_fail(&err, cases[i].rc, "try"), &err,
                    cases[i].code, cases[i].words);
}

/* ---- numbers */

static void put_head(const struct hd_registry_head *head)
{
    MDB_val k = {sizeof(HD_REGISTRY_HEAD) - 1, HD_REGISTRY_HEAD},
            v = {sizeof(*head), (void *)head};
    struct hd_err err;
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi top;

    CHECK_OK(hd_registry_env(registry_at(HD_REGISTRY_FILE), true, &env, &err),
             &err);
    CU_ASSERT_EQUAL(mdb_txn_begin(env, NULL, 0, &txn), 0);
    CU_ASSERT_EQUAL(mdb_dbi_open(txn, NULL, 0, &top), 0);
    CU_ASSERT_EQUAL(mdb_put(txn, top, &k, &v, 0), 0);
    CU_ASSERT_EQUAL(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

/* It refuses each change, which has the number of one that is there. */
static void a_head_below_its_changes_is_damage(void)
{
    struct hd_registry_head head = {.version = HD_REGISTRY_VERSION};
    struct hd_err err;

    registry_begin();
    registry_set("guest/a", "x");
    registry_set("guest/a", "y");
    {
        hd_auto(hd_registry) r = registry_open_as(HD_REGISTRY_READ);

        head.first = hd_registry_first(r);
        head.sequence = hd_registry_sequence(r);
    }
    put_head(&head);
    CHECK_OK(hd_registry_check(registry_dir, &err), &err);
    head.sequence--;
    put_head(&head);
    CHECK_FAILS(hd_registry_check(registry_dir, &err), &err, HD_E_BAD_VOLUME,
                "numbers");
    registry_end();
}

static const struct hd_test tests[] = {
    HD_TEST(a_file_that_is_cut_anywhere_is_noticed_or_whole),
    HD_TEST(a_damaged_file_is_moved_aside_under_a_name_that_is_free),
    HD_TEST(garbage_and_an_empty_file_are_no_registry),
    HD_TEST(a_value_that_rots_is_noticed),
    HD_TEST(a_medium_that_cannot_be_read_is_no_damage),
    HD_TEST(another_versions_file_is_no_damage_and_stays),
    HD_TEST(heads_that_rot_are_damage),
    HD_TEST(what_the_system_answers_is_told_apart),
    HD_TEST(a_head_below_its_changes_is_damage),
};
HD_SUITE("dom-guest/registry_check", tests);
