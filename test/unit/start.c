/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/start: what a start that came to nothing leaves behind. */
#include <string.h>

#include "../../hv/daemon/life.h"
#include "../../pv-drivers/base/log.h"
#include "unit.h"

/* A store whose job has just failed: the map refused "needy", "maker" was being
 * built. */
struct bench {
    struct hd_daemon daemon;
    uv_loop_t loop;
    struct hd_store *store;
    struct hd_guest_life *maker, *needy;
};

static void begin(struct bench *b)
{
    struct hd_device device = {.name = "sda", .diskseq = 1};
    struct hd_manifest *m;

    memset(b, 0, sizeof(*b));
    hd_log_init("unit", HD_LOG_ERROR - 1);
    uv_loop_init(&b->loop);
    b->daemon.loop = &b->loop;
    b->daemon.events = hd_events_new();
    b->store = hd_store_new(&b->daemon, &b->loop, &device);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b->store);
    b->store->answer = calloc(1, sizeof(*b->store->answer));
    CU_ASSERT_PTR_NOT_NULL_FATAL(b->store->answer);
    m = &b->store->answer->manifest;
    m->n_guests = 2;
    strcpy(m->guests[0].name, "maker");
    strcpy(m->guests[1].name, "needy");
    hd_store_fill(b->store);
    strcpy(b->store->label, "mapped");
    b->store->state = HD_STATE_BUILDING;
    b->maker = &b->store->guests[0];
    b->needy = &b->store->guests[1];
    b->maker->state = HD_STATE_BUILDING;
    b->needy->state = HD_STATE_REFUSED;
    hd_fail(&b->needy->why, HD_E_NO_NETWORK, "guest needy requires a network");
    hd_fail(&b->store->why, HD_E_FAILED, "the job has died");
}

static void end(struct bench *b)
{
    hd_store_free(b->store);
    hd_events_free(b->daemon.events);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    CU_ASSERT_EQUAL(uv_loop_close(&b->loop), 0);
    hd_log_init("unit", HD_LOG_WARNING);
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
    end(&b);
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
    end(&b);
}

static const struct hd_test tests[] = {
    HD_TEST(who_was_refused_did_not_fail),
    HD_TEST(a_store_that_asks_again_forgets_whom_it_refused),
};

HD_SUITE("daemon/start", tests);
