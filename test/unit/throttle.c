/* SPDX-License-Identifier: MIT */
/* Tests hv/host/throttle, with a clock of its own. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../hv/host/throttle.h"
#include "unit.h"

#define SECOND 1000ull
#define DAY    (24 * 60 * 60 * SECOND)

static const struct hd_uuid travel = {{1, 2, 3}}, other = {{9}};

struct room {
    struct hd_clock clock;
    struct hd_throttle *t;
};

static void begin(struct room *r)
{
    r->clock = (struct hd_clock){{{0xb0, 0x07}}, 5000, 1700000000000};
    r->t = hd_throttle_new(&r->clock);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r->t);
}

static void end(struct room *r)
{
    hd_throttle_free(r->t);
}

static void pass(struct room *r, uint64_t ms)
{
    r->clock.boottime_ms += ms;
    r->clock.wall_ms += ms;
    hd_throttle_advance(r->t, &r->clock);
}

/* What the next boot makes of it, `wall_ms` by its clock. */
static void reboot(struct room *r, uint64_t wall_ms)
{
    hd_autofree char *text = hd_throttle_format(r->t);
    struct hd_err err = {0};

    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    hd_throttle_free(r->t);
    r->t = NULL;
    CHECK_OK(hd_throttle_parse(text, &r->t, &err), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r->t);
    r->clock.boot.byte[15]++;
    r->clock.boottime_ms = 900;
    r->clock.wall_ms = wall_ms;
    hd_throttle_advance(r->t, &r->clock);
}

static void fail_at_once(struct room *r, const struct hd_uuid *id, unsigned n)
{
    struct hd_err err = {0};

    for (unsigned i = 0; i < n; i++) {
        CHECK_OK(hd_throttle_charge(r->t, id, &err), &err);
        hd_throttle_wrong(r->t, id);
    }
}

/* Each as soon as it may be. */
static void fail_patiently(struct room *r, const struct hd_uuid *id, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        pass(r, hd_throttle_wait_ms(r->t, id));
        fail_at_once(r, id, 1);
    }
}

static uint64_t wait_s(const struct room *r, const struct hd_uuid *id)
{
    return hd_throttle_wait_ms(r->t, id) / SECOND;
}

static void five_tries_are_free_and_the_sixth_waits_a_second(void)
{
    struct hd_err err = {0};
    struct room r;

    begin(&r);
    fail_at_once(&r, &travel, 5);
    pass(&r, 999);
    CHECK_FAILS(hd_throttle_charge(r.t, &travel, &err), &err, HD_E_THROTTLED,
                "for this store; wait 1 s");
    pass(&r, 1);
    CHECK_OK(hd_throttle_charge(r.t, &travel, &err), &err);
    end(&r);
}

static void each_wrong_password_doubles_the_wait_up_to_a_quarter_hour(void)
{
    static const unsigned waits[] = {1,  2,   4,   8,   16,  32,
                                     64, 128, 256, 512, 900, 900};
    struct room r;

    begin(&r);
    fail_at_once(&r, &travel, 5);
    for (size_t i = 0; i < HD_ARRAY_LEN(waits); i++) {
        CU_ASSERT_EQUAL(wait_s(&r, &travel), waits[i]);
        fail_patiently(&r, &travel, 1);
    }
    end(&r);
}

static void a_day_has_a_hundred_tries_and_no_more(void)
{
    struct hd_err err = {0};
    uint64_t began;
    struct room r;

    begin(&r);
    began = r.clock.boottime_ms;
    fail_patiently(&r, &travel, 99);
    pass(&r, hd_throttle_wait_ms(r.t, &travel));
    CHECK_OK(hd_throttle_charge(r.t, &travel, &err), &err);
    hd_throttle_wrong(r.t, &travel);
    CU_ASSERT(r.clock.boottime_ms - began < DAY - 2 * HD_THROTTLE_MAX_MS);
    CU_ASSERT_EQUAL(hd_throttle_wait_ms(r.t, &travel),
                    began + DAY - r.clock.boottime_ms);
    pass(&r, hd_throttle_wait_ms(r.t, &travel) - 1);
    CU_ASSERT_EQUAL(hd_throttle_charge(r.t, &travel, NULL), -1);
    pass(&r, 1);
    CHECK_OK(hd_throttle_charge(r.t, &travel, &err), &err);
    end(&r);
}

/* Who knows one user's password does not buy tries at another's with it. */
static void right_passwords_between_them_do_not_raise_the_hundred(void)
{
    struct hd_err err = {0};
    unsigned wrong = 0;
    struct room r;

    begin(&r);
    while (hd_throttle_charge(r.t, &travel, &err) == 0) {
        hd_throttle_wrong(r.t, &travel);
        wrong++;
        pass(&r, HD_THROTTLE_HOST_MAX_MS);
        if (wrong % 4 == 0 && !hd_throttle_charge(r.t, &travel, NULL))
            hd_throttle_right(r.t, &travel);
        pass(&r, HD_THROTTLE_HOST_MAX_MS);
    }
    CU_ASSERT_EQUAL(wrong, 100);
    CU_ASSERT(wait_s(&r, &travel) > 20 * 60 * 60);
    end(&r);
}

