/* SPDX-License-Identifier: MIT */
/* Tests dom-guest/layers: the order in which a guest mounts its tables. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../../dom-guest/layers.h"
#include "unit.h"

static struct hd_layers l;

static void parse(const char *text)
{
    struct hd_err err;

    CHECK_OK(hd_layers_parse(text, &l, &err), &err);
}

static void each_entry_is_behind_those_that_it_lies_in(void)
{
    parse("+/srv/shown/own/deep/again\n-/srv/shown/own\n+/etc/hostname\n"
          "+/srv/shown\n");
    CU_ASSERT_EQUAL_FATAL(l.n, 4);
    CU_ASSERT_STRING_EQUAL(l.layers[0].path, "/srv/shown");
    CU_ASSERT_EQUAL(l.layers[0].side, HD_SIDE_HOST);
    CU_ASSERT_STRING_EQUAL(l.layers[1].path, "/etc/hostname");
    CU_ASSERT_STRING_EQUAL(l.layers[2].path, "/srv/shown/own");
    CU_ASSERT_EQUAL(l.layers[2].side, HD_SIDE_GUEST);
    CU_ASSERT_STRING_EQUAL(l.layers[3].path, "/srv/shown/own/deep/again");
}

static void entries_that_change_nothing_are_no_mounts(void)
{
    parse("+/srv\n+/srv/again\n-/home\n-/srv/own\n-/srv/own/too\n");
    CU_ASSERT_EQUAL_FATAL(l.n, 2);
    CU_ASSERT_STRING_EQUAL(l.layers[0].path, "/srv");
    CU_ASSERT_STRING_EQUAL(l.layers[1].path, "/srv/own");
    parse("");
    CU_ASSERT_EQUAL(l.n, 0);
}

static void tables_that_no_host_writes_change_nothing(void)
{
    static const char *const bad[] = {"/srv\n",     "+/srv",      "+srv\n",
                                      "+/a/../b\n", "+/a\n+/a\n", "+/a\n-/a\n"};
    struct hd_err err;

    parse("+/srv\n");
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        CU_ASSERT_EQUAL(hd_layers_parse(bad[i], &l, &err), -1);
    CU_ASSERT_EQUAL(l.n, 1);
}

static void more_entries_than_mounts_are_refused(void)
{
    char text[HD_LAYERS_TEXT] = "";
    struct hd_err err;
    size_t len = 0;

    for (int i = 0; i <= HD_LAYERS; i++)
        len += (size_t)sprintf(text + len, "+/p%d\n", i);
    CHECK_FAILS(hd_layers_parse(text, &l, &err), &err, HD_E_LIMIT,
                "more than 4096");
}

static void no_two_paths_share_a_folder(void)
{
    static const char *const paths[] = {"/a/b",   "/a!b",  "/a=21b",
                                        "/a/=21", "/a,b:", "/a\\b"};
    char names[6][HD_LAYERS_NAME], path[HD_TABLES_PATH];

    for (size_t i = 0; i < 6; i++) {
        CU_ASSERT_TRUE(hd_layers_name(paths[i], names[i]));
        CU_ASSERT_EQUAL(strcspn(names[i], "/,:\\"), strlen(names[i]));
        for (size_t j = 0; j < i; j++)
            CU_ASSERT_STRING_NOT_EQUAL(names[i], names[j]);
    }
    CU_ASSERT_STRING_EQUAL(names[0], "!a!b");
    memset(path, ',', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    CU_ASSERT_FALSE(hd_layers_name(path, names[0]));
}

/* Which layer of `before` each of `now` stays, as letters from "a" on, or "-";
 * the one that has the letter `gone` is not there any more. */
static const char *match(const char *before, const char *now, char gone)
{
    static char text[HD_LAYERS + 1];
    static struct hd_layers first;
    bool there[HD_LAYERS];
    size_t same[HD_LAYERS];

    parse(before);
    first = l;
    parse(now);
    for (size_t i = 0; i < HD_LAYERS; i++)
        there[i] = gone != (char)('a' + i);
    hd_layers_match(&first, there, &l, same);
    for (size_t i = 0; i < l.n; i++)
        text[i] = same[i] == HD_LAYERS ? '-' : (char)('a' + same[i]);
    text[l.n] = '\0';
    return text;
}

static void what_is_the_same_in_other_tables_stays(void)
{
    CU_ASSERT_STRING_EQUAL(match("+/a\n+/b\n", "+/b\n+/a\n", ' '), "ab");
    CU_ASSERT_STRING_EQUAL(match("+/a\n+/b\n", "+/b\n", ' '), "b");
    CU_ASSERT_STRING_EQUAL(match("+/b\n", "+/b\n+/a\n+/b/c\n", ' '), "-a");
    CU_ASSERT_STRING_EQUAL(match("", "+/a\n", ' '), "-");
    CU_ASSERT_STRING_EQUAL(match("+/a\n", "", ' '), "");
    CU_ASSERT_STRING_EQUAL(match("+/a\n+/b\n", "+/a\n+/b\n", 'a'), "-b");
}

static void a_layer_goes_with_its_inclusions_and_those_with_it(void)
{
    CU_ASSERT_STRING_EQUAL(match("+/a\n+/b\n", "+/a\n-/a/x\n+/b\n", ' '),
                           "-b-");
    CU_ASSERT_STRING_EQUAL(match("+/a\n-/a/x\n", "+/a\n", ' '), "-");
    CU_ASSERT_STRING_EQUAL(match("+/a\n-/a/x\n", "+/a\n-/a/y\n", ' '), "--");
    CU_ASSERT_STRING_EQUAL(match("+/a\n-/a/x\n", "+/a\n-/a/x\n", ' '), "ab");
    CU_ASSERT_STRING_EQUAL(match("+/a\n-/a/x\n", "+/a\n-/a/x\n", 'b'), "--");
}

static void a_layer_goes_with_what_it_lies_in(void)
{
    static const char deep[] = "+/a\n-/a/x\n+/a/x/y\n";

    CU_ASSERT_STRING_EQUAL(match(deep, deep, ' '), "abc");
    CU_ASSERT_STRING_EQUAL(match(deep, "+/a\n-/a/x\n", ' '), "ab");
    CU_ASSERT_STRING_EQUAL(match("+/a\n-/a/x\n", deep, ' '), "ab-");
    CU_ASSERT_STRING_EQUAL(match(deep, deep, 'a'), "---");
    CU_ASSERT_STRING_EQUAL(match(deep, "+/a/x/y\n", ' '), "-");
    CU_ASSERT_STRING_EQUAL(match("+/a/x/y\n", deep, ' '), "---");
    /* The same inclusion of another exception. */
    CU_ASSERT_STRING_EQUAL(
        match("+/a\n-/a/x/y/z\n", "+/a\n-/a/x\n+/a/x/y\n-/a/x/y/z\n", ' '),
        "----");
}

static const struct hd_test tests[] = {
    HD_TEST(each_entry_is_behind_those_that_it_lies_in),
    HD_TEST(entries_that_change_nothing_are_no_mounts),
    HD_TEST(tables_that_no_host_writes_change_nothing),
    HD_TEST(more_entries_than_mounts_are_refused),
    HD_TEST(no_two_paths_share_a_folder),
    HD_TEST(what_is_the_same_in_other_tables_stays),
    HD_TEST(a_layer_goes_with_its_inclusions_and_those_with_it),
    HD_TEST(a_layer_goes_with_what_it_lies_in),
};
HD_SUITE("dom-guest/layers", tests);
