/* SPDX-License-Identifier: MIT */
/* Tests hv/control/wire: framing, and requests from anyone who can connect. */
#include <string.h>

#include "../../hv/control/wire.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

static struct hd_request parsed(const char *text)
{
    struct hd_request req = {0};
    struct hd_err err = {0};

    CHECK_OK(hd_request_parse(text, &req, &err), &err);
    return req;
}

static void a_message_is_there_when_its_nul_is(void)
{
    struct hd_frame frame = {.max = 100};
    struct hd_err err = {0};

    CHECK_OK(hd_frame_add(&frame, "on", 2, &err), &err);
    CU_ASSERT_PTR_NULL(hd_frame_first(&frame));
    CHECK_OK(hd_frame_add(&frame, "e\0two\0th", 8, &err), &err);
    CU_ASSERT_STRING_EQUAL(hd_frame_first(&frame), "one");
    hd_frame_drop(&frame);
    CU_ASSERT_STRING_EQUAL(hd_frame_first(&frame), "two");
    hd_frame_drop(&frame);
    CU_ASSERT_PTR_NULL(hd_frame_first(&frame));
    CU_ASSERT_EQUAL(frame.used, 2);
    hd_frame_clear(&frame);
    CU_ASSERT_PTR_NULL(hd_frame_first(&frame));
}

static void a_message_beyond_the_bound_is_refused_whatever_its_pieces(void)
{
    struct hd_frame frame = {.max = HD_WIRE_REQUEST_MAX};
    struct hd_err err = {0};
    static char piece[4096];

    memset(piece, ' ', sizeof(piece));
    for (int i = 0; i < HD_WIRE_REQUEST_MAX / 4096; i++)
        CHECK_OK(hd_frame_add(&frame, piece, sizeof(piece), &err), &err);
    CHECK_FAILS(hd_frame_add(&frame, piece, 1, &err), &err, HD_E_USAGE,
                "longer than 65536");
    CU_ASSERT_EQUAL(frame.used, HD_WIRE_REQUEST_MAX);
    hd_frame_clear(&frame);
}

static void a_dropped_message_leaves_no_bytes_behind(void)
{
    struct hd_frame frame = {.max = 100};
    struct hd_err err = {0};

    CHECK_OK(hd_frame_add(&frame, "secret\0", 7, &err), &err);
    hd_frame_drop(&frame);
    for (int i = 0; i < 7; i++)
        CU_ASSERT_EQUAL(frame.buf[i], 0);
    hd_frame_clear(&frame);
}

static void a_request_gives_method_parameters_and_more(void)
{
    struct hd_request req = parsed("{\"method\":\"io.hotdom.Unlock\",\"more\":"
                                   "true,\"parameters\":{\"store\":\"a b\"}}");
    struct hd_err err = {0};
    const char *text = NULL;
    bool flag = true;

    CU_ASSERT_STRING_EQUAL(req.method, "Unlock");
    CU_ASSERT_TRUE(req.more);
    CHECK_OK(hd_request_string(&req, "store", 3, &text, &err), &err);
    CU_ASSERT_STRING_EQUAL(text, "a b");
    CHECK_OK(hd_request_string(&req, "user", 3, &text, &err), &err);
    CU_ASSERT_PTR_NULL(text);
    CHECK_OK(hd_request_bool(&req, "follow", &flag, &err), &err);
    CU_ASSERT_FALSE(flag);
    hd_request_fini(&req);
}

static void a_request_without_parameters_is_one(void)
{
    struct hd_request req = parsed("{\"method\":\"io.hotdom.List\"}");
    static const char *const none[] = {NULL};
    struct hd_err err = {0};

    CU_ASSERT_STRING_EQUAL(req.method, "List");
    CU_ASSERT_FALSE(req.more);
    CHECK_OK(hd_request_only(&req, none, &err), &err);
    hd_request_fini(&req);
}

static void what_is_no_request_is_refused(void)
{
    static const struct {
        const char *text, *words;
    } bad[] = {
        {"", "no JSON object"},
        {"{", "no JSON object"},
        {"[]", "another type"},
        {"null", "another type"},
        {"7", "another type"},
        {"\"io.hotdom.List\"", "another type"},
        {"{\"method\":\"io.hotdom.List\"} {}", "no JSON object"},
        {"{\"method\":\"io.hotdom.List\"}x", "no JSON object"},
        {"{'method':'io.hotdom.List'}", "no JSON object"},
        {"{\"method\":\"io.hotdom.List\",}", "no JSON object"},
        {"{\"method\":\"io.hotdom.\xff\"}", "no JSON object"},
        {"{}", "no method"},
        {"{\"method\":null}", "no method"},
        {"{\"method\":\"List\"}", "no method"},
        {"{\"method\":\"org.other.List\"}", "no method"},
        {"{\"method\":7}", "\"method\" must be of type string"},
        {"{\"method\":{\"a\":1}}", "\"method\" must be of type string"},
        {"{\"method\":\"io.hotdom.List\",\"parameters\":[]}",
         "\"parameters\" must be of type object"},
        {"{\"method\":\"io.hotdom.List\",\"parameters\":\"x\"}",
         "\"parameters\" must be of type object"},
        {"{\"method\":\"io.hotdom.List\",\"more\":1}",
         "\"more\" must be of type boolean"},
    };

    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++) {
        struct hd_request req = {0};
        struct hd_err err = {0};

        CHECK_FAILS(hd_request_parse(bad[i].text, &req, &err), &err, HD_E_USAGE,
                    bad[i].words);
        CU_ASSERT_PTR_NULL(req.root);
    }
}