static void a_refused_try_does_not_make_the_wait_longer(void)
{
    struct hd_err err = {0};
    struct room r;

    begin(&r);
    fail_at_once(&r, &travel, 5);
    pass(&r, 500);
    for (int i = 0; i < 100; i++)
        CU_ASSERT_EQUAL(hd_throttle_charge(r.t, &travel, &err), -1);
    pass(&r, 500);
    CHECK_OK(hd_throttle_charge(r.t, &travel, &err), &err);
    end(&r);
}

static void the_wait_begins_when_the_check_has_ended(void)
{
    struct hd_err err = {0};
    struct room r;

    begin(&r);
    fail_at_once(&r, &travel, 4);
    CHECK_OK(hd_throttle_charge(r.t, &travel, &err), &err);
    pass(&r, 20 * SECOND);
    hd_throttle_wrong(r.t, &travel);
    CU_ASSERT_EQUAL(wait_s(&r, &travel), 1);
    hd_throttle_wrong(r.t, &other); /* one that is not known */
    end(&r);
}

/* A job that was killed, or a stick that was pulled, before the answer. */
static void a_try_without_an_answer_counts_as_wrong(void)
{
    struct room r;

    begin(&r);
    fail_at_once(&r, &travel, 4);
    CU_ASSERT_EQUAL(hd_throttle_charge(r.t, &travel, NULL), 0);
    CU_ASSERT_EQUAL(hd_throttle_charge(r.t, &travel, NULL), -1);
    end(&r);
}

static void the_right_password_clears_the_count(void)
{
    struct room r;

    begin(&r);
    fail_at_once(&r, &travel, 5);
    pass(&r, SECOND);
    CU_ASSERT_EQUAL(hd_throttle_charge(r.t, &travel, NULL), 0);
    hd_throttle_right(r.t, &travel);
    fail_at_once(&r, &travel, 5);
    CU_ASSERT_EQUAL(hd_throttle_charge(r.t, &travel, NULL), -1);
    end(&r);
}

static void right_passwords_cost_nothing(void)
{
    struct hd_err err = {0};
    struct room r;

    begin(&r);
    for (unsigned i = 0; i < 3 * HD_THROTTLE_HOST_A_DAY; i++) {
        CHECK_OK(hd_throttle_charge(r.t, &travel, &err), &err);
        hd_throttle_right(r.t, &travel);
    }
    CU_ASSERT_EQUAL(hd_throttle_wait_ms(r.t, &other), 0);
    end(&r);
}

static void stores_do_not_slow_each_other(void)
{
    struct room r;

    begin(&r);
    fail_at_once(&r, &travel, 5);
    fail_at_once(&r, &other, 1);
    hd_throttle_right(r.t, &other);
    CU_ASSERT_EQUAL(hd_throttle_charge(r.t, &travel, NULL), -1);
    end(&r);
}

/* ---- the host */

static struct hd_uuid store_number(unsigned i)
{
    return (struct hd_uuid){
        {0xee, (uint8_t)i, (uint8_t)(i >> 8), (uint8_t)(i >> 16)}};
}

static void many_stores_do_not_give_more_tries(void)
{
    struct hd_err err = {0};
    struct hd_uuid id;
    struct room r;

    begin(&r);
    for (unsigned i = 0; i < 50; i++) {
        id = store_number(i);
        fail_at_once(&r, &id, 1);
    }
    CHECK_FAILS(hd_throttle_charge(r.t, &travel, &err), &err, HD_E_THROTTLED,
                "on this host; wait 1 s");
    end(&r);
}

static void all_stores_together_have_a_thousand_tries_a_day(void)
{
    struct hd_err err = {0};
    unsigned tries = 0;
    uint64_t began;
    struct room r;

    begin(&r);
    began = r.clock.boottime_ms;
    for (;; tries++) {
        struct hd_uuid id = store_number(tries);

        pass(&r, hd_throttle_wait_ms(r.t, &id));
        if (r.clock.boottime_ms >= began + DAY)
            break;
        fail_at_once(&r, &id, 1);
    }
    CU_ASSERT_EQUAL(tries, 1000);
    /* The next day has its free ones again. */
    CHECK_OK(hd_throttle_charge(r.t, &travel, &err), &err);
    CU_ASSERT_EQUAL(hd_throttle_wait_ms(r.t, &other), 0);
    end(&r);
}

static void a_right_password_of_one_store_gives_the_host_no_tries(void)
{
    struct hd_uuid id;
    struct room r;

    begin(&r);
    for (unsigned i = 0; i < 49; i++) {
        id = store_number(i);
        fail_at_once(&r, &id, 1);
    }
    CU_ASSERT_EQUAL(hd_throttle_charge(r.t, &other, NULL), 0);
    hd_throttle_right(r.t, &other);
    CU_ASSERT_EQUAL(wait_s(&r, &travel), 1); /* of the charge itself */
    pass(&r, SECOND);
    fail_at_once(&r, &travel, 1);
    CU_ASSERT_EQUAL(wait_s(&r, &travel), 1);
    end(&r);
}

