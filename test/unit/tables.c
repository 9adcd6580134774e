/* SPDX-License-Identifier: MIT */
/* Tests pv-drivers/base/tables: which side a path is read from. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../../pv-drivers/base/tables.h"
#include "unit.h"

static struct hd_tables *of(const char *text)
{
    struct hd_tables *t = NULL;
    struct hd_err err = {0};

    CHECK_OK(hd_tables_parse(text, &t, &err), &err);
    return t;
}

static void the_longest_prefix_decides_and_is_named(void)
{
    static const struct {
        const char *path;
        enum hd_side side;
        size_t len;
        bool leads;
    } want[] = {
        {"/", HD_SIDE_GUEST, 0, true},
        {"/usr", HD_SIDE_GUEST, 0, true},
        {"/usr/lib", HD_SIDE_GUEST, 0, false},
        {"/usr/share", HD_SIDE_HOST, 10, true},
        {"/usr/shared", HD_SIDE_GUEST, 0, false},
        {"/usr/share/fonts/a", HD_SIDE_HOST, 10, false},
        {"/usr/share/fonts/own", HD_SIDE_GUEST, 20, true},
        {"/usr/share/fonts/own/x/y", HD_SIDE_GUEST, 20, false},
        {"/usr/share/fonts/own/not/z", HD_SIDE_HOST, 24, false},
        {"/etc/resolv.conf", HD_SIDE_HOST, 16, true},
        {"/etc/resolv.conf.d", HD_SIDE_GUEST, 0, false},
    };
    hd_auto(hd_tables) t =
        of("+/usr/share\n+/etc/resolv.conf\n+/usr/share/fonts/own/not\n"
           "-/usr/share/fonts/own\n");

    for (size_t i = 0; i < HD_ARRAY_LEN(want); i++) {
        struct hd_decision d = hd_tables_decide(t, want[i].path);

        CU_ASSERT_EQUAL(d.side, want[i].side);
        CU_ASSERT_EQUAL(d.len, want[i].len);
        CU_ASSERT_EQUAL(d.leads, want[i].leads);
    }
}

static void only_normal_absolute_paths_are_entries(void)
{
    static const char *const bad[] = {
        "",      "etc",  "./etc", "/",       "//",   "/etc/",
        "/a//b", "/a/.", "/a/..", "/../etc", "/./a", "/a/../b",
    };
    hd_auto(hd_tables) t = hd_tables_new();
    char path[HD_TABLES_PATH + 1] = "/";
    struct hd_err err = {0};

    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++)
        CHECK_FAILS(hd_tables_add(t, HD_SIDE_HOST, bad[i], &err), &err,
                    HD_E_BAD_MANIFEST, "is not an absolute path below /");
    memset(path + 1, 'x', sizeof(path) - 2);
    CHECK_FAILS(hd_tables_add(t, HD_SIDE_HOST, path, &err), &err,
                HD_E_BAD_MANIFEST, "is not an absolute path");
    path[HD_TABLES_PATH - 1] = '\0';
    CHECK_OK(hd_tables_add(t, HD_SIDE_HOST, path, &err), &err);
    CHECK_OK(hd_tables_add(t, HD_SIDE_HOST, "/...", &err), &err);
}

static void an_entry_stands_once_in_one_table(void)
{
    hd_auto(hd_tables) t = of("+/etc\n-/etc/own\n");
    struct hd_err err = {0};

    CHECK_FAILS(hd_tables_add(t, HD_SIDE_HOST, "/etc", &err), &err,
                HD_E_BAD_MANIFEST, "the exception \"/etc\" stands twice");
    CHECK_FAILS(hd_tables_add(t, HD_SIDE_GUEST, "/etc/own", &err), &err,
                HD_E_BAD_MANIFEST, "the inclusion \"/etc/own\" stands twice");
    CHECK_FAILS(hd_tables_add(t, HD_SIDE_GUEST, "/etc", &err), &err,
                HD_E_BAD_MANIFEST, "is in the other table as well");
}

static void a_text_of_tables_has_whole_lines_of_two_kinds(void)
{
    static const char *const bad[] = {"/etc\n", "+/etc",  "*/etc\n",
                                      "\n",     "+/a\n+", "+\n"};
    struct hd_tables *t = NULL;
    struct hd_err err = {0};
    char line[HD_TABLES_PATH + 8];

    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++)
        CU_ASSERT_EQUAL(hd_tables_parse(bad[i], &t, &err), -1);
    memset(line, 'x', sizeof(line));
    memcpy(line, "+/", 2);
    strcpy(line + sizeof(line) - 2, "\n");
    CHECK_FAILS(hd_tables_parse(line, &t, &err), &err, HD_E_BAD_MANIFEST,
                "a bad line");
    CU_ASSERT_PTR_NULL(t);
}

static void a_folder_on_the_way_lists_what_leads_on(void)
{
    hd_auto(hd_tables) t = of("+/a/b/c\n+/a/d\n-/a/e\n-/a/d/f\n");
    char name[HD_TABLES_NAME], all[64] = "";
    uint64_t cursor = 0;

    while (hd_tables_next(t, "/a", &cursor, name))
        strcat(all, name);
    CU_ASSERT_STRING_EQUAL(all, "db");
    cursor = 0;
    CU_ASSERT_FALSE(hd_tables_next(t, "/a/d", &cursor, name));
    CU_ASSERT_FALSE(hd_tables_next(t, "/none", &cursor, name));
    /* A cursor is the client's word. */
    for (cursor = 1; cursor < 100; cursor++) {
        uint64_t at = cursor;

        (void)hd_tables_next(t, "/a", &at, name);
    }
    cursor = UINT64_MAX;
    CU_ASSERT_FALSE(hd_tables_next(t, "/a", &cursor, name));
}

static double look_up(const struct hd_tables *t, uint32_t n)
{
    struct timespec a, b;
    char path[64];
    uint32_t host = 0;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    for (uint32_t i = 0; i < n; i++) {
        snprintf(path, sizeof(path), "/usr/d%u/e%u/file/x", i % 317, i);
        host += hd_tables_decide(t, path).side == HD_SIDE_HOST;
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    CU_ASSERT_EQUAL(host, n);
    return ((double)(b.tv_sec - a.tv_sec) * 1e9 +
            (double)(b.tv_nsec - a.tv_nsec)) /
           n;
}

static void a_hundred_thousand_entries_answer_in_two_microseconds(void)
{
    hd_auto(hd_tables) t = hd_tables_new();
    char path[64];
    double ns, best = 1e9;

    for (uint32_t i = 0; i < 100000; i++) {
        snprintf(path, sizeof(path), "/usr/d%u/e%u", i % 317, i);
        CU_ASSERT_EQUAL_FATAL(hd_tables_add(t, HD_SIDE_HOST, path, NULL), 0);
    }
    /* The best of some: another program may have had the processor's cache. */
    for (int i = 0; i < 5; i++) {
        ns = look_up(t, 100000);
        best = ns < best ? ns : best;
    }
#ifndef __SANITIZE_ADDRESS__
    CU_ASSERT(best < 2000);
#endif
}

static const struct hd_test tests[] = {
    HD_TEST(the_longest_prefix_decides_and_is_named),
    HD_TEST(only_normal_absolute_paths_are_entries),
    HD_TEST(an_entry_stands_once_in_one_table),
    HD_TEST(a_text_of_tables_has_whole_lines_of_two_kinds),
    HD_TEST(a_folder_on_the_way_lists_what_leads_on),
    HD_TEST(a_hundred_thousand_entries_answer_in_two_microseconds),
};
HD_SUITE("base/tables", tests);
