/* SPDX-License-Identifier: MIT */
/* Tests hv/domain/grace: how long who is waited for. */
#include <string.h>
#include <time.h>

#include "../../hv/domain/grace.h"
#include "../../pv-drivers/base/io.h"
#include "unit.h"

#define HOUR_MS 3600000

/* Guests by the first letter of their names, which is 'a' and on. */
static struct {
    unsigned up_for[3]; /* so many looks; 0: for ever */
    unsigned looks[3], forced[3], asked[3];
    uint64_t first_until, last_until, waits;
} host;

static bool is_up(void *ctx, const char *guest)
{
    int i = *guest - 'a';

    (void)ctx;
    host.looks[i]++;
    return !host.forced[i] &&
           (!host.up_for[i] || host.looks[i] <= host.up_for[i]);
}

static void force(void *ctx, const char *guest)
{
    (void)ctx;
    host.forced[*guest - 'a']++;
}

static void ask_again(void *ctx, const char *guest)
{
    (void)ctx;
    host.asked[*guest - 'a']++;
}

static void wait_for_one(void *ctx, uint64_t until_ms)
{
    const struct timespec pause = {.tv_nsec = 1000000};

    (void)ctx;
    if (!host.waits++)
        host.first_until = until_ms;
    host.last_until = until_ms;
    nanosleep(&pause, NULL);
}

static const struct hd_grace_ops ops = {is_up, ask_again, force, wait_for_one,
                                        HOUR_MS};

static struct hd_grace within(const char *guest, uint64_t ms)
{
    return (struct hd_grace){.guest = guest, .until_ms = hd_io_now_ms() + ms};
}

static void who_outlives_a_short_grace_does_not_have_a_long_one(void)
{
    struct hd_grace list[] = {within("a", 20), within("b", HOUR_MS)};
    const uint64_t soon = list[0].until_ms, hour = list[1].until_ms;

    memset(&host, 0, sizeof(host));
    host.up_for[1] = 60; /* ends in good time, long behind a's */
    hd_grace_wait(list, 2, &ops, NULL);
    CU_ASSERT_EQUAL(host.forced[0], 1);
    CU_ASSERT_EQUAL(host.forced[1], 0);
    /* While it was waited for a, then for b alone. */
    CU_ASSERT_EQUAL(host.looks[1], 61);
    CU_ASSERT_TRUE(host.looks[0] < host.looks[1]);
    CU_ASSERT_EQUAL(host.first_until, soon);
    CU_ASSERT_EQUAL(host.last_until, hour);
}

static void nobody_is_waited_for_behind_the_last_end(void)
{
    struct hd_grace list[] = {within("a", 20), within("b", HOUR_MS)};

    memset(&host, 0, sizeof(host));
    host.up_for[0] = host.up_for[1] = 2;
    hd_grace_wait(list, 2, &ops, NULL);
    CU_ASSERT_EQUAL(host.forced[0] + host.forced[1], 0);
    CU_ASSERT_EQUAL(host.waits, 2);
    hd_grace_wait(list, 0, &ops, NULL);
    CU_ASSERT_EQUAL(host.waits, 2);
}

static void without_a_grace_it_is_ended_at_once(void)
{
    struct hd_grace list[] = {within("a", 0)};

    memset(&host, 0, sizeof(host));
    hd_grace_wait(list, 1, &ops, NULL);
    CU_ASSERT_EQUAL(host.forced[0], 1);
    CU_ASSERT_EQUAL(host.waits, 0);
}

static void who_does_not_end_is_asked_again_and_more_seldom_each_time(void)
{
    static const struct hd_grace_ops soon = {is_up, ask_again, force,
                                             wait_for_one, 10};
    struct hd_grace list[] = {within("a", 200), within("b", HOUR_MS)};
    const uint64_t begun = hd_io_now_ms();

    memset(&host, 0, sizeof(host));
    host.up_for[1] = 1; /* ends before it would be asked again */
    hd_grace_wait(list, 2, &soon, NULL);
    CU_ASSERT_EQUAL(host.asked[1], 0);
    /* At 10, 30, 70 and 150 ms, or later where the machine is busy. */
    CU_ASSERT_TRUE(host.asked[0] >= 1 && host.asked[0] <= 4);
    CU_ASSERT_EQUAL(host.forced[0], 1);
    CU_ASSERT_TRUE(host.first_until <= begun + 10 + 100);
}

static const struct hd_test tests[] = {
    HD_TEST(who_outlives_a_short_grace_does_not_have_a_long_one),
    HD_TEST(nobody_is_waited_for_behind_the_last_end),
    HD_TEST(without_a_grace_it_is_ended_at_once),
    HD_TEST(who_does_not_end_is_asked_again_and_more_seldom_each_time),
};

HD_SUITE("domain/grace", tests);
