/* SPDX-License-Identifier: MIT */
/* Tests hv/cli/cmd_registry and show_entry: what is asked of a guest's agent,
 * and what of its answers reaches a terminal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "cli_kit.h"

#define WORDS(...)                                                             \
    ((const char *const[]){"registry", "desk", __VA_ARGS__, NULL})
#define RUN(turns, err, ...)                                                   \
    cli_kit_run(hd_cmd_registry, WORDS(__VA_ARGS__), turns,                    \
                HD_ARRAY_LEN(turns), err)

#define ASK(op)        "Registry {\"guest\":\"desk\",\"op\":\"" op "\""
#define ASK_KEY(op, k) ASK(op) ",\"key\":\"" k "\""
#define OF(sequence, entries)                                                  \
    "{\"sequence\":" sequence ",\"lost\":0,\"entries\":[" entries "]}"
#define ENTRY(key, value)                                                      \
    "{\"key\":\"" key "\",\"type\":\"string\",\"value\":\"" value "\"}"
#define GONE(key) "{\"key\":\"" key "\",\"type\":null,\"value\":null}"

static const struct cli_kit_turn nothing[] = {{NULL, NULL}};

/* What is refused before anybody is asked. */
static void check_usage(const char *const *words, const char *sentence)
{
    struct hd_err err = {0};

    CHECK_FAILS(cli_kit_run(hd_cmd_registry, words, nothing, 0, &err), &err,
                HD_E_USAGE, sentence);
}

/* ---- changed */

static void a_value_is_set_as_the_type_that_is_named(void)
{
    static const struct {
        const char *words[8], *entries;
    } all[] = {
        {{"x"}, "\"x\""},
        {{"x", "--type", "string"}, "\"x\""},
        {{"17", "--type", "integer"}, "17"},
        {{"--type", "integer", "--", "-17"}, "-17"},
        {{"true", "--type", "boolean"}, "true"},
        {{"false", "--type=boolean"}, "false"},
        {{"aGFsbG8=", "--type", "bytes"}, "{\"bytes\":\"aGFsbG8=\"}"},
        {{"x", "y z", "--type", "list"}, "[\"x\",\"y z\"]"},
    };
    struct hd_err err = {0};

    for (size_t i = 0; i < HD_ARRAY_LEN(all); i++) {
        const char *words[12] = {"registry", "desk", "set", "guest/a"};
        struct cli_kit_turn turn = {.answer = "{}"};
        char asked[256];

        memcpy(words + 4, all[i].words, sizeof(all[i].words));
        snprintf(asked, sizeof(asked),
                 ASK("set") ",\"entries\":{\"guest/a\":%s}}", all[i].entries);
        turn.asked = asked;
        CHECK_OK(cli_kit_run(hd_cmd_registry, words, &turn, 1, &err), &err);
        CHECK_PRINTS("");
    }
}

static void what_is_no_value_of_its_type_is_refused(void)
{
    check_usage(WORDS("set", "guest/a"), "set takes a key and a value");
    check_usage(WORDS("set", "guest/a", "x", "y"), "a key and a value");
    check_usage(WORDS("set", "guest/a", "yes", "--type", "boolean"),
                "\"yes\" is no boolean");
    check_usage(WORDS("set", "guest/a", "1x", "--type", "integer"),
                "\"1x\" is no integer");
    check_usage(WORDS("set", "guest/a", "", "--type", "integer"),
                "\"\" is no integer");
    check_usage(
        WORDS("set", "guest/a", "99999999999999999999", "--type", "integer"),
        "is no integer");
    check_usage(WORDS("set", "guest/a", "1.5", "--type", "real"),
                "string, integer, boolean, bytes or list");
}

static void keys_are_removed_together(void)
{
    static const struct cli_kit_turn turn[] = {
        {ASK("set") ",\"entries\":{\"guest/a\":null,\"guest/b\":null}}", "{}"}};
    struct hd_err err = {0};

    CHECK_OK(RUN(turn, &err, "rm", "guest/a/", "guest/b/"), &err);
    CHECK_PRINTS("");
    check_usage(WORDS("rm"), "rm takes keys");
}

/* Of a file with that text; `replace` NULL: what is there stays. */
static int import(const char *text, const char *replace,
                  const struct cli_kit_turn *turns, size_t n,
                  struct hd_err *err)
{
    const char *words[] = {"registry",  "desk",  "import", NULL,
                           "--replace", replace, NULL};
    char path[] = "/tmp/hd-unit-XXXXXX";
    int fd = mkstemp(path), rc;

    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(hd_io_write(fd, text, strlen(text), err), 0);
    close(fd);
    words[3] = path;
    if (!replace)
        words[4] = NULL;
    rc = cli_kit_run(hd_cmd_registry, words, turns, n, err);
    unlink(path);
    return rc;
}

