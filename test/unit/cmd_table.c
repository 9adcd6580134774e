/* SPDX-License-Identifier: MIT */
/* Tests hv/cli/cmd_table: what is asked of hotdomd, and how the answer looks,
 * to a person and to a program. */
#include <string.h>

#include "cli_kit.h"

#define WORDS(...) ((const char *const[]){"table", "desk", __VA_ARGS__, NULL})
#define RUN(turn, err, ...)                                                    \
    cli_kit_run(hd_cmd_table, WORDS(__VA_ARGS__), turn, 1, err)

#define GUEST "{\"guest\":\"desk\""

static void check_usage(const char *const *words, const char *sentence)
{
    static const struct cli_kit_turn nothing = {NULL, NULL};
    struct hd_err err = {0};

    CHECK_FAILS(cli_kit_run(hd_cmd_table, words, &nothing, 0, &err), &err,
                HD_E_USAGE, sentence);
}

static void entries_are_listed_with_the_policys_word(void)
{
    static const struct cli_kit_turn turn = {
        "Table " GUEST "}",
        "{\"store\":\"travel\",\"guest\":\"desk\",\"entries\":["
        "{\"path\":\"/a\\u001b\",\"side\":\"host\",\"from\":\"manifest\","
        "\"allowed\":false},"
        "{\"path\":\"/a/b\",\"side\":\"guest\",\"from\":\"operator\","
        "\"allowed\":true}]}"};
    struct hd_err err = {0};

    CHECK_OK(RUN(&turn, &err, "list"), &err);
    CHECK_PRINTS("SIDE   FROM      POLICY   PATH\n"
                 "host   manifest  no       /a\\x1b\n"
                 "guest  operator  -        /a/b\n");
    CHECK_OK(RUN(&turn, &err, "list", "--json"), &err);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(cli_kit_printed, "      \"path\":\"/a\\u001b\",\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(cli_kit_printed, "\"allowed\":false\n"));
}

static void the_entry_that_decides_is_shown_if_there_is_one(void)
{
    static const struct cli_kit_turn one = {
        "TableWhich " GUEST ",\"path\":\"/a/x\"}",
        "{\"path\":\"/a/x\",\"side\":\"host\",\"entry\":\"/a\",\"from\":"
        "\"manifest\"}"};
    static const struct cli_kit_turn none = {
        "TableWhich " GUEST ",\"path\":\"/x\"}",
        "{\"path\":\"/x\",\"side\":\"guest\",\"entry\":null,\"from\":null}"};
    struct hd_err err = {0};

    CHECK_OK(RUN(&one, &err, "which", "/a/x"), &err);
    CHECK_PRINTS("/a/x: host, by /a of the manifest\n");
    CHECK_OK(RUN(&none, &err, "which", "/x"), &err);
    CHECK_PRINTS("/x: guest, for no entry covers it\n");
    CHECK_OK(RUN(&none, &err, "which", "/x", "--json"), &err);
    CU_ASSERT_PTR_NOT_NULL(strstr(cli_kit_printed, "\"entry\":null,\n"));
}

static void an_entry_is_added_to_a_side_or_removed(void)
{
#define ANSWER                                                                 \
    "{\"store\":\"travel\",\"guest\":\"desk\",\"path\":\"/a\",\"message\":"    \
    "\"/a is it\"}"
    static const struct cli_kit_turn add = {
        "TableAdd " GUEST ",\"path\":\"/a\"}", ANSWER};
    static const struct cli_kit_turn include = {
        "TableAdd " GUEST ",\"path\":\"/a\",\"side\":\"guest\"}", ANSWER};
    static const struct cli_kit_turn remove = {
        "TableRemove " GUEST ",\"path\":\"/a\"}", ANSWER};
    struct hd_err err = {0};

    CHECK_OK(RUN(&add, &err, "add", "/a"), &err);
    CHECK_PRINTS("travel.desk: /a is it\n");
    CHECK_OK(RUN(&include, &err, "add", "/a", "--inclusion", "--json"), &err);
    CU_ASSERT_PTR_NOT_NULL(strstr(cli_kit_printed, "\"message\":\"/a is it\""));
    CHECK_OK(RUN(&remove, &err, "rm", "/a", "--json"), &err);
    CU_ASSERT_PTR_NOT_NULL(strstr(cli_kit_printed, "\"path\":\"/a\",\n"));
}

static void what_is_asked_for_is_logged_a_line_each(void)
{
    static const struct cli_kit_turn turn = {
        "TableLog " GUEST "}",
        "{\"path\":\"/a/\\u001bx\",\"side\":\"host\",\"entry\":\"/a\","
        "\"asked\":\"opened\",\"lost\":3}"};
    struct hd_err err = {0};

    CHECK_OK(RUN(&turn, &err, "log"), &err);
    CHECK_PRINTS("(3 more)\nhost   opened     /a/\\x1bx  by /a\n");
    CHECK_OK(RUN(&turn, &err, "log", "--json"), &err);
    CHECK_PRINTS("{\"path\":\"/a/\\u001bx\",\"side\":\"host\",\"entry\":\"/a\","
                 "\"asked\":\"opened\",\"lost\":3}\n");
}

static void odd_words_are_usage_errors(void)
{
    check_usage(WORDS("show"), "say list, which, add, rm or log");
    check_usage(WORDS("add"), "name one path");
    check_usage(WORDS("rm", "/a", "/b"), "name one path");
    check_usage(WORDS("list", "/a"), "it takes no path");
    check_usage(WORDS("rm", "/a", "--inclusion"), "--inclusion belongs to add");
    check_usage(WORDS("list", "--xyz"), "unknown option --xyz");
}

static const struct hd_test tests[] = {
    HD_TEST(entries_are_listed_with_the_policys_word),
    HD_TEST(the_entry_that_decides_is_shown_if_there_is_one),
    HD_TEST(an_entry_is_added_to_a_side_or_removed),
    HD_TEST(what_is_asked_for_is_logged_a_line_each),
    HD_TEST(odd_words_are_usage_errors),
};
HD_SUITE("cli/cmd_table", tests);
