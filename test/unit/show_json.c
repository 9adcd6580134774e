/* SPDX-License-Identifier: MIT */
/* Tests hv/cli/show_json: what a terminal obeys is escaped, and is the same to
 * a parser. */
#include "../../hv/cli/show_json.h"

#include <string.h>

#include "unit.h"

static void check(const char *json, const char *want)
{
    char got[256];

    CU_ASSERT_TRUE_FATAL(6 * strlen(json) + 1 <= sizeof(got));
    hd_show_json_escape(json, got);
    CU_ASSERT_STRING_EQUAL(got, want);
}

static void what_a_person_reads_stays(void)
{
    check("{\"a\": [1, \"\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7\"]}\n",
          "{\"a\": [1, \"\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7\"]}\n");
    check("", "");
}

static void what_a_terminal_obeys_is_escaped(void)
{
    check("\"\x7f\"", "\"\\u007f\"");
    check("\"\xc2\x9b"
          "2J\"",
          "\"\\u009b2J\"");                   /* CSI of eight bits */
    check("\"\xe2\x80\xae\"", "\"\\u202e\""); /* from right to left */
    check("\"\xf0\x9f\xbf\xbe\"", "\"\\ud83f\\udffe\""); /* no character */
    check("\"\xff\xc3\"", "\"\\ufffd\\ufffd\"");         /* no UTF-8 */
}

static void a_parser_reads_the_same(void)
{
    const char text[] = "\xc2\x9b \x7f \xe2\x80\xae \xc3\xa4";
    struct json_object *o = json_object_new_string(text), *again;
    char got[256];

    hd_show_json_escape(json_object_to_json_string(o), got);
    again = json_tokener_parse(got);
    CU_ASSERT_STRING_EQUAL(json_object_get_string(again), text);
    json_object_put(o);
    json_object_put(again);
}

static const struct hd_test tests[] = {
    HD_TEST(what_a_person_reads_stays),
    HD_TEST(what_a_terminal_obeys_is_escaped),
    HD_TEST(a_parser_reads_the_same),
};
HD_SUITE("cli/show_json", tests);