static void a_file_is_imported_whole_and_may_replace_what_is_there(void)
{
    static const char text[] = "{\"guest/a\": 1, \"guest/b\": null}\n";
    static const struct cli_kit_turn set[] = {
        {ASK("set") ",\"entries\":{\"guest/a\":1,\"guest/b\":null}}", "{}"}};
    static const struct cli_kit_turn replace[] = {
        {ASK_KEY("replace", "guest/x") ",\"entries\":{\"guest/a\":1,"
                                       "\"guest/b\":null}}",
         "{}"}};
    struct hd_err err = {0};

    CHECK_OK(import(text, NULL, set, 1, &err), &err);
    CHECK_OK(import(text, "guest/x", replace, 1, &err), &err);
    CHECK_PRINTS("");
}

static void what_is_no_object_or_too_large_is_not_imported(void)
{
    hd_autofree char *large = malloc(70000);
    struct hd_err err = {0};

    CU_ASSERT_PTR_NOT_NULL_FATAL(large);
    snprintf(large, 70000, "{\"guest/a\": \"%065000d\"}", 0);
    CHECK_FAILS(import(large, NULL, nothing, 0, &err), &err, HD_E_LIMIT,
                "has more than 60 KiB; import it in the guest");
    CHECK_FAILS(import("[]", NULL, nothing, 0, &err), &err, HD_E_USAGE,
                "is no JSON object");
    CHECK_FAILS(import("{\"guest/a\": 1", NULL, nothing, 0, &err), &err,
                HD_E_USAGE, "is no JSON object");
    check_usage(WORDS("import"), "import takes one file, or -");
}

/* ---- shown */

#define ESCAPES "a\\u001b[2Jb\\u009bc\\nd"

static void what_a_terminal_obeys_is_spelled_out_and_lines_stay_lines(void)
{
    static const struct cli_kit_turn string[] = {
        {ASK_KEY("get", "guest/a") "}", OF("1", ENTRY("guest/a", ESCAPES))}};
    static const struct cli_kit_turn list[] = {
        {ASK_KEY("get", "guest/a") "}",
         OF("1", "{\"key\":\"guest/a\",\"type\":\"list\",\"value\":[\"x\","
                 "\"" ESCAPES "\"]}")}};
    struct hd_err err = {0};

    CHECK_OK(RUN(string, &err, "get", "guest/a"), &err);
    CHECK_PRINTS("a\\x1b[2Jb\\xc2\\x9bc\nd\n");
    CHECK_OK(RUN(list, &err, "get", "guest/a"), &err);
    CHECK_PRINTS("x\na\\x1b[2Jb\\xc2\\x9bc\nd\n");
    CHECK_OK(RUN(string, &err, "get", "guest/a", "--json"), &err);
    CHECK_PRINTS("{\"key\":\"guest/a\",\"type\":\"string\",\"value\":\""
                 "a\\u001b[2Jb\\u009bc\\nd\"}\n");
}

static void what_is_no_text_is_shown_as_json(void)
{
    static const struct cli_kit_turn number[] = {
        {ASK_KEY("get", "guest/a") "}",
         OF("1", "{\"key\":\"guest/a\",\"type\":\"integer\",\"value\":17}")}};
    static const struct cli_kit_turn bytes[] = {
        {ASK_KEY("get", "guest/a") "}",
         OF("1", "{\"key\":\"guest/a\",\"type\":\"bytes\",\"value\":"
                 "{\"bytes\":\"AAE=\"}}")}};
    struct hd_err err = {0};

    CHECK_OK(RUN(number, &err, "get", "guest/a"), &err);
    CHECK_PRINTS("17\n");
    CHECK_OK(RUN(bytes, &err, "get", "guest/a"), &err);
    CHECK_PRINTS("{\"bytes\":\"AAE=\"}\n");
}

static void names_are_listed_of_all_answers(void)
{
    static const struct cli_kit_turn turns[] = {
        {ASK_KEY("ls", "guest") "}",
         "{\"sequence\":1,\"from\":\"guest/a\",\"entries\":[" ENTRY("guest/a",
                                                                    "") "]}"},
        {ASK_KEY("ls", "guest") ",\"from\":\"guest/a\"}",
         OF("1", ENTRY("guest/b/", ""))},
    };
    struct hd_err err = {0};

    CHECK_OK(RUN(turns, &err, "ls", "guest/"), &err);
    CHECK_PRINTS("guest/a\nguest/b/\n");
    CHECK_OK(RUN(turns, &err, "ls", "guest", "--json"), &err);
    CHECK_PRINTS("[\n  \"guest/a\",\n  \"guest/b/\"\n]\n");
}

