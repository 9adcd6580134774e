/* SPDX-License-Identifier: MIT */
/* Tests hv/domain/inquire, with a guest that the test plays. */
#include "../../hv/domain/inquire.h"

#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/bus/piece.h"
#include "unit.h"
#include "xs_kit.h"

#define ASK    "/local/domain/5/data/hotdom/" HD_INQUIRE_NODE
#define ANSWER "/local/domain/5/data/hotdom/agent/answer"

static struct hd_entries got;
static atomic_bool stop;

static int ask(uint64_t ms, struct hd_err *err)
{
    struct hd_entries question = {.max = 64};
    hd_auto(hd_xs) xs = NULL;
    struct hd_err why;
    int rc;

    got.used = 0;
    got.max = 1u << 20;
    CHECK_OK(hd_xs_open(&xs, &why), &why);
    CHECK_OK(hd_entries_put(&question, "get - - 0\n", 10, &why), &why);
    rc = hd_inquire(xs, 5, &question, hd_io_now_ms() + ms, &stop, &got, err);
    hd_entries_fini(&question);
    return rc;
}

static void begin(void (*guest)(void))
{
    xs_kit_reset();
    xs_kit_put(ASK, "");
    xs_kit.guest = guest;
}

static void end(void)
{
    xs_kit_reset();
    hd_entries_fini(&got);
}

/* What is asked now; false: nothing. */
static bool asked(struct hd_piece *ret)
{
    const char *text = xs_kit_get(ASK);

    return text && hd_piece_parse(text, ret);
}

static void answer(struct hd_piece *piece, const char *data, size_t len,
                   bool more)
{
    char text[HD_PIECE_TEXT];

    piece->more = more;
    piece->len = len;
    memcpy(piece->data, data, len);
    hd_piece_format(piece, text);
    xs_kit_put(ANSWER, text);
}

static void answer_in_two(void)
{
    static char first[HD_PIECE_DATA];
    struct hd_piece piece;

    if (!asked(&piece))
        return;
    memset(first, 'a', sizeof(first));
    if (piece.turn)
        answer(&piece, "end", 3, false);
    else
        answer(&piece, first, sizeof(first), true);
}

static void an_answer_in_pieces_is_put_together(void)
{
    struct hd_err err;

    begin(answer_in_two);
    CHECK_OK(ask(2000, &err), &err);
    CU_ASSERT_EQUAL_FATAL(got.used, HD_PIECE_DATA + 3);
    CU_ASSERT_EQUAL(memcmp(got.data + HD_PIECE_DATA, "end", 3), 0);
    CU_ASSERT_STRING_EQUAL(xs_kit_get(ASK), "");
    end();
}

static void answer_by_bits(void)
{
    struct hd_piece piece;

    if (asked(&piece))
        answer(&piece, "", 0, true);
}

static void a_guest_that_answers_by_bits_without_end_is_left(void)
{
    struct hd_err err;

    begin(answer_by_bits);
    CHECK_FAILS(ask(2000, &err), &err, HD_E_FAILED, "by bits");
    CU_ASSERT_STRING_EQUAL(xs_kit_get(ASK), "");
    end();
}

static void check_unanswered(const char *text)
{
    struct hd_err err;

    begin(NULL);
    if (text)
        xs_kit_put(ANSWER, text);
    CHECK_FAILS(ask(20, &err), &err, HD_E_TIMEOUT, "does not answer");
    CU_ASSERT_STRING_EQUAL(xs_kit_get(ASK), "");
    CU_ASSERT_EQUAL(got.used, 0);
    end();
}

static void a_guest_that_does_not_answer_is_left_at_the_deadline(void)
{
    check_unanswered(NULL);
}

static void a_guest_that_answers_garbage_has_not_answered(void)
{
    static char longest[2000];

    check_unanswered("garbage");
    check_unanswered("1 0 . QUJD");
    check_unanswered("\033[2J\n");
    memset(longest, 'x', sizeof(longest) - 1);
    check_unanswered(longest);
}

static void a_domain_that_is_gone_is_not_made_again(void)
{
    struct hd_err err;

    xs_kit_reset();
    CHECK_FAILS(ask(2000, &err), &err, HD_E_NO_GUEST, "has ended");
    CU_ASSERT_EQUAL(xs_kit_count(), 0);
}

static void go(void)
{
    struct hd_piece piece;

    if (asked(&piece))
        xs_kit_reset();
}

static void a_domain_that_goes_meanwhile_ends_the_question(void)
{
    struct hd_err err;

    begin(go);
    CHECK_FAILS(ask(60000, &err), &err, HD_E_NO_GUEST, "has ended");
    CU_ASSERT_EQUAL(xs_kit_count(), 0);
    end();
}

static void say_stop(void)
{
    stop = true;
}

static void who_is_told_to_stop_does_so(void)
{
    struct hd_err err;

    begin(say_stop);
    CHECK_FAILS(ask(60000, &err), &err, HD_E_BUSY, "being stopped");
    CU_ASSERT_STRING_EQUAL(xs_kit_get(ASK), "");
    stop = false;
    end();
}

static const struct hd_test tests[] = {
    HD_TEST(an_answer_in_pieces_is_put_together),
    HD_TEST(a_guest_that_answers_by_bits_without_end_is_left),
    HD_TEST(a_guest_that_does_not_answer_is_left_at_the_deadline),
    HD_TEST(a_guest_that_answers_garbage_has_not_answered),
    HD_TEST(a_domain_that_is_gone_is_not_made_again),
    HD_TEST(a_domain_that_goes_meanwhile_ends_the_question),
    HD_TEST(who_is_told_to_stop_does_so),
};
HD_SUITE("domain/inquire", tests);
