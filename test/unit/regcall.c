/* SPDX-License-Identifier: MIT */
/* Tests pv-drivers/base/regcall and bus/piece: a question and its answer, in
 * pieces, and what a guest might say instead. */
#include "../../pv-drivers/base/regcall.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/bus/piece.h"
#include "unit.h"

/* ---- requests and answers */

static void a_request_is_read_back(void)
{
    struct hd_regcall call = {.op = HD_REGCALL_CHANGES,
                              .key = "guest/a",
                              .from = "guest/a/b",
                              .since = 17,
                              .entries = "bytes",
                              .len = 5},
                      got;
    struct hd_entries e = {.max = 1024};
    struct hd_err err;

    CHECK_OK(hd_regcall_format(&call, &e, &err), &err);
    CHECK_OK(hd_regcall_parse(e.data, e.used, &got, &err), &err);
    CU_ASSERT_EQUAL(got.op, HD_REGCALL_CHANGES);
    CU_ASSERT_STRING_EQUAL(got.key, "guest/a");
    CU_ASSERT_STRING_EQUAL(got.from, "guest/a/b");
    CU_ASSERT_EQUAL(got.since, 17);
    CU_ASSERT_EQUAL_FATAL(got.len, 5);
    CU_ASSERT_EQUAL(memcmp(got.entries, "bytes", 5), 0);
    hd_entries_fini(&e);
}

static void what_is_no_request_is_refused(void)
{
    static const char *const bad[] = {"",
                                      "get a - 0",
                                      "\n",
                                      "take a - 0\n",
                                      "get a/ - 0\n",
                                      "get a - \n",
                                      "get a - -1\n",
                                      "get a - 0 \n ",
                                      "get a - 0 more\n",
                                      "get a 0\n",
                                      "get a - 99999999999999999999\n",
                                      "get  - 0\n",
                                      "get a\t- 0\n"};
    struct hd_regcall got;
    struct hd_err err;

    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++)
        CHECK_FAILS(hd_regcall_parse(bad[i], strlen(bad[i]), &got, &err), &err,
                    HD_E_USAGE, "none");
}

static void an_answer_is_read_back(void)
{
    struct hd_reganswer a = {.sequence = 5, .lost = 2, .from = "guest/z"}, got;
    struct hd_entries e = {.max = 1024};
    struct hd_err err;

    a.entries = "guest/a\0\2\0\0\0sx";
    a.len = 14;
    CHECK_OK(hd_reganswer_format(&a, &e, &err), &err);
    CHECK_OK(hd_reganswer_parse(e.data, e.used, &got, &err), &err);
    CU_ASSERT_EQUAL(got.why.code, HD_OK);
    CU_ASSERT_EQUAL(got.sequence, 5);
    CU_ASSERT_EQUAL(got.lost, 2);
    CU_ASSERT_STRING_EQUAL(got.from, "guest/z");
    CU_ASSERT_EQUAL(got.len, 14);
    hd_entries_fini(&e);
}

static void a_failure_comes_with_its_reason_and_no_control_character(void)
{
    struct hd_reganswer a = {0}, got;
    struct hd_entries e = {.max = 1024};
    struct hd_err err;

    hd_fail(&a.why, HD_E_LIMIT, "too\nmany\033[2J");
    CHECK_OK(hd_reganswer_format(&a, &e, &err), &err);
    CHECK_OK(hd_reganswer_parse(e.data, e.used, &got, &err), &err);
    CU_ASSERT_EQUAL(got.why.code, HD_E_LIMIT);
    CU_ASSERT_STRING_EQUAL(got.why.msg, "too?many?[2J");
    hd_entries_fini(&e);
}

