/* SPDX-License-Identifier: MIT */
/* Tests pv-drivers/bus/xenbus_live against a xenstore in memory: guests that
 * connect, never do, refuse, let go, keep it, or are not done. */
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/bus/xenbus_live.h"
#include "unit.h"
#include "xs_kit.h"

#define BACK  "/local/domain/0/backend/vbd/7/51728"
#define FRONT "/local/domain/7/device/vbd/51728"

/* Long enough for every driver below, and short for one that never comes. */
#define SOON (hd_io_now_ms() + 5000)
#define NOW  (hd_io_now_ms() + 60)

static struct hd_xenbus_device device;
static bool begun; /* to close it */

static struct hd_xs *one(const char *back, const char *front)
{
    struct hd_xs *xs = NULL;

    xs_kit_reset();
    hd_xenbus_init(&device, "vbd", 7, 51728);
    CU_ASSERT_EQUAL_FATAL(hd_xs_open(&xs, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(hd_xenbus_add(xs, &device, 1, NULL, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(hd_xenbus_watch(xs, &device, 1, NULL), 0);
    xs_kit_put(BACK "/state", back);
    xs_kit_put(FRONT "/state", front);
    return xs;
}

static bool is(const char *path, const char *value)
{
    const char *got = xs_kit_get(path);

    return got && !strcmp(got, value);
}

/* As blkfront and blkback do it. */
static void connect_in_turn(void)
{
    if (is(FRONT "/state", "1"))
        xs_kit_put(FRONT "/state", "3");
    else if (is(BACK "/state", "2"))
        xs_kit_put(BACK "/state", "4");
    else
        xs_kit_put(FRONT "/state", "4");
}

/* The same from the backend's first moment on; at first nothing happens. */
static void connect_both(void)
{
    static const char *const to[][2] = {
        {"1", "1"}, {"2", "1"}, {"2", "3"}, {"4", "3"}, {"4", "4"}};
    size_t at = 0;

    while (at + 1 < HD_ARRAY_LEN(to) &&
           !(is(BACK "/state", to[at][0]) && is(FRONT "/state", to[at][1])))
        at++;
    if (at + 1 < HD_ARRAY_LEN(to)) {
        xs_kit_put(BACK "/state", to[at + 1][0]);
        xs_kit_put(FRONT "/state", to[at + 1][1]);
    }
}

static void give_up(void)
{
    xs_kit_put("/local/domain/0/error/backend/vbd/7/51728/error",
               "2 no such device");
    xs_kit_put(BACK "/state", "6");
}

static void refuse(void)
{
    xs_kit_put(FRONT "/state", "6");
}

static void talk_nonsense(void)
{
    xs_kit_put(FRONT "/state", "44");
}

static void let_go(void)
{
    if (is(BACK "/state", "5"))
        xs_kit_put(BACK "/state", "6");
}

static void begin_to_let_go(void)
{
    if (is(BACK "/state", "5"))
        xs_kit_put(FRONT "/state", "5");
}

static void both_ends_are_waited_for(void)
{
    hd_auto(hd_xs) xs = one("2", "1");
    struct hd_err err = {0};

    xs_kit.driver = connect_in_turn;
    CHECK_OK(hd_xenbus_connect(xs, &device, 1, SOON, &err), &err);
    CU_ASSERT_TRUE(is(FRONT "/state", "4"));
    CU_ASSERT_TRUE(is(BACK "/state", "4"));
}

static void a_frontend_that_never_connects_ends_at_the_deadline(void)
{
    hd_auto(hd_xs) xs = one("2", "1");
    struct hd_err err = {0};

    CHECK_FAILS(hd_xenbus_connect(xs, &device, 1, NOW, &err), &err,
                HD_E_TIMEOUT,
                "the frontend of vbd 51728 of domain 7 does not connect");
}

static void a_backend_that_does_not_follow_its_guest_is_named(void)
{
    hd_auto(hd_xs) xs = one("2", "4");
    struct hd_err err = {0};

    CHECK_FAILS(hd_xenbus_connect(xs, &device, 1, NOW, &err), &err,
                HD_E_TIMEOUT, "the backend of vbd 51728");
}

static void who_gives_up_or_refuses_is_named_at_once(void)
{
    hd_auto(hd_xs) xs = one("2", "1");
    struct hd_err err = {0};
    uint64_t begin = hd_io_now_ms();

    xs_kit.driver = give_up;
    CHECK_FAILS(hd_xenbus_connect(xs, &device, 1, SOON, &err), &err,
                HD_E_FAILED, "gave up: 2 no such device");
    hd_auto(hd_xs) other = one("2", "1");
    xs_kit.driver = refuse;
    CHECK_FAILS(hd_xenbus_connect(other, &device, 1, SOON, &err), &err,
                HD_E_FAILED, "domain 7 refuses vbd 51728");
    hd_auto(hd_xs) third = one("2", "1");
    xs_kit.driver = talk_nonsense;
    CHECK_FAILS(hd_xenbus_connect(third, &device, 1, SOON, &err), &err,
                HD_E_FAILED, "domain 7 refuses vbd 51728");
    CU_ASSERT_TRUE(hd_io_now_ms() - begin < 4000);
}

static void a_xenstored_that_is_silent_is_named_and_no_end(void)
{
    hd_auto(hd_xs) xs = one("2", "1");
    struct hd_xenbus_ends ends;
    struct hd_err err = {0};

    xs_kit.silent_ms = 50;
    xs_kit.stall_at = 1;
    CHECK_FAILS(hd_xenbus_connect(xs, &device, 1, SOON, &err), &err,
                HD_E_TIMEOUT, "when it does not come back, reboot the host");
    CHECK_FAILS(hd_xenbus_ends(xs, &device, &ends, &err), &err, HD_E_TIMEOUT,
                "xenstored does not answer");
    xs_kit.stall_at = xs_kit.silent_ms = 0;
    CHECK_OK(hd_xenbus_ends(xs, &device, &ends, &err), &err);
    CU_ASSERT_EQUAL(ends.back, HD_XENBUS_INIT_WAIT);
}

static void a_backend_that_cannot_be_read_has_not_let_go(void)
{
    hd_auto(hd_xs) xs = one("4", "4");
    struct hd_err err = {0};

    xs_kit.read_errno = EIO;
    CHECK_FAILS(hd_xenbus_part(xs, &device, NOW, &begun, &err), &err, HD_E_IO,
                "cannot read xenstore " BACK "/state");
    CU_ASSERT_TRUE(is(BACK "/online", "1"));
}

static void a_guest_that_lets_go_is_waited_for(void)
{
    hd_auto(hd_xs) xs = one("4", "4");
    struct hd_err err = {0};

    xs_kit.driver = let_go;
    CHECK_OK(hd_xenbus_part(xs, &device, SOON, &begun, &err), &err);
    CU_ASSERT_TRUE(is(BACK "/online", "0"));
    /* Again, and with nothing there. */
    CHECK_OK(hd_xenbus_part(xs, &device, NOW, &begun, &err), &err);
    CHECK_OK(hd_xenbus_remove(xs, &device, 1, &err), &err);
    CHECK_OK(hd_xenbus_part(xs, &device, NOW, &begun, &err), &err);
    CU_ASSERT_EQUAL(xs_kit_count(), 0);
}

static void a_guest_that_keeps_it_has_it_as_before(void)
{
    hd_auto(hd_xs) xs = one("4", "4");
    struct hd_err err = {0};
    size_t n = xs_kit_count();

    begun = true;
    CHECK_FAILS(hd_xenbus_part(xs, &device, NOW, &begun, &err), &err, HD_E_BUSY,
                "domain 7 does not let go of vbd 51728");
    CU_ASSERT_TRUE(is(BACK "/online", "1"));
    CU_ASSERT_TRUE(is(BACK "/state", "4"));
    CU_ASSERT_TRUE(is(FRONT "/state", "4"));
    CU_ASSERT_EQUAL(xs_kit_count(), n);
    CU_ASSERT_FALSE(begun);
    /* One that has not connected yet may do so later. */
    hd_auto(hd_xs) early = one("2", "1");
    CHECK_FAILS(hd_xenbus_part(early, &device, NOW, &begun, &err), &err,
                HD_E_BUSY, "does not let go");
    CU_ASSERT_TRUE(is(BACK "/state", "2"));
    /* Nor does it lose it because somebody had asked and was killed. */
    hd_auto(hd_xs) asked = one("5", "4");
    CHECK_FAILS(hd_xenbus_part(asked, &device, NOW, &begun, &err), &err,
                HD_E_BUSY, "does not let go");
    CU_ASSERT_TRUE(is(BACK "/state", "4"));
}

static void a_guest_that_has_begun_to_close_may_finish(void)
{
    hd_auto(hd_xs) xs = one("4", "4");
    struct hd_err err = {0};

    xs_kit.driver = begin_to_let_go;
    begun = false;
    CHECK_FAILS(hd_xenbus_part(xs, &device, NOW, &begun, &err), &err, HD_E_BUSY,
                "has begun to let go");
    CU_ASSERT_TRUE(begun);
    CU_ASSERT_TRUE(is(BACK "/online", "0"));
    xs_kit.driver = NULL;
    xs_kit_put(BACK "/state", "6");
    CHECK_OK(hd_xenbus_part(xs, &device, NOW, &begun, &err), &err);
}

static void a_xenstored_that_refuses_changes_nothing(void)
{
    static const int why[] = {EAGAIN, ENOSPC};

    for (size_t i = 0; i < HD_ARRAY_LEN(why); i++)
        for (int at = 1; at <= 2; at++) {
            hd_auto(hd_xs) xs = one("4", "4");
            struct hd_err err = {0};

            xs_kit.writes = 0;
            xs_kit.fail_at = at;
            xs_kit.fail_errno = why[i];
            xs_kit.races = why[i] == EAGAIN ? 100000 : 0;
            CU_ASSERT_EQUAL(hd_xenbus_part(xs, &device, NOW, &begun, &err), -1);
            CU_ASSERT_EQUAL(err.code, HD_E_IO);
            CU_ASSERT_TRUE(is(BACK "/online", "1"));
            CU_ASSERT_TRUE(is(BACK "/state", "4"));
        }
}

/* As hot attach does it; each trip is a wait for xenstored on a busy host. */
static void a_device_is_attached_in_ten_waits_for_xenstored(void)
{
    hd_auto(hd_xs) xs = one("1", "1");
    struct hd_xenbus_ends ends;
    struct hd_err err = {0};

    CHECK_OK(hd_xenbus_remove(xs, &device, 1, &err), &err);
    xs_kit.trips = 0;
    CHECK_OK(hd_xenbus_ends(xs, &device, &ends, &err), &err);
    CU_ASSERT_EQUAL(ends.front, HD_XENBUS_NONE);
    CHECK_OK(hd_xenbus_add(xs, &device, 1, NULL, &err), &err);
    xs_kit.driver = connect_both;
    CHECK_OK(hd_xenbus_watch(xs, &device, 1, &err), &err);
    CHECK_OK(hd_xenbus_wait(xs, &device, 1, HD_XENBUS_INIT_WAIT, SOON, &err),
             &err);
    CHECK_OK(hd_xenbus_connect(xs, &device, 1, SOON, &err), &err);
    CU_ASSERT_TRUE(is(FRONT "/state", "4"));
    CU_ASSERT_EQUAL(xs_kit.trips, 10);
}

static void a_device_is_taken_in_nine_waits_for_xenstored(void)
{
    hd_auto(hd_xs) xs = one("4", "4");
    struct hd_err err = {0};

    xs_kit.trips = 0;
    xs_kit.driver = let_go;
    CHECK_OK(hd_xenbus_part(xs, &device, SOON, &begun, &err), &err);
    CHECK_OK(hd_xenbus_remove(xs, &device, 1, &err), &err);
    CU_ASSERT_EQUAL(xs_kit.trips, 9);
}

static const struct hd_test tests[] = {
    HD_TEST(both_ends_are_waited_for),
    HD_TEST(a_frontend_that_never_connects_ends_at_the_deadline),
    HD_TEST(a_backend_that_does_not_follow_its_guest_is_named),
    HD_TEST(who_gives_up_or_refuses_is_named_at_once),
    HD_TEST(a_xenstored_that_is_silent_is_named_and_no_end),
    HD_TEST(a_backend_that_cannot_be_read_has_not_let_go),
    HD_TEST(a_guest_that_lets_go_is_waited_for),
    HD_TEST(a_guest_that_keeps_it_has_it_as_before),
    HD_TEST(a_guest_that_has_begun_to_close_may_finish),
    HD_TEST(a_xenstored_that_refuses_changes_nothing),
    HD_TEST(a_device_is_attached_in_ten_waits_for_xenstored),
    HD_TEST(a_device_is_taken_in_nine_waits_for_xenstored),
};

HD_SUITE("bus/xenbus_live", tests);
