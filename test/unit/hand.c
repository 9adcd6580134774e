/* SPDX-License-Identifier: MIT */
/* Tests dom-guest/hand: what it does, and what becomes of one that waits for
 * good. */
#include "../../dom-guest/hand.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "stall_kit.h"
#include "unit.h"

#define LONG_MS STALL_KIT_MS

static struct hd_hand hand;

static void begin(void *ctx)
{
    stall_kit_begin();
    hand = HD_HAND_NONE;
    hand.ctx = ctx;
}

static void end(void)
{
    stall_kit_go();
    hd_hand_fini(&hand);
    while (waitpid(-1, NULL, 0) > 0)
        continue;
    stall_kit_end();
}

static int tell(hd_hand_fn *fn, const char *ask, char answer[64], uint64_t ms,
                struct hd_err *err)
{
    return hd_hand_do(&hand, fn, ask, strlen(ask) + 1, answer, 64,
                      hd_io_now_ms() + ms, err);
}

/* The number of words so far, which are the hand's own, and the last one. */
static int count(void *ctx, const void *ask, size_t len, void *answer,
                 struct hd_err *err)
{
    if (!len || len != strlen(ask) + 1)
        return hd_fail(err, HD_E_FAILED, "%zu bytes", len);
    if (!strcmp(ask, "no"))
        return hd_fail(err, HD_E_DENIED, "it says no");
    snprintf(answer, HD_HAND_ANSWER, "%d %s", ++*(int *)ctx, (const char *)ask);
    return 0;
}

static int die(void *ctx, const void *ask, size_t len, void *answer,
               struct hd_err *err)
{
    (void)ctx, (void)ask, (void)len, (void)answer, (void)err;
    _exit(1);
}

static int get_pid(void *ctx, const void *ask, size_t len, void *answer,
                   struct hd_err *err)
{
    (void)ctx, (void)ask, (void)len, (void)err;
    snprintf(answer, HD_HAND_ANSWER, "%d", getpid());
    return 0;
}

static int stop_itself(void *ctx, const void *ask, size_t len, void *answer,
                       struct hd_err *err)
{
    (void)ctx, (void)ask, (void)len, (void)answer, (void)err;
    return raise(SIGTERM);
}

static void what_it_knows_is_its_own(void)
{
    char answer[64];
    struct hd_err err;
    int words = 5;

    begin(&words);
    CHECK_OK(tell(count, "one", answer, LONG_MS, &err), &err);
    CU_ASSERT_STRING_EQUAL(answer, "6 one");
    CHECK_FAILS(tell(count, "no", answer, LONG_MS, &err), &err, HD_E_DENIED,
                "it says no");
    CU_ASSERT_STRING_EQUAL(answer, "6 one");
    CHECK_OK(tell(count, "two", answer, LONG_MS, &err), &err);
    CU_ASSERT_STRING_EQUAL(answer, "7 two");
    CU_ASSERT_EQUAL(words, 5);
    CU_ASSERT_EQUAL(hd_hand_fd(&hand), -1);
    end();
}

static void one_that_waits_for_good_holds_nobody_up(void)
{
    struct hd_err err;
    char answer[64];
    uint64_t before;
    int words = 0;

    begin(&words);
    stall_kit_hold(&hand);
    before = hd_io_now_ms();
    for (int i = 0; i < 100; i++)
        CHECK_FAILS(tell(stall_kit_wait, "", answer, LONG_MS, &err), &err,
                    HD_E_TIMEOUT, "does not answer");
    CU_ASSERT_TRUE(hd_io_now_ms() - before < LONG_MS);
    /* And no other process waits as well. */
    CU_ASSERT_TRUE(stall_kit_begun() <= 1);
    CU_ASSERT_FALSE(hd_hand_is_back(&hand));
    end();
}

static void one_that_has_waited_is_told_more_and_knows_what_it_knew(void)
{
    struct hd_err err;
    char answer[64];
    int words = 0;

    begin(&words);
    CHECK_OK(tell(count, "one", answer, LONG_MS, &err), &err);
    stall_kit_hold(&hand);
    stall_kit_go();
    stall_kit_await(&hand);
    CHECK_OK(tell(count, "two", answer, LONG_MS, &err), &err);
    CU_ASSERT_STRING_EQUAL(answer, "2 two");
    end();
}

