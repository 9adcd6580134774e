/* SPDX-License-Identifier: MIT */
/* Tests hv/domain/shutdown. */
#include "../../hv/domain/shutdown.h"

#include "unit.h"
#include "xs_kit.h"

#define NODE "/local/domain/7/control/shutdown"

static void an_order_is_there_until_the_guest_takes_it(void)
{
    hd_auto(hd_xs) xs = NULL;
    struct hd_err err = {0};

    xs_kit_reset();
    CHECK_OK(hd_xs_open(&xs, &err), &err);
    CU_ASSERT_EQUAL(hd_shutdown_order(xs, 7, "poweroff", &err), 0);
    CU_ASSERT_FALSE(hd_shutdown_is_taken(xs, 7));
    xs_kit_put(NODE, "");
    CU_ASSERT_EQUAL(hd_shutdown_order(xs, 7, "poweroff", &err), 1);
    CU_ASSERT_TRUE(xs_kit_is(NODE, "poweroff"));
    CU_ASSERT_FALSE(hd_shutdown_is_taken(xs, 7));
    xs_kit_put(NODE, "");
    CU_ASSERT_TRUE(hd_shutdown_is_taken(xs, 7));
}

static const struct hd_test tests[] = {
    HD_TEST(an_order_is_there_until_the_guest_takes_it),
};

HD_SUITE("domain/shutdown", tests);
