/* SPDX-License-Identifier: MIT */
/* Tests pv-drivers/bus/xs_bulk: the wire against a xenstore in memory, one that
 * tears answers off or mixes them up, and none at all. */
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/bus/xs_bulk.h"
#include "unit.h"
#include "xs_kit.h"

static const struct hd_xs_node two[] = {{"/a/x", "1"}, {"/a/y", "2"}};

static struct hd_xs *begin(void)
{
    struct hd_xs *xs = NULL;

    xs_kit_reset();
    CU_ASSERT_EQUAL_FATAL(hd_xs_open(&xs, NULL), 0);
    return xs;
}

static void hundreds_of_nodes_are_one_transaction(void)
{
    static char paths[200][16];
    struct hd_xs_node nodes[200];
    hd_auto(hd_xs) xs = begin();
    struct hd_err err = {0};

    for (int i = 0; i < 200; i++) {
        snprintf(paths[i], sizeof(paths[i]), "/n/%d", i);
        nodes[i] = (struct hd_xs_node){paths[i], paths[i] + 3};
    }
    CHECK_OK(hd_xs_write(xs, nodes, 200, &err), &err);
    CU_ASSERT_EQUAL(xs_kit_count(), 200);
    CU_ASSERT_TRUE(xs_kit_is("/n/199", "199"));
    CU_ASSERT_EQUAL(xs_kit.ends, 1);
}

static void what_is_not_there_is_removed_with_what_is(void)
{
    const struct hd_xs_node gone[] = {
        {"/a", NULL}, {"/b", NULL}, {"/c", "kept"}};
    hd_auto(hd_xs) xs = begin();
    struct hd_err err = {0};

    xs_kit_put("/a/x", "1");
    CHECK_OK(hd_xs_write(xs, gone, 3, &err), &err);
    CU_ASSERT_PTR_NULL(xs_kit_get("/a/x"));
    CU_ASSERT_TRUE(xs_kit_is("/c", "kept"));
}

/* Whichever of the answers: the start, two nodes, the end. */
static void an_answer_that_is_torn_off_is_an_error_and_the_next_is_heard(void)
{
    for (int i = 1; i <= 4; i++) {
        hd_auto(hd_xs) xs = begin();
        struct hd_err err = {0};

        xs_kit.torn_at = i;
        CHECK_FAILS(hd_xs_write(xs, two, 2, &err), &err, HD_E_IO,
                    "a transaction");
        CHECK_OK(hd_xs_write(xs, two, 2, &err), &err);
        CU_ASSERT_TRUE(xs_kit_is("/a/y", "2"));
    }
}

static void an_answer_to_another_request_is_none(void)
{
    for (int i = 1; i <= 4; i++) {
        hd_auto(hd_xs) xs = begin();
        struct hd_err err = {0};

        xs_kit.crossed_at = i;
        CHECK_FAILS(hd_xs_write(xs, two, 2, &err), &err, HD_E_IO,
                    "a transaction");
        CHECK_OK(hd_xs_write(xs, two, 2, &err), &err);
    }
}

static void many_nodes_are_read_in_one_wait(void)
{
    char x[4], y[4] = "as", none[4] = "is";
    struct hd_xs_value values[] = {{.path = "/a/x", .buf = x, .size = 4},
                                   {.path = "/none", .buf = none, .size = 4},
                                   {.path = "/a/y", .buf = y, .size = 4}};
    hd_auto(hd_xs) xs = begin();
    struct hd_err err = {0};

    xs_kit_put("/a/x", "123");
    xs_kit_put("/a/y", "");
    CHECK_OK(hd_xs_read_all(xs, values, 3, &err), &err);
    CU_ASSERT_EQUAL(xs_kit.trips, 1);
    CU_ASSERT_STRING_EQUAL(x, "123");
    CU_ASSERT_STRING_EQUAL(y, "");
    CU_ASSERT_STRING_EQUAL(none, "is");
    CU_ASSERT_EQUAL(values[0].there, 1);
    CU_ASSERT_EQUAL(values[1].there, 0);
}

/* As a guest may write them. */
static void a_value_that_is_none_keeps_none_of_the_others(void)
{
    static const char *const bad[] = {"1234", "\x1b"};
    char x[4], y[4], none[4];
    struct hd_xs_value values[] = {{.path = "/a/x", .buf = x, .size = 4},
                                   {.path = "/none", .buf = none, .size = 4},
                                   {.path = "/a/y", .buf = y, .size = 4}};

    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++) {
        hd_auto(hd_xs) xs = begin();
        struct hd_err err = {0};

        xs_kit_put("/a/x", bad[i]);
        xs_kit_put("/a/y", "2");
        CHECK_OK(hd_xs_read_all(xs, values, 3, &err), &err);
        CU_ASSERT_EQUAL(values[0].there, -1);
        CU_ASSERT_EQUAL(values[1].there, 0);
        CU_ASSERT_EQUAL(values[2].there, 1);
        CU_ASSERT_STRING_EQUAL(y, "2");
    }
}

