/* SPDX-License-Identifier: MIT */
/* Tests hv/cli/rows and hv/cli/pick: which rows a list has, in what order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../hv/cli/client.h"
#include "../../hv/cli/pick.h"
#include "../../hv/cli/rows.h"
#include "unit.h"

static const char reply[] =
    "[{\"store\":\"travel\",\"id\":\"5c0e\",\"device\":\"sda\","
    "\"state\":\"running\",\"seconds\":9,\"guests\":["
    "{\"guest\":\"desk\",\"domid\":7,\"state\":\"running\",\"seconds\":8.5,"
    "\"memory\":100,\"vcpus\":1},"
    "{\"guest\":\"mail\",\"domid\":12,\"state\":\"paused\",\"seconds\":99,"
    "\"memory\":300,\"vcpus\":2}]},"
    "{\"store\":null,\"id\":null,\"device\":\"sdb\",\"state\":\"refused\","
    "\"seconds\":1,\"guests\":[]},"
    "{\"store\":\"lab\",\"id\":\"77aa\",\"device\":\"sdc\","
    "\"state\":\"running\",\"seconds\":9,\"guests\":["
    "{\"guest\":\"desk\",\"domid\":3,\"state\":\"running\",\"seconds\":80,"
    "\"memory\":200,\"vcpus\":4}]}]";

/* "travel.desk sdb lab.desk": the rows there are. */
static const char *rows_of(const struct hd_rows_wish *wish, struct hd_err *err)
{
    static char text[200];
    struct json_object *stores = json_tokener_parse(reply);
    struct hd_row *rows;
    size_t n;

    *text = '\0';
    if (hd_rows_choose(stores, wish, &rows, &n, err)) {
        json_object_put(stores);
        return NULL;
    }
    for (size_t i = 0; i < n; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s%s%s",
                 i ? " " : "", hd_pick_title(rows[i].store),
                 rows[i].guest ? "." : "",
                 hd_client_text(rows[i].guest, "guest"));
    free(rows);
    json_object_put(stores);
    return text;
}

static const char *named(char *const *words, size_t n, struct hd_err *err)
{
    return rows_of(&(struct hd_rows_wish){.words = words, .n_words = n}, err);
}

static void without_a_wish_all_rows_are_there_as_they_came(void)
{
    struct hd_err err = {0};

    CU_ASSERT_STRING_EQUAL(named(NULL, 0, &err),
                           "travel.desk travel.mail sdb lab.desk");
}

static void a_word_is_a_store_or_a_guest_and_exact(void)
{
    static const struct {
        char *word;
        const char *want;
    } cases[] = {
        {"travel", "travel.desk travel.mail"},
        {"5c0e", "travel.desk travel.mail"},
        {"/dev/sdb", "sdb"},
        {"sdb", "sdb"},
        {"desk", "travel.desk lab.desk"},
        {"lab.desk", "lab.desk"},
        {"12", "travel.mail"},
    };
    static char *const wrong[] = {"trav",        "travel.",     "1",  "",
                                  "/dev/travel", "desk.travel", "-1", "012"};
    struct hd_err err = {0};

    for (size_t i = 0; i < HD_ARRAY_LEN(cases); i++)
        CU_ASSERT_STRING_EQUAL(named(&cases[i].word, 1, &err), cases[i].want);
    for (size_t i = 0; i < HD_ARRAY_LEN(wrong); i++) {
        CU_ASSERT_PTR_NULL(named(&wrong[i], 1, &err));
        CU_ASSERT_EQUAL(err.code, HD_E_NO_GUEST);
    }
}

static void one_word_that_means_nothing_fails_the_whole(void)
{
    static char *const words[] = {"lab", "nobody"};
    struct hd_err err = {0};

    CU_ASSERT_PTR_NULL(named(words, 2, &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "called \"nobody\""));
}

