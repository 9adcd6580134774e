/* SPDX-License-Identifier: MIT */
/* Tests dom-guest/registry: keys and values on a real folder, and what a crash,
 * a cut or a full volume leave of them. */
#include "../../dom-guest/registry.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "../../dom-guest/guard.h"
#include "../../pv-drivers/base/io.h"
#include "power.h"
#include "registry_kit.h"
#include "unit.h"

static void what_was_set_is_read(void)
{
    registry_begin();
    CU_ASSERT_STRING_EQUAL(registry_get("guest/a"), "-");
    registry_set("guest/a", "one");
    registry_set("guest/a/b", "two");
    registry_set("guest/a", "three");
    CU_ASSERT_STRING_EQUAL(registry_get("guest/a"), "three");
    CU_ASSERT_STRING_EQUAL(registry_get("guest/a/b"), "two");
    CU_ASSERT_STRING_EQUAL(registry_get("guest"), "-");
    CU_ASSERT_STRING_EQUAL(registry_get(""), "-");
    CU_ASSERT_EQUAL(access(registry_at("registry.new"), F_OK), -1);
    registry_end();
}

static void what_was_not_committed_is_not_there(void)
{
    const struct hd_value v = registry_text("new");
    struct hd_err err;

    registry_begin();
    registry_set("guest/a", "old");
    {
        hd_auto(hd_registry) r = registry_open_as(HD_REGISTRY_WRITE);

        CHECK_OK(hd_registry_set(r, "guest/a", &v, &err), &err);
        CHECK_OK(hd_registry_set(r, "guest/b", &v, &err), &err);
    }
    CU_ASSERT_STRING_EQUAL(registry_get("guest/a"), "old");
    CU_ASSERT_STRING_EQUAL(registry_get("guest/b"), "-");
    registry_end();
}

/* All keys behind one another, with blanks. */
static void check_keys(const char *above, bool past, const char *want)
{
    hd_auto(hd_registry) r = registry_open_as(HD_REGISTRY_READ);
    char all[512] = "", from[HD_KEY_SIZE] = "";
    struct hd_entry e;
    struct hd_err err;
    int rc;

    while ((rc = hd_registry_next(r, above, from, past, &e, &err)) > 0) {
        strcat(strcat(all, e.key), " ");
        strcpy(from, e.key);
    }
    CU_ASSERT_EQUAL(rc, 0);
    CU_ASSERT_STRING_EQUAL(all, want);
}

static void keys_come_in_an_order_in_which_what_is_below_one_follows_it(void)
{
    registry_begin();
    check_keys("", false, "");
    registry_set("guest/a-b", "");
    registry_set("guest/a/x/y", "");
    registry_set("guest/a", "");
    registry_set("guest/b", "");
    registry_set("guest/a/x", "");
    check_keys("", false, "guest/a guest/a/x guest/a/x/y guest/a-b guest/b ");
    check_keys("guest/a", false, "guest/a guest/a/x guest/a/x/y ");
    check_keys("guest", true, "guest/a guest/a-b guest/b ");
    check_keys("guest/none", false, "");
    registry_end();
}

static void removing_a_key_removes_what_is_below(void)
{
    struct hd_err err;
    size_t n = 9;

    registry_begin();
    registry_set("guest/a", "");
    registry_set("guest/a/x", "");
    registry_set("guest/a-b", "");
    {
        hd_auto(hd_registry) r = registry_open_as(HD_REGISTRY_WRITE);

        CHECK_OK(hd_registry_remove(r, "guest/a", &n, &err), &err);
        CU_ASSERT_EQUAL(n, 2);
        CHECK_OK(hd_registry_remove(r, "guest/none", &n, &err), &err);
        CU_ASSERT_EQUAL(n, 0);
        CHECK_OK(hd_registry_commit(r, &err), &err);
    }
    check_keys("", false, "guest/a-b ");
    registry_end();
}

static void a_registry_with_all_its_keys_takes_changes_of_them(void)
{
    const struct hd_value v = registry_text("");
    char key[HD_KEY_SIZE];
    struct hd_err err;

    registry_begin();
    {
        hd_auto(hd_registry) r = registry_open_as(HD_REGISTRY_WRITE);

        for (unsigned i = 0; i < HD_REGISTRY_KEYS; i++) {
            snprintf(key, sizeof(key), "guest/%u", i);
            CHECK_OK(hd_registry_set(r, key, &v, &err), &err);
        }
        CHECK_OK(hd_registry_set(r, "guest/7", &v, &err), &err);
        CHECK_FAILS(hd_registry_set(r, "guest/more", &v, &err), &err,
                    HD_E_LIMIT, "has its 65536 keys");
        CHECK_OK(hd_registry_commit(r, &err), &err);
    }
    CHECK_OK(hd_registry_check(registry_dir, &err), &err);
    registry_set("guest/7", "seven");
    CU_ASSERT_STRING_EQUAL(registry_get("guest/7"), "seven");
    registry_end();
}

