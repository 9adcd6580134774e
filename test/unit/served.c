/* SPDX-License-Identifier: MIT */
/* Tests hv/watch/served: who has lost the process that served it is told. */
#include <stdlib.h>
#include <string.h>

#include "../../hv/watch/served.h"
#include "daemon_kit.h"
#include "unit.h"

static void begin(struct kit_daemon *k)
{
    static const char *const guests[] = {"desk", "bare", NULL};
    struct hd_plan *plan = calloc(1, hd_plan_size(1));

    kit_daemon_init(k, "travel", guests);
    CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
    k->store->plan = plan;
    plan->n_steps = 1;
    plan->steps[0].kind = HD_STEP_SERVE_FILES;
    strcpy(plan->steps[0].guest, "desk");
    /* No process has this lock. */
    strcpy(plan->steps[0].u.files.name, "unit-nobody.desk");
}

static void look(struct kit_daemon *k, int times)
{
    while (times-- > 0)
        hd_served_look(&k->daemon.stores);
}

static void a_server_that_has_died_is_told_once_with_the_way_out(void)
{
    struct kit_daemon k;

    begin(&k);
    look(&k, 1);
    CU_ASSERT_EQUAL(k.told, 0);
    look(&k, 9);
    CU_ASSERT_EQUAL(k.told, 1);
    CU_ASSERT_STRING_EQUAL(k.last.guest, "desk");
    CU_ASSERT_STRING_EQUAL(k.last.reason, "server-died");
    CU_ASSERT_EQUAL(k.last.from, k.last.to);
    CU_ASSERT_STRING_EQUAL(k.last.message,
                           "the process that serves its host view has died; "
                           "`hotdom reboot travel.desk` gives the guest "
                           "another");
    kit_daemon_fini(&k);
}

static void one_that_is_there_again_and_dies_again_is_told_again(void)
{
    struct kit_daemon k;

    begin(&k);
    look(&k, 2);
    hd_served_take(k.store, &k.guests[0], NULL);
    look(&k, 1);
    CU_ASSERT_EQUAL(k.told, 1);
    look(&k, 1);
    CU_ASSERT_EQUAL(k.told, 2);
    /* Another start, another server. */
    k.guests[0].state = HD_STATE_BUILDING;
    hd_life_set_guest(k.store, &k.guests[0], HD_ON_RUN, NULL, NULL);
    look(&k, 2);
    CU_ASSERT_EQUAL(k.told, 4);
    kit_daemon_fini(&k);
}

static void who_ends_or_is_worked_on_has_lost_nothing(void)
{
    struct kit_daemon k;

    begin(&k);
    k.store->task = (struct hd_task *)&k; /* which is never looked into */
    look(&k, 3);
    k.store->task = NULL;
    k.guests[0].state = HD_STATE_EJECTING;
    look(&k, 3);
    CU_ASSERT_EQUAL(k.told, 0);
    kit_daemon_fini(&k);
}

static const struct hd_test tests[] = {
    HD_TEST(a_server_that_has_died_is_told_once_with_the_way_out),
    HD_TEST(one_that_is_there_again_and_dies_again_is_told_again),
    HD_TEST(who_ends_or_is_worked_on_has_lost_nothing),
};

HD_SUITE("watch/served", tests);
