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

static int see(struct hd_context *ctx, uint32_t from, uint32_t to,
               const char *behind, void *arg)
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
    return behind ? -1 : 0;
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

/* Guests "a" to "d", a domain each, and what became of each in order. */
struct told {
    char log[64];
    char fails; /* this one */
};

static int tell(struct hd_context *ctx, uint32_t from, uint32_t to,
                const char *behind, void *arg)
{
    const char *guest = ctx->plan->steps[from].guest;
    struct told *told = arg;

    CU_ASSERT_EQUAL(to, from + 1);
    snprintf(told->log + strlen(told->log),
             sizeof(told->log) - strlen(told->log), "%s%s%s ", guest,
             behind ? "<" : "", behind ? behind : "");
    return behind || *guest == told->fails ? -1 : 0;
}

/* `after` has a word for each guest, of those that it is after. */
static const char *lead_after(const char *const after[4], char fails,
                              struct told *told)
{
    struct hd_job_request req;
    hd_autofree struct hd_plan *plan = job_kit_begin(&req, 4);
    struct hd_context ctx = {.req = &req, .plan = plan};

    for (uint32_t i = 0; i < 4; i++) {
        struct hd_step *s = job_kit_step(plan, i, HD_STEP_BUILD_DOMAIN);

        snprintf(s->guest, HD_NAME_SIZE, "%c", 'a' + i);
        for (const char *c = after[i]; *c; c++)
            s->u.domain.after[s->u.domain.n_after++].name[0] = *c;
    }
    *told = (struct told){.fails = fails};
    hd_lanes_run(&ctx, 1, tell, told);
    return told->log;
}

static void a_guest_waits_for_those_that_it_is_after(void)
{
    const char *const after[] = {"d", "a", "", ""};
    struct told told;

    CU_ASSERT_STRING_EQUAL(lead_after(after, 0, &told), "c d a b ");
}

static void who_is_after_one_that_failed_is_told_so_and_others_go_on(void)
{
    const char *const after[] = {"", "a", "b", ""};
    struct told told;

    CU_ASSERT_STRING_EQUAL(lead_after(after, 'a', &told), "a b<a c<b d ");
}

static void who_is_not_in_the_plan_is_not_waited_for(void)
{
    const char *const after[] = {"z", "", "", ""};
    struct told told;

    CU_ASSERT_STRING_EQUAL(lead_after(after, 0, &told), "a b c d ");
}

static void a_plan_whose_guests_wait_for_one_another_ends(void)
{
    const char *const after[] = {"b", "a", "", "a"};
    struct told told;

    CU_ASSERT_STRING_EQUAL(lead_after(after, 0, &told), "c a<a b<a d<a ");
}

static const struct hd_test tests[] = {
    HD_TEST(each_guest_is_led_once_in_the_plans_order),
    HD_TEST(a_guest_waits_for_those_that_it_is_after),
    HD_TEST(who_is_after_one_that_failed_is_told_so_and_others_go_on),
    HD_TEST(who_is_not_in_the_plan_is_not_waited_for),
    HD_TEST(a_plan_whose_guests_wait_for_one_another_ends),
    HD_TEST(lanes_that_cannot_be_opened_leave_their_work_to_the_first),
};

HD_SUITE("run/lanes", tests);