static void hostile_keys_and_values_are_refused(void)
{
    static const char *const keys[] = {"",           "/a",     "guest//a",
                                       "guest/../a", "a\001b", "guest/%n\n"};
    const struct hd_value bad = {HD_VALUE_STRING, "a\0b", 3},
                          good = registry_text("a");
    hd_auto(hd_registry) r = NULL;
    char key[300];
    struct hd_err err;

    registry_begin();
    r = registry_open_as(HD_REGISTRY_WRITE);
    for (size_t i = 0; i < HD_ARRAY_LEN(keys); i++)
        CHECK_FAILS(hd_registry_set(r, keys[i], &good, &err), &err, HD_E_USAGE,
                    "no key");
    memset(key, 'k', sizeof(key));
    key[256] = '\0';
    CHECK_FAILS(hd_registry_set(r, key, &good, &err), &err, HD_E_USAGE,
                "no key");
    key[255] = '\0';
    CHECK_OK(hd_registry_set(r, key, &good, &err), &err);
    CHECK_FAILS(hd_registry_set(r, "guest/a", &bad, &err), &err, HD_E_USAGE,
                "no string");
    registry_end();
}

static void a_value_of_64_kib_is_kept_whole(void)
{
    static char data[HD_VALUE_MAX];
    const struct hd_value v = {HD_VALUE_BYTES, data, sizeof(data)};
    hd_auto(hd_registry) r = NULL;
    struct hd_value got;
    struct hd_err err;

    registry_begin();
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (char)(i * 31);
    registry_set_value("guest/big", &v);
    r = registry_open_as(HD_REGISTRY_READ);
    CU_ASSERT_EQUAL_FATAL(hd_registry_get(r, "guest/big", &got, &err), 1);
    CU_ASSERT_EQUAL(got.type, HD_VALUE_BYTES);
    CU_ASSERT_EQUAL_FATAL(got.len, sizeof(data));
    CU_ASSERT_EQUAL(memcmp(got.data, data, sizeof(data)), 0);
    CHECK_OK(hd_registry_check(registry_dir, &err), &err);
    registry_end();
}

static void changes_are_known_and_the_oldest_are_forgotten(void)
{
    const struct hd_value v = registry_text("x");
    char key[HD_KEY_SIZE];
    uint64_t seen, first;
    struct hd_err err;

    registry_begin();
    {
        hd_auto(hd_registry) r = registry_open_as(HD_REGISTRY_WRITE);

        for (int i = 0; i < HD_REGISTRY_LOG + 10; i++) {
            snprintf(key, sizeof(key), "guest/%d", i);
            CHECK_OK(hd_registry_set(r, key, &v, &err), &err);
        }
        CHECK_OK(hd_registry_commit(r, &err), &err);
    }
    {
        hd_auto(hd_registry) r = registry_open_as(HD_REGISTRY_READ);

        first = seen = hd_registry_first(r);
        CU_ASSERT_EQUAL(hd_registry_change(r, &seen, key, &err), 1);
        CU_ASSERT_EQUAL(seen, first + 11);
        CU_ASSERT_STRING_EQUAL(key, "guest/10");
        seen = hd_registry_sequence(r) - 1;
        CU_ASSERT_EQUAL(hd_registry_change(r, &seen, key, &err), 1);
        CU_ASSERT_EQUAL(hd_registry_change(r, &seen, key, &err), 0);
    }
    CHECK_OK(hd_registry_check(registry_dir, &err), &err);
    registry_end();
}

/* Who asks behind a number of the one before misses nothing. */
static void a_new_registry_counts_on_from_above_the_one_before(void)
{
    uint64_t last;

    registry_begin();
    registry_set("guest/a", "x");
    {
        hd_auto(hd_registry) r = registry_open_as(HD_REGISTRY_READ);

        last = hd_registry_sequence(r);
        CU_ASSERT_EQUAL(last, hd_registry_first(r) + 1);
    }
    CU_ASSERT_EQUAL(unlink(registry_at(HD_REGISTRY_FILE)), 0);
    {
        hd_auto(hd_registry) r = registry_open_as(HD_REGISTRY_READ);

        CU_ASSERT_EQUAL(hd_registry_sequence(r), HD_REGISTRY_NONE);
    }
    registry_set("guest/b", "y");
    {
        hd_auto(hd_registry) r = registry_open_as(HD_REGISTRY_READ);

        CU_ASSERT_TRUE(hd_registry_first(r) > last);
    }
    registry_end();
}

/* ---- others */