static void an_answer_that_is_garbage_is_refused(void)
{
    static const char *const bad[] = {"",
                                      "ok",
                                      "ok 1 2\n",
                                      "ok x 0 -\n",
                                      "ok 1 0 a/\n",
                                      "ok 1 0 - more\n",
                                      "ok 1 0 -\ngarbage",
                                      "limit \033[2J\n",
                                      "ok 1 0 -\na\377"};
    char line[2000];
    struct hd_reganswer got;
    struct hd_err err;

    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++)
        CU_ASSERT_EQUAL(hd_reganswer_parse(bad[i], strlen(bad[i]), &got, &err),
                        -1);
    memset(line, 'x', sizeof(line));
    line[sizeof(line) - 1] = '\n';
    CU_ASSERT_EQUAL(hd_reganswer_parse(line, sizeof(line), &got, &err), -1);
    /* A reason that nobody knows is a failure all the same. */
    CHECK_OK(hd_reganswer_parse("what is this\n", 13, &got, &err), &err);
    CU_ASSERT_EQUAL(got.why.code, HD_E_FAILED);
}

static void a_request_has_a_bound(void)
{
    struct hd_regcall call = {.op = HD_REGCALL_SET};
    struct hd_entries e = {.max = 16};
    struct hd_err err;
    char data[64] = "";

    call.entries = data;
    call.len = sizeof(data);
    CHECK_FAILS(hd_regcall_format(&call, &e, &err), &err, HD_E_LIMIT, "16");
    hd_entries_fini(&e);
}

/* ---- pieces */

static char asked[3 * HD_PIECE_DATA];
static size_t performed;

/* Answers as many bytes as were asked for, and the same ones. */
static void echo(void *ctx, const struct hd_entries *request,
                 struct hd_entries *answer)
{
    (void)ctx;
    performed++;
    CU_ASSERT_EQUAL(hd_entries_put(answer, request->data, request->used, NULL),
                    0);
}

/* The two ends of a test, with texts between them. */
static int exchange(void *ctx, const struct hd_piece *ask, struct hd_piece *ret,
                    struct hd_err *err)
{
    char text[HD_PIECE_TEXT], answer[HD_PIECE_TEXT];

    hd_piece_format(ask, text);
    CU_ASSERT_TRUE(strlen(text) < 2048);
    if (!hd_piece_serve(ctx, text, echo, NULL, answer))
        return hd_fail(err, HD_E_TIMEOUT, "no answer");
    CU_ASSERT_TRUE(strlen(answer) < 2048);
    /* What is seen twice is answered once. */
    CU_ASSERT_FALSE(hd_piece_serve(ctx, text, echo, NULL, answer + 0));
    CU_ASSERT_TRUE(hd_piece_parse(answer, ret));
    CU_ASSERT_EQUAL(ret->number, ask->number);
    CU_ASSERT_EQUAL(ret->turn, ask->turn);
    return 0;
}

static void a_question_of_any_length_is_answered_in_pieces(void)
{
    static const size_t lens[] = {0,
                                  1,
                                  HD_PIECE_DATA - 1,
                                  HD_PIECE_DATA,
                                  HD_PIECE_DATA + 1,
                                  sizeof(asked)};
    struct hd_piece_server s = {.request = {.max = 65536},
                                .answer = {.max = 65536}};
    struct hd_err err;

    for (size_t i = 0; i < sizeof(asked); i++)
        asked[i] = (char)(i * 7);
    performed = 0;
    for (size_t i = 0; i < HD_ARRAY_LEN(lens); i++) {
        struct hd_entries got = {.max = 65536};

        CHECK_OK(
            hd_piece_call(100 + i, asked, lens[i], exchange, &s, &got, &err),
            &err);
        CU_ASSERT_EQUAL_FATAL(got.used, lens[i]);
        CU_ASSERT_TRUE(!got.used || !memcmp(got.data, asked, got.used));
        hd_entries_fini(&got);
    }
    CU_ASSERT_EQUAL(performed, HD_ARRAY_LEN(lens));
    hd_piece_server_fini(&s);
}

static void a_question_that_was_there_before_is_not_answered(void)
{
    struct hd_piece_server s = {.request = {.max = 64}, .answer = {.max = 64}};
    char text[HD_PIECE_TEXT];

    performed = 0;
    hd_piece_skip(&s, "garbage");
    hd_piece_skip(&s, "7 0 . QUJD");
    CU_ASSERT_FALSE(hd_piece_serve(&s, "7 0 . QUJD", echo, NULL, text));
    CU_ASSERT_FALSE(hd_piece_serve(&s, "7 1 . QUJD", echo, NULL, text));
    CU_ASSERT_EQUAL(performed, 0);
    CU_ASSERT_TRUE(hd_piece_serve(&s, "8 0 . QUJD", echo, NULL, text));
    CU_ASSERT_STRING_EQUAL(text, "8 0 . QUJD");
    hd_piece_server_fini(&s);
}

