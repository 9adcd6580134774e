/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/start: what a start that came to nothing leaves behind. */
#include <string.h>

#include "daemon_kit.h"
#include "unit.h"

/* A store whose job has just failed: the map refused "needy", "maker" was being
 * built. */
struct bench {
    struct kit_daemon kit;
    struct hd_store *store;
    struct hd_guest_life *maker, *needy;
};

static void begin(struct bench *b)
{
    static const char *const guests[] = {"maker", "needy", NULL};

    kit_daemon_init(&b->kit, "mapped", guests);
    b->kit.daemon.stopping = false;
    b->store = b->kit.store;
    b->store->state = HD_STATE_BUILDING;
    b->maker = &b->kit.guests[0];
    b->needy = &b->kit.guests[1];
    b->maker->state = HD_STATE_BUILDING;
    b->needy->state = HD_STATE_REFUSED;
    hd_fail(&b->needy->why, HD_E_NO_NETWORK, "guest needy requires a network");
    hd_fail(&b->store->why, HD_E_FAILED, "the job has died");
}

static void who_was_refused_did_not_fail(void)
{
    struct bench b;

    begin(&b);
    hd_start_settle(b.store);
    CU_ASSERT_EQUAL(b.store->state, HD_STATE_FAILED);
    CU_ASSERT_EQUAL(b.maker->state, HD_STATE_FAILED);
    CU_ASSERT_EQUAL(b.needy->state, HD_STATE_REFUSED);
    CU_ASSERT_STRING_EQUAL(b.needy->why.msg, "guest needy requires a network");
    kit_daemon_fini(&b.kit);
}

static void a_store_that_asks_again_forgets_whom_it_refused(void)
{
    struct bench b;

    begin(&b);
    b.store->ask = true;
    hd_fail(&b.store->why, HD_E_WRONG_PASSWORD, "wrong password");
    hd_start_settle(b.store);
    CU_ASSERT_EQUAL(b.store->state, HD_STATE_LOCKED);
    CU_ASSERT_EQUAL(b.store->why.code, 0);
    CU_ASSERT_EQUAL(b.maker->state, HD_STATE_LOCKED);
    CU_ASSERT_EQUAL(b.needy->state, HD_STATE_LOCKED);
    CU_ASSERT_EQUAL(b.needy->why.code, 0);
    kit_daemon_fini(&b.kit);
}

/* The job died between two guests; what a BUILD had built of the second one is
 * cleaned up as well. */
static void who_was_not_begun_is_not_gone(void)
{
    struct hd_job_report gone = {.kind = HD_REPORT_GONE};
    struct bench b;

    begin(&b);
    b.needy->state = HD_STATE_PLANNED;
    b.store->op = HD_JOB_YANK;
    b.store->ask = true;
    strcpy(gone.guest, "needy");
    hd_report_take(b.store, &gone);
    CU_ASSERT_EQUAL(b.needy->state, HD_STATE_PLANNED);
    CU_ASSERT_EQUAL(b.kit.told, 0);
    strcpy(gone.guest, "maker");
    hd_report_take(b.store, &gone);
    CU_ASSERT_EQUAL(b.maker->state, HD_STATE_GONE);
    CU_ASSERT_EQUAL(b.kit.told, 1);
    hd_start_settle(b.store);
    CU_ASSERT_EQUAL(b.needy->state, HD_STATE_LOCKED);
    kit_daemon_fini(&b.kit);
}

static const struct hd_test tests[] = {
    HD_TEST(who_was_refused_did_not_fail),
    HD_TEST(a_store_that_asks_again_forgets_whom_it_refused),
    HD_TEST(who_was_not_begun_is_not_gone),
};

HD_SUITE("daemon/start", tests);
