/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/teardown: a guest whose domain does not go, while others of
 * its store run on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "xen_kit.h"

#define MINUTE_MS 60000

/* The job ends; `why` is of the domain that does not go, or none. */
static void end_job(struct kit_daemon *k, const char *why)
{
    struct hd_err good = {0};

    k->store->task = NULL;
    if (why) {
        hd_fail(&k->store->quarantined, HD_E_QUARANTINED, "%s", why);
        hd_life_set_guest(k->store, hd_store_guest(k->store, "left"),
                          HD_ON_QUARANTINE, NULL, NULL);
    }
    hd_teardown_ended(k->store, &good);
}

/* Guest left has been destroyed, and did not go. */
static void begin(struct kit_daemon *k)
{
    static const char *const guests[] = {"left", "right", "more", NULL};

    kit_daemon_init(k, "three", guests);
    xen_kit_begin(k);
    hd_life_set_guest(k->store, &k->guests[0], HD_ON_DESTROY, NULL, NULL);
    hd_teardown_yank(k->store, "left", HD_AFTER_LOOK);
    CU_ASSERT_EQUAL_FATAL(xen_kit.jobs, 1);
    xen_kit.states[0] = HD_DOMAIN_DYING;
    end_job(k, "domain 7 does not go");
    CU_ASSERT_EQUAL(k->guests[0].state, HD_STATE_QUARANTINED);
    CU_ASSERT_EQUAL(k->store->state, HD_STATE_RUNNING);
}

static void finish(struct kit_daemon *k)
{
    xen_kit_end(k);
    kit_daemon_fini(k);
}

/* False when nothing is to be looked at. */
static bool a_minute_goes_by(struct kit_daemon *k)
{
    uv_timer_t *timer = &k->store->retry;
    uint64_t left = uv_timer_get_due_in(timer);

    if (!uv_is_active((uv_handle_t *)timer))
        return false;
    CU_ASSERT_TRUE(left > 0 && left <= MINUTE_MS);
    uv_timer_start(timer, timer->timer_cb, 0, 0);
    uv_run(&k->loop, UV_RUN_NOWAIT);
    return true;
}

static void one_that_has_gone_is_cleaned_up_within_a_minute(void)
{
    struct kit_daemon k;

    begin(&k);
    CU_ASSERT_TRUE(a_minute_goes_by(&k));
    /* It is there: nobody has to wait for a job that looks. */
    CU_ASSERT_EQUAL(xen_kit.jobs, 1);
    CU_ASSERT_PTR_NULL(k.store->task);
    CU_ASSERT_TRUE(a_minute_goes_by(&k));
    xen_kit.states[0] = HD_DOMAIN_GONE;
    CU_ASSERT_TRUE(a_minute_goes_by(&k));
    CU_ASSERT_EQUAL(xen_kit.jobs, 2);
    CU_ASSERT_EQUAL(xen_kit.asked.op, HD_JOB_YANK);
    CU_ASSERT_STRING_EQUAL(xen_kit.asked.guest, "left");
    end_job(&k, NULL);
    CU_ASSERT_EQUAL(k.guests[0].state, HD_STATE_GONE);
    CU_ASSERT_EQUAL(k.guests[1].state, HD_STATE_RUNNING);
    CU_ASSERT_EQUAL(k.store->state, HD_STATE_RUNNING);
    /* And there is nothing to look at any more. */
    CU_ASSERT_FALSE(a_minute_goes_by(&k));
    CU_ASSERT_EQUAL(xen_kit.jobs, 2);
    finish(&k);
}

static void while_xen_does_not_answer_it_is_there(void)
{
    struct kit_daemon k;

    begin(&k);
    xen_kit.states[0] = HD_DOMAIN_GONE;
    xen_kit.blind = true;
    CU_ASSERT_TRUE(a_minute_goes_by(&k));
    CU_ASSERT_EQUAL(xen_kit.jobs, 1);
    xen_kit.blind = false;
    CU_ASSERT_TRUE(a_minute_goes_by(&k));
    CU_ASSERT_EQUAL(xen_kit.jobs, 2);
    finish(&k);
}

