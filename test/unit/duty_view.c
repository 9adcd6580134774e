/* SPDX-License-Identifier: MIT */
/* Tests dom-guest/duty_view: when the agent looks for what is hidden. */
#include "../../dom-guest/duty_view.h"
#include "../../pv-drivers/base/io.h"
#include "unit.h"

static struct hd_duty d;

static void begin(void)
{
    struct hd_err err;

    d = (struct hd_duty){.look_ms = UINT64_MAX};
    CHECK_OK(hd_duty_view_open(&d, &err), &err);
}

static void an_agent_looks_after_a_mount_alone(void)
{
    begin();
    hd_duty_view_look(&d);
    CU_ASSERT_EQUAL(d.look_ms, UINT64_MAX);
    hd_duty_view_ring(&d);
    CU_ASSERT_TRUE(hd_io_left_ms(d.look_ms) <= 1000);
    d.look_ms = hd_io_now_ms();
    hd_duty_view_look(&d);
    CU_ASSERT_EQUAL(d.look_ms, UINT64_MAX);
    hd_duty_view_leave(&d);
}

static void a_burst_of_mounts_is_one_look_and_puts_it_off_no_further(void)
{
    uint64_t first_ms;

    begin();
    hd_duty_view_ring(&d);
    first_ms = d.look_ms;
    d.look_ms -= 100; /* so much later it rings again */
    hd_duty_view_ring(&d);
    CU_ASSERT_EQUAL(d.look_ms, first_ms - 100);
    hd_duty_view_look(&d);
    CU_ASSERT_EQUAL(d.look_ms, first_ms - 100);
    hd_duty_view_leave(&d);
}

static void nothing_is_due_in_a_guest_that_is_to_end(void)
{
    begin();
    hd_duty_view_ring(&d);
    hd_duty_view_leave(&d);
    CU_ASSERT_EQUAL(d.look_ms, UINT64_MAX);
    CU_ASSERT_EQUAL(hd_view_bell(d.view), -1);
    hd_duty_view_ring(&d);
    CU_ASSERT_EQUAL(d.look_ms, UINT64_MAX);
    d.look_ms = 0;
    hd_duty_view_look(&d);
    hd_duty_view_apply(&d, true); /* d has no xenstore to read */
    CU_ASSERT_STRING_EQUAL(d.why[HD_DUTY_VIEW], "");
}

static const struct hd_test tests[] = {
    HD_TEST(an_agent_looks_after_a_mount_alone),
    HD_TEST(a_burst_of_mounts_is_one_look_and_puts_it_off_no_further),
    HD_TEST(nothing_is_due_in_a_guest_that_is_to_end),
};
HD_SUITE("dom-guest/duty_view", tests);