static void a_question_beyond_its_bound_is_not_answered(void)
{
    struct hd_piece_server s = {.request = {.max = 2}, .answer = {.max = 2}};
    char text[HD_PIECE_TEXT];

    CU_ASSERT_FALSE(hd_piece_serve(&s, "8 0 . QUJD", echo, NULL, text));
    /* The middle of one that nobody began. */
    CU_ASSERT_FALSE(hd_piece_serve(&s, "9 3 . QQ==", echo, NULL, text));
    hd_piece_server_fini(&s);
}

static void what_is_no_piece_is_refused(void)
{
    static const char *const bad[] = {"",
                                      "8",
                                      "8 0",
                                      "8 0 .",
                                      "8 0 .QUJD",
                                      "8 0 ? QUJD",
                                      "8 0 . QUJ",
                                      "8 0 . QU=D",
                                      "-8 0 . QUJD",
                                      "8 -1 . QUJD",
                                      " 8 0 . QQ==",
                                      "8  0 . QQ==",
                                      "8 4294967296 . QQ==",
                                      "99999999999999999999 0 . QQ==",
                                      "8 0 . \033[2J"};
    char text[2 * HD_PIECE_TEXT];
    struct hd_piece piece;

    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++)
        CU_ASSERT_FALSE(hd_piece_parse(bad[i], &piece));
    strcpy(text, "8 0 . ");
    memset(text + 6, 'A', HD_PIECE_TEXT);
    text[6 + HD_BASE64_SIZE(HD_PIECE_DATA) - 1] = '\0';
    CU_ASSERT_TRUE(hd_piece_parse(text, &piece));
    strcat(text, "AAAA");
    CU_ASSERT_FALSE(hd_piece_parse(text, &piece));
}

/* A guest that answers as it likes. */
static int answer_as(void *ctx, const struct hd_piece *ask,
                     struct hd_piece *ret, struct hd_err *err)
{
    int *left = ctx;

    if (!--*left)
        return hd_fail(err, HD_E_TIMEOUT, "the guest does not answer");
    *ret = *ask;
    ret->more = true;
    ret->len = HD_PIECE_DATA;
    return 0;
}

static void a_guest_that_answers_without_end_is_not_heard_on(void)
{
    struct hd_entries got = {.max = 5 * HD_PIECE_DATA};
    struct hd_err err;
    int left = 100;

    CHECK_FAILS(hd_piece_call(1, "", 0, answer_as, &left, &got, &err), &err,
                HD_E_LIMIT, "the guest's answer");
    CU_ASSERT_EQUAL(left, 94);
    /* And one that answers before it knows the question. */
    CHECK_FAILS(
        hd_piece_call(1, asked, sizeof(asked), answer_as, &left, &got, &err),
        &err, HD_E_FAILED, "before it was asked");
    left = 1;
    CHECK_FAILS(hd_piece_call(1, "", 0, answer_as, &left, &got, &err), &err,
                HD_E_TIMEOUT, "does not answer");
    hd_entries_fini(&got);
}

static const struct hd_test tests[] = {
    HD_TEST(a_request_is_read_back),
    HD_TEST(what_is_no_request_is_refused),
    HD_TEST(an_answer_is_read_back),
    HD_TEST(a_failure_comes_with_its_reason_and_no_control_character),
    HD_TEST(an_answer_that_is_garbage_is_refused),
    HD_TEST(a_request_has_a_bound),
    HD_TEST(a_question_of_any_length_is_answered_in_pieces),
    HD_TEST(a_question_that_was_there_before_is_not_answered),
    HD_TEST(a_question_beyond_its_bound_is_not_answered),
    HD_TEST(what_is_no_piece_is_refused),
    HD_TEST(a_guest_that_answers_without_end_is_not_heard_on),
};
HD_SUITE("base/regcall", tests);
