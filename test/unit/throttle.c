/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/throttle, with a clock of its own. */
#include <string.h>

#include "../../hv/daemon/throttle.h"
#include "unit.h"

static const struct hd_uuid travel = {{1, 2, 3}}, other = {{9}};

static struct hd_throttle *after_tries(unsigned tries, uint64_t now)
{
    struct hd_throttle *t = hd_throttle_new();
    struct hd_err err = {0};

    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    for (unsigned i = 0; i < tries; i++)
        CHECK_OK(hd_throttle_charge(t, &travel, now, &err), &err);
    return t;
}

static void three_tries_are_free_and_the_fourth_waits_a_second(void)
{
    hd_auto(hd_throttle) t = after_tries(3, 1000);
    struct hd_err err = {0};

    CHECK_FAILS(hd_throttle_charge(t, &travel, 1999, &err), &err,
                HD_E_THROTTLED, "wait 1 s");
    CHECK_OK(hd_throttle_charge(t, &travel, 2000, &err), &err);
}

static void each_wrong_password_doubles_the_wait_up_to_five_minutes(void)
{
    static const unsigned waits[] = {1,  2,   4,   8,   16,  32,
                                     64, 128, 256, 300, 300, 300};
    hd_auto(hd_throttle) t = after_tries(3, 0);
    struct hd_err err = {0};
    uint64_t now = 0;
    char words[32];

    for (size_t i = 0; i < HD_ARRAY_LEN(waits); i++) {
        snprintf(words, sizeof(words), "wait %u s", waits[i]);
        CHECK_FAILS(hd_throttle_charge(t, &travel, now, &err), &err,
                    HD_E_THROTTLED, words);
        now += waits[i] * 1000;
        CHECK_OK(hd_throttle_charge(t, &travel, now, &err), &err);
    }
}

static void a_refused_try_does_not_make_the_wait_longer(void)
{
    hd_auto(hd_throttle) t = after_tries(3, 0);
    struct hd_err err = {0};

    for (int i = 0; i < 100; i++)
        CU_ASSERT_EQUAL(hd_throttle_charge(t, &travel, 500, &err), -1);
    CHECK_OK(hd_throttle_charge(t, &travel, 1000, &err), &err);
}

static void the_wait_begins_when_the_check_has_ended(void)
{
    hd_auto(hd_throttle) t = after_tries(3, 0);
    struct hd_err err = {0};

    hd_throttle_wrong(t, &travel, 20000);
    CHECK_FAILS(hd_throttle_charge(t, &travel, 20999, &err), &err,
                HD_E_THROTTLED, "wait 1 s");
    CHECK_OK(hd_throttle_charge(t, &travel, 21000, &err), &err);
    hd_throttle_wrong(t, &other, 0); /* one that is not known */
}

static void the_right_password_clears_the_count(void)
{
    hd_auto(hd_throttle) t = after_tries(3, 0);
    struct hd_err err = {0};

    hd_throttle_clear(t, &travel);
    for (int i = 0; i < 3; i++)
        CHECK_OK(hd_throttle_charge(t, &travel, 0, &err), &err);
    CU_ASSERT_EQUAL(hd_throttle_charge(t, &travel, 0, &err), -1);
}

static void stores_do_not_slow_each_other(void)
{
    hd_auto(hd_throttle) t = after_tries(3, 0);
    struct hd_err err = {0};

    CHECK_OK(hd_throttle_charge(t, &other, 0, &err), &err);
    hd_throttle_clear(t, &other);
    CU_ASSERT_EQUAL(hd_throttle_charge(t, &travel, 0, &err), -1);
}

static void many_other_stores_do_not_push_out_one_that_waits(void)
{
    hd_auto(hd_throttle) t = after_tries(3, 0);
    struct hd_err err = {0};

    for (unsigned i = 0; i < 3 * HD_THROTTLE_STORES; i++) {
        struct hd_uuid id = {{0xee, (uint8_t)i, (uint8_t)(i >> 8)}};

        CHECK_OK(hd_throttle_charge(t, &id, 0, &err), &err);
    }
    CU_ASSERT_EQUAL(hd_throttle_charge(t, &travel, 0, &err), -1);
}

static const struct hd_test tests[] = {
    HD_TEST(three_tries_are_free_and_the_fourth_waits_a_second),
    HD_TEST(each_wrong_password_doubles_the_wait_up_to_five_minutes),
    HD_TEST(a_refused_try_does_not_make_the_wait_longer),
    HD_TEST(the_wait_begins_when_the_check_has_ended),
    HD_TEST(the_right_password_clears_the_count),
    HD_TEST(stores_do_not_slow_each_other),
    HD_TEST(many_other_stores_do_not_push_out_one_that_waits),
};

HD_SUITE("daemon/throttle", tests);