static void an_agent_that_answers_without_end_is_heard_no_longer(void)
{
    static const char from[] =
        "{\"sequence\":1,\"from\":\"guest/a\",\"entries\":[]}";
    static const struct cli_kit_turn turns[] = {
        {ASK("ls") "}", from}, {ASK("ls") ",\"from\":\"guest/a\"}", from}};
    struct hd_err err = {0};

    CHECK_FAILS(RUN(turns, &err, "ls"), &err, HD_E_FAILED,
                "guest desk answers without end");
}

static void a_registry_that_changes_between_two_answers_is_no_whole(void)
{
    static const struct cli_kit_turn turns[] = {
        {ASK("export") "}",
         "{\"sequence\":1,\"from\":\"guest/a\",\"entries\":[]}"},
        {ASK("export") ",\"from\":\"guest/a\"}", OF("2", "")}};
    struct hd_err err = {0};

    CHECK_FAILS(RUN(turns, &err, "export"), &err, HD_E_BUSY,
                "has changed meanwhile");
    CHECK_PRINTS("");
}

/* ---- watched: until nobody answers */

#define CHECK_WATCH(turns, ...)                                                \
    do {                                                                       \
        struct hd_err err = {0};                                               \
        CHECK_FAILS(RUN(turns, &err, "watch", __VA_ARGS__), &err,              \
                    HD_E_TIMEOUT, "nobody answers");                           \
    } while (0)

static void changes_of_the_guests_are_watched(void)
{
    static const struct cli_kit_turn turns[] = {
        {ASK_KEY("changes", "guest/a") ",\"since\":0}", OF("7", "")},
        {ASK_KEY("changes", "guest/a") ",\"since\":7}",
         OF("9", ENTRY("guest/a/x", "1") "," GONE("guest/a/y"))},
    };

    CHECK_WATCH(turns, "guest/a/");
    CHECK_PRINTS("guest/a/x \"1\"\nguest/a/y null\n");
    CHECK_WATCH(turns, "guest/a", "--json");
    CHECK_PRINTS(ENTRY("guest/a/x", "1") "\n" GONE("guest/a/y") "\n");
}

static void changes_of_what_the_host_says_are_watched(void)
{
    static const char asked[] = ASK_KEY("export", "host/map") "}";
    static const struct cli_kit_turn turns[] = {
        {asked, OF("1", ENTRY("host/map/a", "1") "," ENTRY("host/map/b", "2"))},
        {asked, OF("1", ENTRY("host/map/b", "3") "," ENTRY("host/map/c", "4"))},
        {asked, OF("1", ENTRY("host/map/b", "3") "," ENTRY("host/map/c", "4"))},
    };

    CHECK_WATCH(turns, "host/map");
    CHECK_PRINTS("host/map/b \"3\"\nhost/map/c \"4\"\nhost/map/a null\n");
    CHECK_WATCH(turns, "host/map", "--json");
    CHECK_PRINTS(ENTRY("host/map/b", "3") "\n" ENTRY("host/map/c", "4") "\n" //
                 GONE("host/map/a") "\n");
}

static void all_is_watched_where_no_key_is_named(void)
{
    static const struct cli_kit_turn turns[] = {
        {ASK("changes") ",\"since\":0}", OF("7", "")},
        {ASK_KEY("export", "host") "}", OF("7", "")},
        {ASK_KEY("export", "store") "}", OF("7", "")},
        {ASK("changes") ",\"since\":7}", OF("8", ENTRY("guest/a", "1"))},
        {ASK_KEY("export", "host") "}", OF("8", ENTRY("host/name", "2"))},
        {ASK_KEY("export", "store") "}", OF("8", ENTRY("store/b", "3"))},
    };
    struct hd_err err = {0};

    CHECK_FAILS(RUN(turns, &err, "watch"), &err, HD_E_TIMEOUT,
                "nobody answers");
    CHECK_PRINTS("guest/a \"1\"\nhost/name \"2\"\nstore/b \"3\"\n");
}

static const struct hd_test tests[] = {
    HD_TEST(a_value_is_set_as_the_type_that_is_named),
    HD_TEST(what_is_no_value_of_its_type_is_refused),
    HD_TEST(keys_are_removed_together),
    HD_TEST(a_file_is_imported_whole_and_may_replace_what_is_there),
    HD_TEST(what_is_no_object_or_too_large_is_not_imported),
    HD_TEST(what_a_terminal_obeys_is_spelled_out_and_lines_stay_lines),
    HD_TEST(what_is_no_text_is_shown_as_json),
    HD_TEST(names_are_listed_of_all_answers),
    HD_TEST(an_agent_that_answers_without_end_is_heard_no_longer),
    HD_TEST(a_registry_that_changes_between_two_answers_is_no_whole),
    HD_TEST(changes_of_the_guests_are_watched),
    HD_TEST(changes_of_what_the_host_says_are_watched),
    HD_TEST(all_is_watched_where_no_key_is_named),
};
HD_SUITE("cli/registry", tests);
