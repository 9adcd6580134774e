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

/* Once in a minute at most, whoever asks how often. */
static void who_computes_for_a_minute_is_busy_until_it_rests(void)
{
    static const struct {
        uint64_t ms, cpu_ms;
        bool changes, busy;
    } looks[] = {
        {60000, 60000, false, false}, /* how long it took for that is not known
                                       */
        {30000, 30000, false, false}, {30000, 30000, true, true},
        {60000, 20000, false, true}, /* not yet */
        {60000, 14000, true, false},  {60000, 29000, false, false},
        {60000, 240000, true, true}, /* of four processors */
    };
    struct hd_guest_life guest = {.cpu_ms = 0};
    uint64_t now_ms = 7, cpu_ms = 0;

    for (size_t i = 0; i < HD_ARRAY_LEN(looks); i++) {
        now_ms += looks[i].ms;
        cpu_ms += looks[i].cpu_ms;
        CU_ASSERT_EQUAL(hd_shares_see(&guest, cpu_ms * 1000000, now_ms),
                        looks[i].changes);
        CU_ASSERT_EQUAL(guest.busy, looks[i].busy);
    }
}

static void who_is_busy_stays_light_when_the_last_start_has_ended(void)
{
    struct kit_daemon b;

    begin(&b);
    b.guests[1].busy = true;
    hd_shares_give(&b.daemon);
    CU_ASSERT_EQUAL(xen_kit.unlightened, 1);
    xen_kit_end(&b);
    kit_daemon_fini(&b);
}

static void who_starts_again_has_done_nothing_yet(void)
{
    struct kit_daemon b;

    begin(&b);
    b.guests[0].busy = true;
    b.guests[0].cpu_ms = 9;
    b.guests[0].state = HD_STATE_BUILDING;
    hd_life_set_guest(b.store, &b.guests[0], HD_ON_RUN, NULL, NULL);
    CU_ASSERT_EQUAL(b.guests[0].state, HD_STATE_RUNNING);
    CU_ASSERT_FALSE(b.guests[0].busy || b.guests[0].cpu_ms);
    xen_kit_end(&b);
    kit_daemon_fini(&b);
}

static const struct hd_test tests[] = {
    HD_TEST(who_computes_for_a_minute_is_busy_until_it_rests),
    HD_TEST(who_is_busy_stays_light_when_the_last_start_has_ended),
    HD_TEST(who_starts_again_has_done_nothing_yet),
    HD_TEST(who_starts_alone_is_as_heavy_as_ever),
    HD_TEST(all_have_their_share_when_the_last_start_has_ended),
    HD_TEST(a_start_that_ends_gives_them_however_it_does),
};

HD_SUITE("daemon/shares", tests);