static void check_mode(const char *name, mode_t want)
{
    struct stat st;

    CU_ASSERT_EQUAL_FATAL(stat(registry_at(name), &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0777, want);
}

static void nobody_else_reads_or_locks_it(void)
{
    registry_begin();
    CU_ASSERT_EQUAL(chmod(registry_dir, 0755), 0);
    registry_set("guest/a", "x");
    check_mode("", 0700);
    check_mode(HD_REGISTRY_FILE, 0600);
    check_mode(HD_REGISTRY_LOCK, 0600);
    registry_end();
}

static void who_waits_for_the_lock_is_told_at_the_deadline(void)
{
    hd_auto(hd_registry) mine = NULL;
    hd_auto(hd_registry) r = NULL;
    struct hd_err err;

    registry_begin();
    registry_set("guest/a", "x");
    mine = registry_open_as(HD_REGISTRY_READ);
    CHECK_OK(hd_registry_open(registry_dir, HD_REGISTRY_READ, 0, &r, &err),
             &err);
    hd_registry_free(hd_steal(&r));
    CHECK_FAILS(hd_registry_open(registry_dir, HD_REGISTRY_WRITE,
                                 hd_io_now_ms() + 20, &r, &err),
                &err, HD_E_BUSY, "fuser -v ");
    hd_registry_free(hd_steal(&mine));
    mine = registry_open_as(HD_REGISTRY_WRITE);
    CHECK_FAILS(hd_registry_open(registry_dir, HD_REGISTRY_READ, 0, &r, &err),
                &err, HD_E_BUSY, HD_REGISTRY_LOCK);
    registry_end();
}

/* ---- crashes */

static int set_both(struct hd_err *err)
{
    const struct hd_value v = registry_text("new");
    hd_auto(hd_registry) r = NULL;

    return hd_registry_open(registry_dir, HD_REGISTRY_WRITE, UINT64_MAX, &r,
                            err) ||
                   hd_registry_set(r, "guest/a", &v, err) ||
                   hd_registry_set(r, "guest/b", &v, err) ||
                   hd_registry_commit(r, err)
               ? -1
               : 0;
}

static int die(void *at, struct hd_guard *g, struct hd_entries *out,
               struct hd_err *err)
{
    (void)g, (void)out;
    power_kill_at = *(unsigned *)at;
    return set_both(err);
}

static void who_is_killed_between_set_and_sync_has_changed_nothing(void)
{
    struct hd_entries out = {.max = 64};
    struct hd_err err;
    unsigned n = 1;

    registry_begin();
    registry_set("guest/a", "old");
    while (
        hd_guard_run(die, &n, "written", hd_io_now_ms() + 9000, &out, &err)) {
        CU_ASSERT_EQUAL_FATAL(err.code, HD_E_FAILED);
        CU_ASSERT_STRING_EQUAL(registry_get("guest/a"), "old");
        CU_ASSERT_STRING_EQUAL(registry_get("guest/b"), "-");
        CHECK_OK(hd_registry_check(registry_dir, &err), &err);
        n++;
    }
    /* Data, a sync, and the head. */
    CU_ASSERT_TRUE(n > 3);
    CU_ASSERT_STRING_EQUAL(registry_get("guest/a"), "new");
    CU_ASSERT_STRING_EQUAL(registry_get("guest/b"), "new");
    /* And the lock is nobody's. */
    registry_set("guest/a", "next");
    CU_ASSERT_STRING_EQUAL(registry_get("guest/a"), "next");
    registry_end();
}

static size_t states[2];

/* What a cut left may end who looks at it. */
static int look(void *ctx, struct hd_guard *g, struct hd_entries *out,
                struct hd_err *err)
{
    char both[16];

    (void)ctx, (void)g;
    if (hd_registry_check(registry_dir, err))
        return -1;
    strcpy(both, registry_get("guest/a"));
    strcat(strcat(both, " "), registry_get("guest/b"));
    return hd_entries_put(out, both, strlen(both) + 1, err);
}

static void check_cut(void *ctx, int medium)
{
    struct hd_entries out = {.max = 64};
    hd_autofree char *bytes = NULL;
    struct hd_err err;
    struct stat st;

    (void)ctx;
    CU_ASSERT_EQUAL_FATAL(fstat(medium, &st), 0);
    bytes = malloc((size_t)st.st_size);
    CHECK_OK(hd_io_pread(medium, bytes, (size_t)st.st_size, 0, &err), &err);
    registry_leave(bytes, (size_t)st.st_size);
    CHECK_OK(
        hd_guard_run(look, NULL, "checked", hd_io_now_ms() + 9000, &out, &err),
        &err);
    CU_ASSERT_FATAL(out.used > 0);
    CU_ASSERT_TRUE(!strcmp(out.data, "old -") || !strcmp(out.data, "new new"));
    states[*out.data == 'n']++;
    hd_entries_fini(&out);
}

/* What is set, as a log of all that came to the file. */
static struct power_log *logged_set(void)
{
    struct power_log *log;
    struct hd_err err;

    registry_set("guest/a", "older");
    registry_set("guest/a", "old");
    states[0] = states[1] = 0;
    log = power_begin(registry_at(HD_REGISTRY_FILE));
    CHECK_OK(set_both(&err), &err);
    power_end(log);
    return log;
}

static void a_cut_of_power_anywhere_leaves_all_of_it_or_nothing(void)
{
    struct power_log *log;

    registry_begin();
    log = logged_set();
    power_replay(log, 20, check_cut, NULL);
    power_free(log);
    CU_ASSERT_TRUE(states[0] > 40);
    /* The head, and each choice of one that is written. */
    CU_ASSERT_TRUE(states[1] > 2);
    registry_end();
}

static void a_cut_of_power_behind_a_commit_leaves_all_of_it(void)
{
    struct power_log *log;

    registry_begin();
    log = logged_set();
    power_replay_end(log, 20, check_cut, NULL);
    power_free(log);
    CU_ASSERT_EQUAL(states[0], 0);
    CU_ASSERT_EQUAL(states[1], 20);
    registry_end();
}

/* The file grows no more. */
static int fill(void *ctx, struct hd_guard *g, struct hd_entries *out,
                struct hd_err *err)
{
    struct rlimit limit = {(rlim_t) * (off_t *)ctx, (rlim_t) * (off_t *)ctx};
    const struct hd_value v =
        registry_text("a value of some bytes, of which many come");
    char key[HD_KEY_SIZE];
    struct hd_registry *r;

    (void)g, (void)out;
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) ||
        hd_registry_open(registry_dir, HD_REGISTRY_WRITE, UINT64_MAX, &r, err))
        return -1;
    for (int i = 0; i < 2000; i++) {
        snprintf(key, sizeof(key), "guest/%d", i);
        if (hd_registry_set(r, key, &v, err))
            return -1;
    }
    return hd_registry_commit(r, err);
}