/* ---- clocks */

static void a_clock_set_back_does_not_shorten_a_wait(void)
{
    struct room r;

    begin(&r);
    fail_patiently(&r, &travel, 10);
    CU_ASSERT_EQUAL(wait_s(&r, &travel), 32);
    r.clock.wall_ms -= 30 * DAY;
    pass(&r, SECOND);
    CU_ASSERT_EQUAL(wait_s(&r, &travel), 31);
    end(&r);
}

static void a_clock_set_forward_does_not_shorten_a_wait_within_a_boot(void)
{
    struct room r;

    begin(&r);
    fail_patiently(&r, &travel, 100);
    r.clock.wall_ms += 30 * DAY;
    pass(&r, SECOND);
    CU_ASSERT(wait_s(&r, &travel) > 60 * 60);
    end(&r);
}

static void a_reboot_does_not_shorten_a_wait(void)
{
    struct room r;

    begin(&r);
    fail_patiently(&r, &travel, 12);
    CU_ASSERT_EQUAL(wait_s(&r, &travel), 128);
    reboot(&r, r.clock.wall_ms + 28 * SECOND);
    CU_ASSERT_EQUAL(wait_s(&r, &travel), 100);
    CU_ASSERT_EQUAL(hd_throttle_charge(r.t, &travel, NULL), -1);
    end(&r);
}

static void a_night_switched_off_counts_as_time(void)
{
    struct room r;

    begin(&r);
    fail_patiently(&r, &travel, 100);
    reboot(&r, r.clock.wall_ms + DAY);
    CU_ASSERT_EQUAL(hd_throttle_charge(r.t, &travel, NULL), 0);
    end(&r);
}

static void a_reboot_with_the_clock_set_back_begins_the_wait_anew(void)
{
    struct room r;

    begin(&r);
    fail_patiently(&r, &travel, 12);
    reboot(&r, r.clock.wall_ms - 400 * DAY);
    CU_ASSERT_EQUAL(wait_s(&r, &travel), 128);
    pass(&r, 28 * SECOND);
    CU_ASSERT_EQUAL(wait_s(&r, &travel), 100);
    end(&r);
}

static void a_clock_put_back_before_a_try_and_right_after_gives_no_time(void)
{
    uint64_t right;
    struct room r;

    begin(&r);
    fail_patiently(&r, &travel, 11);
    right = r.clock.wall_ms;
    r.clock.wall_ms -= 400 * DAY;
    pass(&r, hd_throttle_wait_ms(r.t, &travel));
    fail_at_once(&r, &travel, 1);
    reboot(&r, right + 64 * SECOND);
    CU_ASSERT_EQUAL(wait_s(&r, &travel), 128);
    end(&r);
}

static void a_day_used_up_stays_so_across_reboots_and_set_clocks(void)
{
    struct room r;

    begin(&r);
    fail_patiently(&r, &travel, 100);
    pass(&r, HD_THROTTLE_MAX_MS);
    for (int i = 0; i < 20; i++) {
        reboot(&r, r.clock.wall_ms - (i & 1 ? DAY : 0));
        CU_ASSERT_EQUAL(hd_throttle_charge(r.t, &travel, NULL), -1);
    }
    end(&r);
}

static const struct hd_test tests[] = {
    HD_TEST(five_tries_are_free_and_the_sixth_waits_a_second),
    HD_TEST(each_wrong_password_doubles_the_wait_up_to_a_quarter_hour),
    HD_TEST(a_day_has_a_hundred_tries_and_no_more),
    HD_TEST(right_passwords_between_them_do_not_raise_the_hundred),
    HD_TEST(a_refused_try_does_not_make_the_wait_longer),
    HD_TEST(the_wait_begins_when_the_check_has_ended),
    HD_TEST(a_try_without_an_answer_counts_as_wrong),
    HD_TEST(the_right_password_clears_the_count),
    HD_TEST(right_passwords_cost_nothing),
    HD_TEST(stores_do_not_slow_each_other),
    HD_TEST(many_stores_do_not_give_more_tries),
    HD_TEST(all_stores_together_have_a_thousand_tries_a_day),
    HD_TEST(a_right_password_of_one_store_gives_the_host_no_tries),
    HD_TEST(a_clock_set_back_does_not_shorten_a_wait),
    HD_TEST(a_clock_set_forward_does_not_shorten_a_wait_within_a_boot),
    HD_TEST(a_reboot_does_not_shorten_a_wait),
    HD_TEST(a_night_switched_off_counts_as_time),
    HD_TEST(a_reboot_with_the_clock_set_back_begins_the_wait_anew),
    HD_TEST(a_clock_put_back_before_a_try_and_right_after_gives_no_time),
    HD_TEST(a_day_used_up_stays_so_across_reboots_and_set_clocks),
};

HD_SUITE("host/throttle", tests);