static void another_job_does_not_make_it_forgotten(void)
{
    struct kit_daemon k;

    begin(&k);
    hd_life_set_guest(k.store, &k.guests[1], HD_ON_DESTROY, NULL, NULL);
    hd_teardown_yank(k.store, "right", HD_AFTER_LOOK);
    CU_ASSERT_EQUAL(xen_kit.jobs, 2);
    /* Its minute is over meanwhile. */
    xen_kit.states[0] = xen_kit.states[1] = HD_DOMAIN_GONE;
    hd_life_look(k.store);
    CU_ASSERT_EQUAL(xen_kit.jobs, 2);
    end_job(&k, NULL);
    CU_ASSERT_EQUAL(k.guests[1].state, HD_STATE_GONE);
    CU_ASSERT_EQUAL(xen_kit.jobs, 3);
    CU_ASSERT_STRING_EQUAL(xen_kit.asked.guest, "left");
    finish(&k);
}

static void who_ends_comes_first(void)
{
    struct kit_daemon k;

    begin(&k);
    xen_kit.states[0] = HD_DOMAIN_GONE;
    xen_kit.states[1] = HD_DOMAIN_SHUTDOWN;
    CU_ASSERT_TRUE(a_minute_goes_by(&k));
    CU_ASSERT_EQUAL(xen_kit.jobs, 2);
    CU_ASSERT_EQUAL(xen_kit.asked.op, HD_JOB_EJECT);
    CU_ASSERT_STRING_EQUAL(xen_kit.asked.guest, "right");
    end_job(&k, NULL);
    CU_ASSERT_EQUAL(xen_kit.jobs, 3);
    CU_ASSERT_EQUAL(xen_kit.asked.op, HD_JOB_YANK);
    CU_ASSERT_STRING_EQUAL(xen_kit.asked.guest, "left");
    finish(&k);
}

/* As hotdomd before left it: left in quarantine, right up, more ended. */
static struct hd_ledger *left_behind(const char *dir,
                                     const struct kit_daemon *k)
{
    const struct hd_ledger_head head = {.label = "three", .devname = "sda"};
    struct hd_ledger *ledger = NULL;
    char id[2][HD_UUID_SIZE];
    struct hd_err err = {0};
    uint32_t seq;

    for (int i = 0; i < 2; i++)
        hd_uuid_format(&k->guests[i].uuid, id[i]);
    CHECK_OK(hd_ledger_create(dir, &head, &ledger, &err), &err);
    CHECK_OK(
        hd_ledger_take(ledger, HD_EFFECT_DOMAIN, "left", id[0], &seq, &err),
        &err);
    CHECK_OK(hd_ledger_set_quarantined(ledger, seq, &err), &err);
    CHECK_OK(
        hd_ledger_take(ledger, HD_EFFECT_DOMAIN, "right", id[1], &seq, &err),
        &err);
    CHECK_OK(hd_ledger_set_running(ledger, seq, &err), &err);
    return ledger;
}

static void begin_next(const char *dir, struct kit_daemon *k)
{
    begin(k);
    uv_timer_stop(&k->store->retry);
    for (uint8_t i = 0; i < 3; i++)
        k->store->answer->manifest.guests[i].id.byte[0] = i;
    k->store->adopt = left_behind(dir, k);
    k->store->state = HD_STATE_SEEN;
}

/* It was ended, and hotdomd as well, before its volume was let go. */
static void the_next_hotdomd_undoes_what_an_ended_guest_has_left(void)
{
    char dir[] = "/tmp/hotdom-quarantine-XXXXXX", order[64];
    struct hd_err err = {0};
    struct kit_daemon k;
    uint32_t seq;

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    begin_next(dir, &k);
    CHECK_OK(hd_ledger_take(k.store->adopt, HD_EFFECT_DM, "more",
                            "hotdom-three-more", &seq, &err),
             &err);
    xen_kit.jobs = 0;
    CU_ASSERT_TRUE(hd_adopt_accept(k.store));
    CU_ASSERT_EQUAL(k.guests[1].state, HD_STATE_RUNNING);
    CU_ASSERT_EQUAL(xen_kit.jobs, 1);
    CU_ASSERT_EQUAL(xen_kit.asked.op, HD_JOB_YANK);
    CU_ASSERT_STRING_EQUAL(xen_kit.asked.guest, "more");
    end_job(&k, NULL);
    CU_ASSERT_EQUAL(k.guests[1].state, HD_STATE_RUNNING);
    finish(&k);
    snprintf(order, sizeof(order), "rm -rf %s", dir);
    CU_ASSERT_EQUAL(system(order), 0);
}