static void a_full_volume_keeps_what_was_there_and_says_so(void)
{
    struct hd_entries out = {.max = 64};
    struct hd_err err;
    struct stat st;

    registry_begin();
    registry_set("guest/a", "old");
    CU_ASSERT_EQUAL_FATAL(stat(registry_at(HD_REGISTRY_FILE), &st), 0);
    CHECK_FAILS(hd_guard_run(fill, &st.st_size, "written",
                             hd_io_now_ms() + 9000, &out, &err),
                &err, HD_E_IO, "data volume is full");
    CU_ASSERT_STRING_EQUAL(registry_get("guest/a"), "old");
    CU_ASSERT_STRING_EQUAL(registry_get("guest/7"), "-");
    CHECK_OK(hd_registry_check(registry_dir, &err), &err);
    /* Nor is there half of one that is new. */
    registry_end();
    registry_begin();
    st.st_size = 0;
    CHECK_FAILS(hd_guard_run(fill, &st.st_size, "written",
                             hd_io_now_ms() + 9000, &out, &err),
                &err, HD_E_IO, "full");
    CU_ASSERT_STRING_EQUAL(registry_get("guest/a"), "-");
    registry_set("guest/a", "begins");
    CU_ASSERT_STRING_EQUAL(registry_get("guest/a"), "begins");
    registry_end();
}

static const struct hd_test tests[] = {
    HD_TEST(what_was_set_is_read),
    HD_TEST(what_was_not_committed_is_not_there),
    HD_TEST(keys_come_in_an_order_in_which_what_is_below_one_follows_it),
    HD_TEST(removing_a_key_removes_what_is_below),
    HD_TEST(a_registry_with_all_its_keys_takes_changes_of_them),
    HD_TEST(hostile_keys_and_values_are_refused),
    HD_TEST(a_value_of_64_kib_is_kept_whole),
    HD_TEST(changes_are_known_and_the_oldest_are_forgotten),
    HD_TEST(a_new_registry_counts_on_from_above_the_one_before),
    HD_TEST(nobody_else_reads_or_locks_it),
    HD_TEST(who_waits_for_the_lock_is_told_at_the_deadline),
    HD_TEST(who_is_killed_between_set_and_sync_has_changed_nothing),
    HD_TEST(a_cut_of_power_anywhere_leaves_all_of_it_or_nothing),
    HD_TEST(a_cut_of_power_behind_a_commit_leaves_all_of_it),
    HD_TEST(a_full_volume_keeps_what_was_there_and_says_so),
};
HD_SUITE("dom-guest/registry", tests);