static void what_xenstored_refuses_to_read_is_named(void)
{
    char x[4];
    struct hd_xs_value value = {.path = "/a/x", .buf = x, .size = 4};
    hd_auto(hd_xs) xs = begin();
    struct hd_err err = {0};

    xs_kit.read_errno = EACCES;
    CHECK_FAILS(hd_xs_read_all(xs, &value, 1, &err), &err, HD_E_IO,
                "cannot read xenstore /a/x");
    CU_ASSERT_EQUAL(value.there, -1);
    xs_kit_reset();
    xs_kit_put("/a/x", "1");
    CHECK_OK(hd_xs_read_all(xs, &value, 1, &err), &err);
    CU_ASSERT_EQUAL(value.there, 1);
}

static void of_answers_that_are_torn_off_or_crossed_none_counts(void)
{
    char x[4];
    struct hd_xs_value value = {.path = "/a/x", .buf = x, .size = 4};

    for (int i = 0; i < 2; i++) {
        hd_auto(hd_xs) xs = begin();
        struct hd_err err = {0};

        xs_kit_put("/a/x", "1");
        *(i ? &xs_kit.torn_at : &xs_kit.crossed_at) = 1;
        CHECK_FAILS(hd_xs_read_all(xs, &value, 1, &err), &err, HD_E_IO,
                    "cannot read xenstore /a/x");
        CU_ASSERT_EQUAL(value.there, -1);
        CHECK_OK(hd_xs_read_all(xs, &value, 1, &err), &err);
        CU_ASSERT_EQUAL(value.there, 1);
    }
}

static void a_request_that_no_xenstored_takes_is_not_sent(void)
{
    static char value[5000];
    hd_auto(hd_xs) xs = begin();
    struct hd_err err = {0};

    memset(value, 'v', sizeof(value) - 1);
    CHECK_FAILS(hd_xs_write(xs,
                            (struct hd_xs_node[]){{"/a", "1"}, {"/b", value}},
                            2, &err),
                &err, HD_E_IO, "a transaction");
    CU_ASSERT_EQUAL(xs_kit_count(), 0);
    CHECK_OK(hd_xs_write(xs, two, 2, &err), &err);
}

/* What was left in the middle has ended once somebody else was heard. */
static void go_on(void)
{
    struct hd_err err = {0};

    xs_kit.stall_at = 0;
    CHECK_OK(hd_xs_answers(hd_io_now_ms() + 10000, &err), &err);
}

/* The start, two nodes, the end, which then has been done. */
static void a_stall_anywhere_ends_and_leaves_all_or_nothing(void)
{
    for (int i = 1; i <= 4; i++) {
        struct hd_xs_bulk *bulk = NULL;
        struct hd_err err = {0};
        const char *at;

        xs_kit_reset();
        CHECK_OK(hd_xs_bulk_open(&bulk, 50, &err), &err);
        xs_kit.stall_at = i;
        CU_ASSERT_FALSE(hd_xs_bulk_make(bulk, NULL, 0, two, 2, &at));
        CU_ASSERT_EQUAL(errno, ETIMEDOUT);
        hd_xs_bulk_free(bulk);
        go_on();
        CU_ASSERT_EQUAL(xs_kit_count(), i < 4 ? 0 : 2);
    }
}

static void a_xenstored_that_is_silent_is_named_at_the_deadline(void)
{
    struct hd_err err = {0};

    xs_kit_reset();
    CHECK_OK(hd_xs_answers(hd_io_now_ms() + 10000, &err), &err);
    xs_kit.stall_at = 1;
    CHECK_FAILS(hd_xs_answers(hd_io_now_ms() + 50, &err), &err, HD_E_TIMEOUT,
                "xenstored does not answer");
    go_on();
    xs_kit.torn_at = 1;
    CHECK_FAILS(hd_xs_answers(hd_io_now_ms() + 10000, &err), &err, HD_E_NO_XEN,
                "hangs up");
}

