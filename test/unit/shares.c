/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/shares: who is light at first, and until when. */
#include "../../hv/daemon/shares.h"

#include <string.h>

#include "../../hv/daemon/life.h"
#include "daemon_kit.h"
#include "unit.h"
#include "xen_kit.h"

static char job; /* stands for a task that runs */

static void begin(struct kit_daemon *b)
{
    static const char *const guests[] = {"desk", "attic", NULL};

    kit_daemon_init(b, "travel", guests);
    xen_kit_begin(b);
}

static struct hd_store begin_other(struct kit_daemon *b, enum hd_job_op op)
{
    struct hd_store other = {.task = (struct hd_task *)&job, .op = op};

    b->store->next = NULL;
    b->daemon.stores.first = b->store;
    return other;
}

static struct hd_plan *plan_of(uint32_t n_guests)
{
    struct hd_plan *plan = calloc(1, hd_plan_size(2));

    CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
    plan->n_steps = n_guests;
    for (uint32_t i = 0; i < n_guests; i++)
        plan->steps[i].kind = HD_STEP_START_DOMAIN;
    return plan;
}

static void who_starts_alone_is_as_heavy_as_ever(void)
{
    struct hd_plan *one = plan_of(1), *two = plan_of(2);
    struct kit_daemon b;
    struct hd_store other;

    begin(&b);
    other = begin_other(&b, HD_JOB_START);
    CU_ASSERT_FALSE(hd_shares_crowd(b.store, one));
    CU_ASSERT_TRUE(hd_shares_crowd(b.store, two));
    b.store->next = &other;
    CU_ASSERT_TRUE(hd_shares_crowd(b.store, one));
    other.op = HD_JOB_EJECT;
    CU_ASSERT_FALSE(hd_shares_crowd(b.store, one));
    b.store->next = NULL;
    xen_kit_end(&b);
    kit_daemon_fini(&b);
    free(one);
    free(two);
}

static void all_have_their_share_when_the_last_start_has_ended(void)
{
    struct hd_store other;
    struct kit_daemon b;

    begin(&b);
    other = begin_other(&b, HD_JOB_START);
    b.store->next = &other;
    hd_shares_give(&b.daemon);
    CU_ASSERT_EQUAL(xen_kit.unlightened, 0);
    other.task = NULL;
    hd_shares_give(&b.daemon);
    CU_ASSERT_EQUAL(xen_kit.unlightened, 2);
    b.guests[1].state = HD_STATE_GONE;
    hd_shares_give(&b.daemon);
    CU_ASSERT_EQUAL(xen_kit.unlightened, 3);
    b.store->next = NULL;
    xen_kit_end(&b);
    kit_daemon_fini(&b);
}

static void a_start_that_ends_gives_them_however_it_does(void)
{
    struct hd_err outcome = {0};
    struct kit_daemon b;

    begin(&b);
    b.store->state = HD_STATE_BUILDING;
    hd_fail(&outcome, HD_E_FAILED, "the job died");
    hd_start_ended(b.store, &outcome);
    CU_ASSERT_EQUAL(xen_kit.unlightened, 2);
    xen_kit_end(&b);
    kit_daemon_fini(&b);
}

static const struct hd_test tests[] = {
    HD_TEST(who_starts_alone_is_as_heavy_as_ever),
    HD_TEST(all_have_their_share_when_the_last_start_has_ended),
    HD_TEST(a_start_that_ends_gives_them_however_it_does),
};

HD_SUITE("daemon/shares", tests);
