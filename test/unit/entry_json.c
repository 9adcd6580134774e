/* SPDX-License-Identifier: MIT */
/* Tests entries as JSON, on both sides: dom-guest/entry_json and value_words,
 * and hv/control/registry_json. */
#include "../../dom-guest/entry_json.h"

#include <stdlib.h>
#include <string.h>

#include "../../dom-guest/value_words.h"
#include "../../hv/control/registry_json.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

static const char everything[] =
    "{\n"
    " \"guest/a\": \"t\\u00e4xt \\\"\\\\ \\n\\ud83d\\ude00\\u0001\",\n"
    " \"guest/b\": -17, \"guest/c\": true,\n"
    " \"guest/d\": {\"bytes\": \"AAH/\"},\n"
    " \"guest/e\": [\"one\", \"\"], \"guest/f\": [], \"guest/g\": null}\n";

/* All of them as one object. */
static char *written(const struct hd_entries *e)
{
    const char *at = e->data, *before = "";
    size_t left = e->used, len;
    char *text = NULL;
    FILE *out = open_memstream(&text, &len);
    struct hd_entry one;

    fputc('{', out);
    while (hd_entries_next(&at, &left, &one, NULL) > 0) {
        fprintf(out, "%s\"%s\":", before, one.key);
        hd_entry_json_value(&one.value, out);
        before = ",";
    }
    fputc('}', out);
    fclose(out);
    return text;
}

static void what_is_read_is_written_again(void)
{
    struct hd_entries e = {.max = 4096}, again = {.max = 4096};
    hd_autofree char *text = NULL;
    struct hd_err err;

    CHECK_OK(hd_entry_json_parse(everything, strlen(everything), &e, &err),
             &err);
    text = written(&e);
    CU_ASSERT_STRING_EQUAL(
        text, "{\"guest/a\":\"t\\u00e4xt \\\"\\\\ "
              "\\n\\ud83d\\ude00\\u0001\",\"guest/b\":-17,\"guest/c\":true,"
              "\"guest/d\":{\"bytes\": \"AAH/\"},\"guest/e\":[\"one\", \"\"],"
              "\"guest/f\":[],\"guest/g\":null}");
    CHECK_OK(hd_entry_json_parse(text, strlen(text), &again, &err), &err);
    CU_ASSERT_EQUAL_FATAL(again.used, e.used);
    CU_ASSERT_EQUAL(memcmp(again.data, e.data, e.used), 0);
    hd_entries_fini(&e);
    hd_entries_fini(&again);
}

static void both_sides_read_the_same(void)
{
    struct json_object *map = json_tokener_parse(everything), *list, *o;
    struct hd_entries guest = {.max = 4096}, host = {.max = 4096};
    struct hd_err err;

    CHECK_OK(hd_entry_json_parse(everything, strlen(everything), &guest, &err),
             &err);
    CHECK_OK(hd_registry_from_json(map, &host, &err), &err);
    CU_ASSERT_EQUAL_FATAL(guest.used, host.used);
    CU_ASSERT_EQUAL(memcmp(guest.data, host.data, host.used), 0);
    list = hd_registry_to_json(host.data, host.used);
    CU_ASSERT_EQUAL(json_object_array_length(list), 7);
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        const char *key;

        o = json_object_array_get_idx(list, i);
        key = json_object_get_string(json_object_object_get(o, "key"));
        CU_ASSERT_TRUE(json_object_equal(json_object_object_get(o, "value"),
                                         json_object_object_get(map, key)));
    }
    json_object_put(list);
    json_object_put(map);
    hd_entries_fini(&guest);
    hd_entries_fini(&host);
}

static void what_is_no_object_of_entries_is_refused(void)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{",
        "{\"guest/a\"}",
        "{\"guest/a\": }",
        "{\"guest/a\": \"x}",
        "{\"guest/a\": \"\n\"}",
        "{\"guest/a\": \"\\x\"}",
        "{\"guest/a\": \"\\u00\"}",
        "{\"guest/a\": \"\\u0000\"}",
        "{\"guest/a\": \"\\ud800\"}",
        "{\"guest/a\": \"\\ud800\\u0041\"}",
        "{\"guest/a\": \"\\udc00\"}",
        "{\"guest/a\": \"\\",
        "{\"guest/a\": \"\377\"}",
        "{\"guest/a\": 1.5}",
        "{\"guest/a\": 01}",
        "{\"guest/a\": 1e3}",
        "{\"guest/a\": 99999999999999999999}",
        "{\"guest/a\": [1]}",
        "{\"guest/a\": [\"x\",]}",
        "{\"guest/a\": [\"x\"",
        "{\"guest/a\": [[]]}",
        "{\"guest/a\": {\"bytes\": \"A\"}}",
        "{\"guest/a\": {\"bytes\": 1}}",
        "{\"guest/a\": {\"byte\": \"\"}}",
        "{\"guest/a\": {\"bytes\": \"\", \"b\": 1}}",
        "{\"guest//a\": 1}",
        "{\"\": 1}",
        "{\"a\\u0062\\n\": 1}",
        "{\"guest/a\": 1,}",
        "{\"guest/a\": 1} x",
        "{\"guest/a\": nul}",
    };
    struct hd_entries e = {.max = 4096};
    struct hd_err err;

    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++)
        if (hd_entry_json_parse(bad[i], strlen(bad[i]), &e, &err) != -1 ||
            err.code != HD_E_USAGE) {
            printf("\n    %s is taken\n", bad[i]);
            CU_FAIL("taken");
        }
    hd_entries_fini(&e);
}