static void names_are_listed_once_and_none_where_there_is_nothing(void)
{
    hd_auto(hd_xs) xs = begin();
    hd_autofree char **names = NULL;
    struct hd_err err = {0};
    size_t n;

    xs_kit_put("/a/x/1", "");
    xs_kit_put("/a/x/2", "");
    xs_kit_put("/a/yy", "");
    CHECK_OK(hd_xs_list(xs, "/a", &names, &n, &err), &err);
    CU_ASSERT_EQUAL_FATAL(n, 2);
    CU_ASSERT_STRING_EQUAL(names[0], "x");
    CU_ASSERT_STRING_EQUAL(names[1], "yy");
    free(hd_steal(&names));
    CHECK_OK(hd_xs_list(xs, "/none", &names, &n, &err), &err);
    CU_ASSERT_EQUAL(n, 0);
}

/* More than a message has room for, as a host of many domains has. */
static void put_many(void)
{
    char path[64];

    for (int i = 0; i < 200; i++) {
        snprintf(path, sizeof(path), "/m/%03d-a-name-that-has-some-length-so",
                 i);
        xs_kit_put(path, "");
    }
}

static void a_list_that_is_longer_than_a_message_is_whole(void)
{
    hd_auto(hd_xs) xs = begin();
    hd_autofree char **names = NULL;
    struct hd_err err = {0};
    size_t n;

    put_many();
    CHECK_OK(hd_xs_list(xs, "/m", &names, &n, &err), &err);
    CU_ASSERT_EQUAL_FATAL(n, 200);
    for (size_t i = 0; i < n; i++)
        CU_ASSERT_EQUAL(strtoul(names[i], NULL, 10), i);
}

static void a_list_that_changes_as_it_is_read_is_read_anew(void)
{
    static const int changes[] = {1, 2, 5};

    for (size_t i = 0; i < HD_ARRAY_LEN(changes); i++) {
        hd_auto(hd_xs) xs = begin();
        hd_autofree char **names = NULL;
        struct hd_err err = {0};
        size_t n;

        put_many();
        xs_kit.relists = changes[i];
        CHECK_OK(hd_xs_list(xs, "/m", &names, &n, &err), &err);
        CU_ASSERT_EQUAL(n, 200);
        CU_ASSERT_EQUAL(xs_kit.relists, 0);
    }
}

static void a_list_that_changes_without_end_is_given_up(void)
{
    hd_auto(hd_xs) xs = begin();
    struct hd_err err = {0};
    char **names;
    size_t n;

    put_many();
    xs_kit.relists = 1000;
    CHECK_FAILS(hd_xs_list(xs, "/m", &names, &n, &err), &err, HD_E_IO,
                "cannot list xenstore /m");
    CU_ASSERT_PTR_NULL(names);
    CU_ASSERT_EQUAL(n, 0);
}

static void what_there_is_none_of_is_not_made_by_an_update(void)
{
    hd_auto(hd_xs) xs = begin();
    struct hd_err err = {0};

    CU_ASSERT_EQUAL(hd_xs_update(xs, "/a/x", "1", &err), 0);
    CU_ASSERT_PTR_NULL(xs_kit_get("/a/x"));
    xs_kit_put("/a/x", "0");
    xs_kit.races = 2;
    CU_ASSERT_EQUAL(hd_xs_update(xs, "/a/x", "1", &err), 1);
    CU_ASSERT_TRUE(xs_kit_is("/a/x", "1"));
}

static const struct hd_test tests[] = {
    HD_TEST(hundreds_of_nodes_are_one_transaction),
    HD_TEST(what_is_not_there_is_removed_with_what_is),
    HD_TEST(an_answer_that_is_torn_off_is_an_error_and_the_next_is_heard),
    HD_TEST(an_answer_to_another_request_is_none),
    HD_TEST(many_nodes_are_read_in_one_wait),
    HD_TEST(a_value_that_is_none_keeps_none_of_the_others),
    HD_TEST(what_xenstored_refuses_to_read_is_named),
    HD_TEST(of_answers_that_are_torn_off_or_crossed_none_counts),
    HD_TEST(a_request_that_no_xenstored_takes_is_not_sent),
    HD_TEST(a_stall_anywhere_ends_and_leaves_all_or_nothing),
    HD_TEST(a_xenstored_that_is_silent_is_named_at_the_deadline),
    HD_TEST(names_are_listed_once_and_none_where_there_is_nothing),
    HD_TEST(a_list_that_is_longer_than_a_message_is_whole),
    HD_TEST(a_list_that_changes_as_it_is_read_is_read_anew),
    HD_TEST(a_list_that_changes_without_end_is_given_up),
    HD_TEST(what_there_is_none_of_is_not_made_by_an_update),
};
HD_SUITE("bus/xs_bulk", tests);