static void the_state_is_the_guests_or_that_of_a_store_without(void)
{
    struct hd_err err = {0};

    CU_ASSERT_STRING_EQUAL(
        rows_of(&(struct hd_rows_wish){.state = "running"}, &err),
        "travel.desk lab.desk");
    CU_ASSERT_STRING_EQUAL(
        rows_of(&(struct hd_rows_wish){.state = "refused"}, &err), "sdb");
    CU_ASSERT_STRING_EQUAL(
        rows_of(&(struct hd_rows_wish){.state = "locked"}, &err), "");
}

static void each_key_sorts_and_ties_keep_their_order(void)
{
    static const struct {
        const char *key, *want;
    } cases[] = {
        {"store", "lab.desk sdb travel.desk travel.mail"},
        {"guest", "sdb travel.desk lab.desk travel.mail"},
        {"id", "lab.desk travel.desk travel.mail sdb"},
        {"state", "travel.mail sdb travel.desk lab.desk"},
        {"mem", "travel.mail lab.desk travel.desk sdb"},
        {"vcpus", "lab.desk travel.mail travel.desk sdb"},
        {"uptime", "lab.desk travel.desk travel.mail sdb"},
    };
    struct hd_err err = {0};

    for (size_t i = 0; i < HD_ARRAY_LEN(cases); i++)
        CU_ASSERT_STRING_EQUAL(
            rows_of(&(struct hd_rows_wish){.sort = cases[i].key}, &err),
            cases[i].want);
}

static void an_unknown_state_or_key_is_told_what_there_is(void)
{
    struct hd_err err = {0};

    CHECK_FAILS(hd_rows_check(&(struct hd_rows_wish){.sort = "name"}, &err),
                &err, HD_E_USAGE, "store, guest, id, state, mem");
    CHECK_FAILS(hd_rows_check(&(struct hd_rows_wish){.state = "up"}, &err),
                &err, HD_E_USAGE, "running, paused");
    CU_ASSERT_EQUAL(
        hd_rows_check(
            &(struct hd_rows_wish){.state = "paused", .sort = "uptime"}, &err),
        0);
}

static void rows_become_stores_again_with_those_guests_alone(void)
{
    struct json_object *stores = json_tokener_parse(reply), *chosen, *first;
    struct hd_rows_wish wish = {.sort = "mem", .state = "running"};
    struct hd_err err = {0};
    struct hd_row *rows;
    size_t n;

    CU_ASSERT_EQUAL_FATAL(hd_rows_choose(stores, &wish, &rows, &n, &err), 0);
    chosen = hd_rows_stores(rows, n);
    CU_ASSERT_EQUAL_FATAL(json_object_array_length(chosen), 2);
    CU_ASSERT_STRING_EQUAL(hd_pick_title(json_object_array_get_idx(chosen, 0)),
                           "lab");
    first = json_object_array_get_idx(chosen, 1);
    CU_ASSERT_STRING_EQUAL(hd_pick_title(first), "travel");
    CU_ASSERT_EQUAL(
        json_object_array_length(json_object_object_get(first, "guests")), 1);
    json_object_put(chosen);
    /* What was chosen from is whole. */
    CU_ASSERT_EQUAL(json_object_array_length(json_object_object_get(
                        json_object_array_get_idx(stores, 0), "guests")),
                    2);
    free(rows);
    json_object_put(stores);
}

static const struct hd_test tests[] = {
    HD_TEST(without_a_wish_all_rows_are_there_as_they_came),
    HD_TEST(a_word_is_a_store_or_a_guest_and_exact),
    HD_TEST(one_word_that_means_nothing_fails_the_whole),
    HD_TEST(the_state_is_the_guests_or_that_of_a_store_without),
    HD_TEST(each_key_sorts_and_ties_keep_their_order),
    HD_TEST(an_unknown_state_or_key_is_told_what_there_is),
    HD_TEST(rows_become_stores_again_with_those_guests_alone),
};

HD_SUITE("cli/rows", tests);