static void a_key_that_is_too_long_is_refused_with_its_line(void)
{
    struct hd_entries e = {.max = 4096};
    char text[400] = "{\n\n\"";
    struct hd_err err;

    memset(text + 4, 'k', 300);
    strcpy(text + 304, "\": 1}");
    CHECK_FAILS(hd_entry_json_parse(text, strlen(text), &e, &err), &err,
                HD_E_USAGE, "line 3");
    CHECK_OK(hd_entry_json_parse(" { } ", 5, &e, &err), &err);
    hd_entries_fini(&e);
}

static void what_hotdomd_is_sent_that_is_no_entry_is_refused(void)
{
    static const char *const bad[] = {
        "[]",
        "{\"guest//a\": 1}",
        "{\"guest/a\": 1.5}",
        "{\"guest/a\": \"a\\u0000b\"}",
        "{\"guest/a\": [\"a\\u0000b\"]}",
        "{\"guest/a\": [1]}",
        "{\"guest/a\": [null]}",
        "{\"guest/a\": {\"bytes\": \"A\"}}",
        "{\"guest/a\": {\"bytes\": \"\", \"b\": 1}}",
        "{\"guest/a\": {}}",
    };

    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++) {
        struct json_object *map = json_tokener_parse(bad[i]);
        struct hd_entries e = {.max = 4096};
        struct hd_err err;

        CU_ASSERT_EQUAL(hd_registry_from_json(map, &e, &err), -1);
        CU_ASSERT_EQUAL(err.code, HD_E_USAGE);
        json_object_put(map);
        hd_entries_fini(&e);
    }
}

static void an_answer_becomes_an_object_and_garbage_an_error(void)
{
    struct hd_reganswer a = {.sequence = 3, .from = "guest/b"};
    struct hd_entries e = {.max = 4096};
    struct json_object *o = NULL;
    struct hd_err err;

    a.entries = "guest/a\0\2\0\0\0sx";
    a.len = 14;
    CHECK_OK(hd_reganswer_format(&a, &e, &err), &err);
    CHECK_OK(hd_registry_read_answer(&e, &o, &err), &err);
    CU_ASSERT_STRING_EQUAL(
        json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
                                              JSON_C_TO_STRING_NOSLASHESCAPE),
        "{\"sequence\":3,\"lost\":0,\"from\":\"guest/b\",\"entries\":[{\"key\":"
        "\"guest/a\",\"type\":\"string\",\"value\":\"x\"}]}");
    json_object_put(o);
    e.used--;
    CHECK_FAILS(hd_registry_read_answer(&e, &o, &err), &err, HD_E_FAILED,
                "nonsense");
    hd_entries_fini(&e);
    CHECK_FAILS(hd_registry_read_answer(&e, &o, &err), &err, HD_E_FAILED,
                "nonsense");
    hd_fail(&a.why, HD_E_LIMIT, "the registry is full");
    CHECK_OK(hd_reganswer_format(&a, &e, &err), &err);
    CHECK_FAILS(hd_registry_read_answer(&e, &o, &err), &err, HD_E_LIMIT,
                "is full");
    hd_entries_fini(&e);
}

static int words(const char *type, const char *first, const char *second,
                 struct hd_entries *e, struct hd_err *err)
{
    char *argv[] = {(char *)first, (char *)second};

    e->used = 0;
    return hd_value_words_add("guest/a", type, argv, second ? 2 : 1, e, err);
}

static void words_become_values_of_their_type(void)
{
    struct hd_entries e = {.max = 4096};
    hd_autofree char *text = NULL;
    struct hd_err err;

    CHECK_OK(words("list", "a", "b", &e, &err), &err);
    text = written(&e);
    CU_ASSERT_STRING_EQUAL(text, "{\"guest/a\":[\"a\", \"b\"]}");
    CHECK_OK(words("bytes", "AAH/", NULL, &e, &err), &err);
    CHECK_OK(words("integer", "-1", NULL, &e, &err), &err);
    CHECK_OK(words("boolean", "true", NULL, &e, &err), &err);
    CHECK_OK(words("string", "", NULL, &e, &err), &err);
    CHECK_FAILS(words("string", "a", "b", &e, &err), &err, HD_E_USAGE, "word");
    CHECK_FAILS(words("bytes", "A", NULL, &e, &err), &err, HD_E_USAGE,
                "base64");
    CHECK_FAILS(words("integer", "1x", NULL, &e, &err), &err, HD_E_USAGE,
                "no integer");
    CHECK_FAILS(words("float", "1", NULL, &e, &err), &err, HD_E_USAGE, "type");
    hd_entries_fini(&e);
}

static const struct hd_test tests[] = {
    HD_TEST(what_is_read_is_written_again),
    HD_TEST(both_sides_read_the_same),
    HD_TEST(what_is_no_object_of_entries_is_refused),
    HD_TEST(a_key_that_is_too_long_is_refused_with_its_line),
    HD_TEST(what_hotdomd_is_sent_that_is_no_entry_is_refused),
    HD_TEST(an_answer_becomes_an_object_and_garbage_an_error),
    HD_TEST(words_become_values_of_their_type),
};
HD_SUITE("dom-guest/entry_json", tests);
