/* SPDX-License-Identifier: MIT */
/* Tests hv/plan/map_text with texts of ours and of nobody's. */
#include <stdlib.h>
#include <string.h>

#include "../../hv/plan/json_read.h"
#include "../../hv/plan/map_text.h"
#include "../../hv/plan/plan_json.h"
#include "map_kit.h"

static int read_text(const char *text, struct json_object **ret,
                     struct hd_err *err)
{
    return hd_map_text_read(text, strlen(text), ret, err);
}

static void refused(const char *text, const char *words)
{
    struct json_object *map = NULL;
    struct hd_err err = {0};

    CHECK_FAILS(read_text(text, &map, &err), &err, HD_E_FAILED, words);
    CU_ASSERT_PTR_NULL(map);
}

static void a_map_comes_back_as_it_went(void)
{
    hd_autofree struct map_kit *k = map_kit_new();
    struct json_object *went, *came;
    hd_auto(hd_map) map = NULL;
    struct hd_err err = {0};

    map_kit_wish(k, HD_CLASS_SOUND, HD_LEVEL_REQUIRED, "speaker");
    map = map_kit_make(k);
    went = hd_map_to_json(map);
    CHECK_OK(read_text(json_object_to_json_string(went), &came, &err), &err);
    CU_ASSERT(json_object_equal(went, came));
    CU_ASSERT_PTR_NOT_NULL(hd_map_text_guest(came, "desk"));
    CU_ASSERT_PTR_NULL(hd_map_text_guest(came, "nobody"));
    json_object_put(came);
    json_object_put(went);
}

static void what_plan_and_explain_print_is_taken_too(void)
{
    static const char *const texts[] = {
        "{\"map\": {\"store\": \"travel\", \"guests\": [{\"guest\": \"desk\","
        " \"rows\": []}]}, \"plan\": {\"steps\": [{\"path\": \"x\"}]}}",
        "{\"guest\": \"desk\", \"rows\": [], \"later\": [1]}\n",
    };

    for (size_t i = 0; i < HD_ARRAY_LEN(texts); i++) {
        struct json_object *map;
        struct hd_err err = {0};

        CHECK_OK(read_text(texts[i], &map, &err), &err);
        CU_ASSERT_PTR_NOT_NULL(hd_map_text_guest(map, "desk"));
        json_object_put(map);
    }
}

static void what_is_no_map_is_refused(void)
{
    refused("", "no JSON object");
    refused("hello", "no JSON object");
    refused("[1, 2]", "no JSON object");
    refused("{\"rows\": []} more", "no JSON object");
    refused("{\"guest\": \"\xff\", \"rows\": []}", "no JSON object");
    refused("{}", "no list of guests");
    refused("{\"map\": 7}", "the map is no object");
    refused("{\"guests\": {}}", "no list of guests");
    refused("{\"guests\": [7]}", "a guest is no object");
    refused("{\"guests\": [{\"guest\": \"desk\"}]}", "no list of rows");
}

static void a_value_of_another_type_is_refused(void)
{
    refused("{\"guest\": 7, \"rows\": []}", "guest is no string");
    refused("{\"rows\": []}", "a guest has no name");
    refused("{\"guest\": \"desk\", \"starts\": \"yes\", \"rows\": []}",
            "starts is no boolean");
    refused("{\"guest\": \"desk\", \"rows\": [null]}", "a row is no object");
    refused("{\"guest\": \"desk\", \"rows\": [{\"how\": [\"pv\"]}]}",
            "how is no string");
    refused("{\"guest\": \"desk\", \"rows\": [{\"given\": 1.5}]}",
            "given is no int");
    refused("{\"guest\": \"a\\u0000b\", \"rows\": []}", "guest has a NUL");
}

static void deep_nesting_is_refused(void)
{
    enum { LEVELS = 100000 };
    hd_autofree char *text = malloc(LEVELS + 64);

    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    strcpy(text, "{\"guest\": \"desk\", \"rows\": [], \"x\": ");
    memset(text + strlen(text), '[', LEVELS);
    text[LEVELS + 33] = '\0';
    refused(text, "no JSON object");
}

/* {"guest": "desk", "rows": [{},{},...]} and the same of guests. */
static void lists_are_as_long_as_a_store_can_have_them(void)
{
    enum { MANY = 1000 };
    hd_autofree char *rows = malloc(4 * MANY + 64);
    char *at = rows;

    CU_ASSERT_PTR_NOT_NULL_FATAL(rows);
    at += sprintf(at, "{\"guest\": \"desk\", \"rows\": [");
    for (int i = 0; i < MANY; i++)
        at += sprintf(at, "%s{}", i ? "," : "");
    strcpy(at, "]}");
    refused(rows, "more than 67 rows");
    memcpy(rows, "{\"store\": \"desk\",\"guests\":", 26);
    refused(rows, "more than 64 guests");
}

static void a_text_of_100_mb_is_not_parsed(void)
{
    struct json_object *map;
    struct hd_err err = {0};

    /* Its length alone refuses it: nothing is behind this byte. */
    CHECK_FAILS(hd_map_text_read("{", 100000000, &map, &err), &err, HD_E_FAILED,
                "larger than 16 MiB");
}

static void what_stands_behind_a_nul_is_not_overlooked(void)
{
    struct hd_err err = {0};

    CU_ASSERT_PTR_NULL(
        hd_json_read("{}\0{}", 5, 4, HD_E_FAILED, "the text", &err));
    CU_ASSERT_EQUAL(err.code, HD_E_FAILED);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "the text is no JSON object"));
}

static const struct hd_test tests[] = {
    HD_TEST(what_stands_behind_a_nul_is_not_overlooked),
    HD_TEST(a_map_comes_back_as_it_went),
    HD_TEST(what_plan_and_explain_print_is_taken_too),
    HD_TEST(what_is_no_map_is_refused),
    HD_TEST(a_value_of_another_type_is_refused),
    HD_TEST(deep_nesting_is_refused),
    HD_TEST(lists_are_as_long_as_a_store_can_have_them),
    HD_TEST(a_text_of_100_mb_is_not_parsed),
};

HD_SUITE("plan/map_text", tests);
