/* SPDX-License-Identifier: MIT */
/* Tests hv/watch/held: how many watch a volume, and until when. */
#include "../../hv/watch/held.h"

#include "daemon_kit.h"
#include "ledger_kit.h"
#include "unit.h"

#define NAME "hotdom-travel-disk"

static void begin(struct kit_daemon *b)
{
    static const char *const guests[] = {"desk", NULL};

    kit_daemon_init(b, "travel", guests);
}

static void make_due(uv_handle_t *handle, void *n)
{
    uv_timer_t *timer = (uv_timer_t *)(void *)handle;

    if (handle->type != UV_TIMER || !uv_is_active(handle))
        return;
    uv_timer_start(timer, timer->timer_cb, 0, 0);
    ++*(unsigned *)n;
}

/* How many timers were due. */
static unsigned time_goes_by(struct kit_daemon *b)
{
    unsigned n = 0;

    uv_walk(&b->loop, make_due, &n);
    uv_run(&b->loop, UV_RUN_NOWAIT);
    return n;
}

/* Each request that fails brings an event. */
static void many_failures_of_a_volume_are_watched_once(void)
{
    struct kit_daemon b;

    begin(&b);
    for (int i = 0; i < 5; i++)
        hd_held_watch(&b.daemon, NAME);
    hd_held_watch(&b.daemon, NAME "2");
    CU_ASSERT_EQUAL(time_goes_by(&b), 2);
    hd_held_watch(&b.daemon, NAME);
    CU_ASSERT_EQUAL(time_goes_by(&b), 2); /* told, and held again */
    CU_ASSERT_PTR_NULL(b.daemon.held);
    hd_held_watch(&b.daemon, NAME);
    CU_ASSERT_PTR_NOT_NULL(b.daemon.held);
    (void)time_goes_by(&b);
    (void)time_goes_by(&b);
    kit_daemon_fini(&b);
}

/* Its portal may be silent, or its disk gone. */
static void a_volume_is_held_until_it_is_known_whose_it_is(void)
{
    struct kit_daemon b;

    begin(&b);
    ledger_begin();
    b.store->adopt = ledger_create();
    hd_held_watch(&b.daemon, NAME);
    for (int i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(time_goes_by(&b), 1);
    CU_ASSERT_PTR_NOT_NULL(b.daemon.held);
    hd_ledger_free(hd_steal(&b.store->adopt));
    (void)time_goes_by(&b);
    (void)time_goes_by(&b);
    CU_ASSERT_PTR_NULL(b.daemon.held);
    ledger_end();
    kit_daemon_fini(&b);
}

static const struct hd_test tests[] = {
    HD_TEST(many_failures_of_a_volume_are_watched_once),
    HD_TEST(a_volume_is_held_until_it_is_known_whose_it_is),
};

HD_SUITE("watch/held", tests);