static void the_next_hotdomd_knows_of_it(void)
{
    char dir[] = "/tmp/hotdom-quarantine-XXXXXX", order[64];
    struct kit_daemon k;

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    begin_next(dir, &k);
    CU_ASSERT_TRUE(hd_adopt_accept(k.store));
    CU_ASSERT_EQUAL(k.guests[0].state, HD_STATE_QUARANTINED);
    CU_ASSERT_EQUAL(k.guests[1].state, HD_STATE_RUNNING);
    CU_ASSERT_EQUAL(k.guests[2].state, HD_STATE_GONE);
    CU_ASSERT_TRUE(a_minute_goes_by(&k));
    finish(&k);
    snprintf(order, sizeof(order), "rm -rf %s", dir);
    CU_ASSERT_EQUAL(system(order), 0);
}

static void look_at(struct kit_daemon *k, enum hd_domain_state state)
{
    xen_kit.states[1] = state;
    xen_kit.reasons[1] = HD_DOMAIN_SUSPEND;
    hd_life_look(k->store);
}

static void a_guest_that_is_saved_lives_and_what_ends_it_then_is_told(void)
{
    struct kit_daemon k;

    begin(&k);
    look_at(&k, HD_DOMAIN_SHUTDOWN);
    look_at(&k, HD_DOMAIN_RUNNING);
    CU_ASSERT_EQUAL(k.guests[1].state, HD_STATE_RUNNING);
    look_at(&k, HD_DOMAIN_SHUTDOWN);
    CU_ASSERT_EQUAL(k.guests[1].state, HD_STATE_RUNNING);
    CU_ASSERT_EQUAL(xen_kit.jobs, 1);
    look_at(&k, HD_DOMAIN_GONE);
    CU_ASSERT_EQUAL(k.guests[1].state, HD_STATE_EJECTING);
    CU_ASSERT_STRING_EQUAL(k.last.guest, "right");
    CU_ASSERT_STRING_EQUAL(k.last.reason, "destroyed");
    CU_ASSERT_PTR_NOT_NULL(strstr(k.last.message, "`xl save -c`"));
    finish(&k);
}

/* One that went on and is destroyed later was not saved. */
static void what_ends_a_guest_behind_a_checkpoint_is_not_the_saving(void)
{
    struct kit_daemon k;

    begin(&k);
    look_at(&k, HD_DOMAIN_SHUTDOWN);
    look_at(&k, HD_DOMAIN_RUNNING);
    look_at(&k, HD_DOMAIN_GONE);
    CU_ASSERT_STRING_EQUAL(k.last.reason, "destroyed");
    CU_ASSERT_STRING_EQUAL(k.last.message, "");
    finish(&k);
}

static const struct hd_test tests[] = {
    HD_TEST(one_that_has_gone_is_cleaned_up_within_a_minute),
    HD_TEST(while_xen_does_not_answer_it_is_there),
    HD_TEST(another_job_does_not_make_it_forgotten),
    HD_TEST(who_ends_comes_first),
    HD_TEST(the_next_hotdomd_knows_of_it),
    HD_TEST(the_next_hotdomd_undoes_what_an_ended_guest_has_left),
    HD_TEST(a_guest_that_is_saved_lives_and_what_ends_it_then_is_told),
    HD_TEST(what_ends_a_guest_behind_a_checkpoint_is_not_the_saving),
};

HD_SUITE("daemon/teardown_quarantine", tests);