static void where_one_has_ended_another_begins(void)
{
    struct hd_err err;
    char answer[64];
    int words = 0;

    begin(&words);
    CHECK_OK(tell(count, "one", answer, LONG_MS, &err), &err);
    CHECK_FAILS(tell(die, "", answer, LONG_MS, &err), &err, HD_E_FAILED,
                "has ended");
    CU_ASSERT_TRUE(waitpid(-1, NULL, 0) > 0);
    CHECK_OK(tell(count, "two", answer, LONG_MS, &err), &err);
    CU_ASSERT_STRING_EQUAL(answer, "1 two");
    end();
}

static void one_that_was_ended_meanwhile_is_not_told(void)
{
    struct hd_err err;
    char answer[64];
    int words = 0, status;

    begin(&words);
    CHECK_OK(tell(count, "one", answer, LONG_MS, &err), &err);
    CHECK_OK(tell(get_pid, "", answer, LONG_MS, &err), &err);
    CU_ASSERT_EQUAL(kill(atoi(answer), SIGKILL), 0);
    CU_ASSERT_TRUE(waitpid(-1, &status, 0) > 0);
    CHECK_OK(tell(count, "two", answer, LONG_MS, &err), &err);
    CU_ASSERT_STRING_EQUAL(answer, "1 two");
    CU_ASSERT_EQUAL(hand.starts, 2);
    end();
}

static void a_stop_does_not_cut_what_it_does(void)
{
    struct hd_err err;
    char answer[64];
    int words = 0;

    begin(&words);
    CHECK_OK(tell(stop_itself, "", answer, LONG_MS, &err), &err);
    CHECK_OK(tell(count, "one", answer, LONG_MS, &err), &err);
    CU_ASSERT_EQUAL(hand.starts, 1);
    end();
}

/* An order of two parts. */
static int wait_and_go_on(void *ctx, const void *ask, size_t len, void *answer,
                          struct hd_err *err)
{
    (void)stall_kit_wait(ctx, ask, len, answer, err);
    hd_hand_heed();
    return stall_kit_wait(ctx, ask, len, answer, err);
}

static void what_nobody_wants_any_more_is_not_gone_on_with(void)
{
    struct hd_err err;
    char answer[64];
    int words = 0;

    begin(&words);
    CHECK_FAILS(tell(wait_and_go_on, "", answer, 20, &err), &err, HD_E_TIMEOUT,
                "does not answer");
    stall_kit_go();
    stall_kit_await(&hand);
    CU_ASSERT_EQUAL(stall_kit_begun(), 2);
    hd_hand_fini(&hand);
    CU_ASSERT_TRUE(waitpid(-1, NULL, 0) > 0);
    stall_kit_end();

    begin(&words);
    CHECK_FAILS(tell(wait_and_go_on, "", answer, 20, &err), &err, HD_E_TIMEOUT,
                "does not answer");
    hd_hand_fini(&hand);
    stall_kit_go();
    CU_ASSERT_TRUE(waitpid(-1, NULL, 0) > 0);
    CU_ASSERT_EQUAL(stall_kit_begun(), 1);
    end();
}

/* 0: the agent's descriptor is not there. */
static int look_at(void *fd, const void *ask, size_t len, void *answer,
                   struct hd_err *err)
{
    (void)ask, (void)len, (void)answer;
    return fcntl(*(int *)fd, F_GETFD) < 0 && !isatty(2)
               ? 0
               : hd_fail(err, HD_E_FAILED, "it is there");
}

static void it_has_no_descriptor_of_the_agent_and_ends_with_it(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct hd_err err;
    char answer[64];

    begin(&fd);
    CHECK_OK(tell(look_at, "", answer, LONG_MS, &err), &err);
    close(fd);
    hd_hand_fini(&hand);
    CU_ASSERT_TRUE(waitpid(-1, NULL, 0) > 0);
    CHECK_FAILS(hd_hand_do(&hand, look_at, "", HD_HAND_ASK + 1, NULL, 0,
                           hd_io_now_ms() + LONG_MS, &err),
                &err, HD_E_LIMIT, "at once");
    end();
}

static const struct hd_test tests[] = {
    HD_TEST(what_it_knows_is_its_own),
    HD_TEST(one_that_waits_for_good_holds_nobody_up),
    HD_TEST(one_that_has_waited_is_told_more_and_knows_what_it_knew),
    HD_TEST(where_one_has_ended_another_begins),
    HD_TEST(one_that_was_ended_meanwhile_is_not_told),
    HD_TEST(a_stop_does_not_cut_what_it_does),
    HD_TEST(what_nobody_wants_any_more_is_not_gone_on_with),
    HD_TEST(it_has_no_descriptor_of_the_agent_and_ends_with_it),
};
HD_SUITE("dom-guest/hand", tests);
