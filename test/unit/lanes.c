/* SPDX-License-Identifier: MIT */
/* Tests hv/run/lanes: every guest of a plan has its turn once. */
#include <stdlib.h>
#include <string.h>

#include "../../hv/run/lanes.h"
#include "job_kit.h"
#include "unit.h"

#define GUESTS 5

/* What the lanes were given, in order. */
struct seen {
    uint32_t n;
    uint32_t from[GUESTS + 1], to[GUESTS + 1];
    bool alone; /* no two had the turn at a time */
    uint32_t inside;
};

static void see(struct hd_context *ctx, uint32_t from, uint32_t to, void *arg)
{
    struct seen *seen = arg;

    seen->alone = seen->alone && !seen->inside++;
    if (seen->n <= GUESTS) {
        seen->from[seen->n] = from;
        seen->to[seen->n] = to;
    }
    seen->n++;
    seen->inside--;
    hd_context_leave(ctx);
    hd_context_enter(ctx);
}

/* Guest i has i + 1 steps. */
static void lead(uint32_t lanes, struct seen *seen)
{
    struct hd_job_request req;
    hd_autofree struct hd_plan *plan =
        job_kit_begin(&req, GUESTS * (GUESTS + 1) / 2);
    struct hd_context ctx = {.req = &req, .plan = plan};
    uint32_t step = 0;

    for (int i = 0; i < GUESTS; i++)
        for (int k = 0; k <= i; k++)
            snprintf(plan->steps[step++].guest, HD_NAME_SIZE, "guest%d", i);
    memset(seen, 0, sizeof(*seen));
    seen->alone = true;
    hd_lanes_run(&ctx, lanes, see, seen);
    CU_ASSERT_PTR_NULL(ctx.turn);
}

static void check(const struct seen *seen)
{
    CU_ASSERT_EQUAL_FATAL(seen->n, GUESTS);
    for (uint32_t i = 0; i < GUESTS; i++) {
        CU_ASSERT_EQUAL(seen->from[i], i * (i + 1) / 2);
        CU_ASSERT_EQUAL(seen->to[i], (i + 1) * (i + 2) / 2);
    }
    CU_ASSERT_TRUE(seen->alone);
}

static void each_guest_is_led_once_in_the_plans_order(void)
{
    struct seen seen;

    lead(1, &seen);
    check(&seen);
    lead(0, &seen);
    check(&seen);
}

/* Without Xen no other can be opened. */
static void lanes_that_cannot_be_opened_leave_their_work_to_the_first(void)
{
    struct seen seen;

    lead(3, &seen);
    check(&seen);
    lead(64, &seen);
    check(&seen);
}

static const struct hd_test tests[] = {
    HD_TEST(each_guest_is_led_once_in_the_plans_order),
    HD_TEST(lanes_that_cannot_be_opened_leave_their_work_to_the_first),
};

HD_SUITE("run/lanes", tests);