static void deep_nesting_is_refused(void)
{
    static char deep[60001];
    struct hd_request req = {0};
    struct hd_err err = {0};

    memset(deep, '[', sizeof(deep) - 1);
    CHECK_FAILS(hd_request_parse(deep, &req, &err), &err, HD_E_USAGE,
                "nesting");
}

static void a_parameter_of_another_type_is_refused(void)
{
    struct hd_request req =
        parsed("{\"method\":\"io.hotdom.Unlock\",\"parameters\":{\"store\":"
               "7,\"user\":[\"x\"],\"follow\":\"yes\"}}");
    struct hd_err err = {0};
    const char *text = NULL;
    bool flag;

    CHECK_FAILS(hd_request_string(&req, "store", 99, &text, &err), &err,
                HD_E_USAGE, "\"store\" must be of type string");
    CHECK_FAILS(hd_request_string(&req, "user", 99, &text, &err), &err,
                HD_E_USAGE, "\"user\" must be of type string");
    CHECK_FAILS(hd_request_bool(&req, "follow", &flag, &err), &err, HD_E_USAGE,
                "\"follow\" must be of type boolean");
    CU_ASSERT_PTR_NULL(text);
    hd_request_fini(&req);
}

static void a_string_has_a_bound_and_no_control_characters(void)
{
    struct hd_request req =
        parsed("{\"method\":\"io.hotdom.Eject\",\"parameters\":{\"a\":"
               "\"12345\",\"b\":\"x\\u0000y\",\"c\":\"x\\ny\"}}");
    struct hd_err err = {0};
    const char *text = NULL;

    CHECK_OK(hd_request_string(&req, "a", 5, &text, &err), &err);
    CHECK_FAILS(hd_request_string(&req, "a", 4, &text, &err), &err, HD_E_USAGE,
                "longer than 4");
    CHECK_FAILS(hd_request_string(&req, "b", 9, &text, &err), &err, HD_E_USAGE,
                "control character");
    CHECK_FAILS(hd_request_string(&req, "c", 9, &text, &err), &err, HD_E_USAGE,
                "control character");
    hd_request_fini(&req);
}

static void an_unknown_parameter_is_named(void)
{
    struct hd_request req = parsed("{\"method\":\"io.hotdom.Eject\","
                                   "\"parameters\":{\"stroe\":\"x\"}}");
    static const char *const keys[] = {"store", NULL};
    struct hd_err err = {0};

    CHECK_FAILS(hd_request_only(&req, keys, &err), &err, HD_E_USAGE,
                "Eject takes no parameter \"stroe\"");
    hd_request_fini(&req);
}

static void an_error_keeps_its_code_and_words_over_the_wire(void)
{
    struct hd_err why = {.code = HD_E_THROTTLED, .msg = "wait \"7\" s"};
    struct hd_err err = {0};
    struct json_object *reply = hd_reply_error(&why), *parameters;
    struct json_object *again =
        json_tokener_parse(json_object_to_json_string(reply));
    bool continues;

    CHECK_FAILS(hd_reply_read(again, &parameters, &continues, &err), &err,
                HD_E_THROTTLED, "wait \"7\" s");
    json_object_put(reply);
    json_object_put(again);
}

static void a_reply_of_another_form_is_refused(void)
{
    static const struct {
        const char *text, *words;
    } bad[] = {
        {"{\"error\":7}", "hotdomd's reply: \"error\" must be"},
        {"{\"parameters\":[]}", "\"parameters\" must be"},
        {"{\"parameters\":{},\"continues\":1}", "\"continues\" must be"},
        {"{\"error\":\"io.hotdom.Error\",\"parameters\":{\"reason\":1}}",
         "\"reason\" must be"},
        {"{\"error\":\"io.hotdom.Error\",\"parameters\":{\"message\":1}}",
         "\"message\" must be"},
        {"{\"error\":\"org.varlink.service.MethodNotFound\"}",
         "org.varlink.service.MethodNotFound"},
    };
    struct json_object *parameters;
    bool continues;

    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++) {
        struct json_object *reply = json_tokener_parse(bad[i].text);
        struct hd_err err = {0};

        CHECK_FAILS(hd_reply_read(reply, &parameters, &continues, &err), &err,
                    err.code, bad[i].words);
        json_object_put(reply);
    }
}

static void a_reply_says_whether_another_one_follows(void)
{
    struct hd_err err = {0};
    struct json_object *parameters;
    bool continues = false;

    for (int more = 0; more < 2; more++) {
        struct json_object *reply = hd_reply_ok(json_object_new_object(), more);

        CHECK_OK(hd_reply_read(reply, &parameters, &continues, &err), &err);
        CU_ASSERT_EQUAL(continues, more);
        CU_ASSERT_PTR_NOT_NULL(parameters);
        json_object_put(reply);
    }
    CHECK_OK(hd_reply_read(NULL, &parameters, &continues, &err), &err);
    CU_ASSERT_PTR_NULL(parameters);
}

static const struct hd_test tests[] = {
    HD_TEST(a_message_is_there_when_its_nul_is),
    HD_TEST(a_message_beyond_the_bound_is_refused_whatever_its_pieces),
    HD_TEST(a_dropped_message_leaves_no_bytes_behind),
    HD_TEST(a_request_gives_method_parameters_and_more),
    HD_TEST(a_request_without_parameters_is_one),
    HD_TEST(what_is_no_request_is_refused),
    HD_TEST(deep_nesting_is_refused),
    HD_TEST(a_parameter_of_another_type_is_refused),
    HD_TEST(a_string_has_a_bound_and_no_control_characters),
    HD_TEST(an_unknown_parameter_is_named),
    HD_TEST(an_error_keeps_its_code_and_words_over_the_wire),
    HD_TEST(a_reply_of_another_form_is_refused),
    HD_TEST(a_reply_says_whether_another_one_follows),
};

HD_SUITE("control/wire", tests);
