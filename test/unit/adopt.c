/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/adopt: what the next hotdomd tells of a guest that has no
 * domain. */
#include <string.h>

#include "../../hv/plan/map_text.h"
#include "ledger_kit.h"
#include "unit.h"
#include "xen_kit.h"

/* Guest desk runs; of the second one there is what a test puts in the ledger
 * and in the map. */
static void begin(struct kit_daemon *k, const char *second)
{
    static const char *const guests[] = {"desk", "attic", NULL};
    struct hd_err err = {0};
    char text[256];
    int len;

    kit_daemon_init(k, "travel", guests);
    xen_kit_begin(k);
    ledger_begin();
    k->store->state = HD_STATE_SEEN;
    k->store->present = true;
    k->store->answer->manifest.store.id = ledger_head.store;
    for (uint8_t i = 0; i < 2; i++)
        k->store->answer->manifest.guests[i].id.byte[0] = i;
    k->store->adopt = ledger_create();
    CHECK_OK(hd_ledger_set_running(
                 k->store->adopt,
                 ledger_take(k->store->adopt, HD_EFFECT_DOMAIN,
                             "00000000-0000-0000-0000-000000000000"),
                 &err),
             &err);
    len = snprintf(text, sizeof(text),
                   "{\"guests\": [{\"guest\": \"desk\", \"starts\": true, "
                   "\"rows\": []}, {\"guest\": \"attic\", %s, \"rows\": []}]}",
                   second);
    CHECK_OK(hd_map_text_read(text, (size_t)len, &k->store->map, &err), &err);
}

static uint32_t take(struct kit_daemon *k, enum hd_effect_kind kind,
                     const char *value)
{
    struct hd_err err = {0};
    uint32_t seq = 0;

    CHECK_OK(hd_ledger_take(k->store->adopt, kind, "attic", value, &seq, &err),
             &err);
    return seq;
}

static void adopt(struct kit_daemon *k, enum hd_state want)
{
    CU_ASSERT_TRUE(hd_adopt_accept(k->store));
    CU_ASSERT_EQUAL(k->store->state, HD_STATE_RUNNING);
    CU_ASSERT_EQUAL(k->guests[0].state, HD_STATE_RUNNING);
    CU_ASSERT_EQUAL(k->guests[1].state, want);
    CU_ASSERT_TRUE(xen_kit.unslowed >
                   0); /* as an earlier one may have left it */
}

static void end(struct kit_daemon *k)
{
    ledger_end();
    xen_kit_end(k);
    kit_daemon_fini(k);
}

/* Is the last event of this guest this change? */
static bool is_told_of(const struct kit_daemon *k, const char *guest,
                       enum hd_state to, const char *reason,
                       const char *message)
{
    const struct hd_event *event, *last = NULL;

    for (uint64_t n = 0; (event = hd_events_at(k->daemon.events, &n)); n++)
        if (!strcmp(event->guest, guest))
            last = event;
    return last && last->to == to && !strcmp(last->reason, reason) &&
           strstr(last->message, message);
}

static bool is_told(const struct kit_daemon *k, enum hd_state to,
                    const char *reason, const char *message)
{
    return is_told_of(k, "attic", to, reason, message);
}

static void whose_turn_had_not_come_has_failed(void)
{
    struct kit_daemon k;

    begin(&k, "\"starts\": true");
    adopt(&k, HD_STATE_FAILED);
    CU_ASSERT_TRUE(
        is_told(&k, HD_STATE_FAILED, "failed", "guest attic had not started"));
    CU_ASSERT_PTR_NOT_NULL(strstr(k.guests[1].why.msg, "attic"));
    CU_ASSERT_EQUAL(xen_kit.jobs, 0);
    end(&k);
}

/* What there is of it is cleaned up, and it still has not started. */
static void who_was_half_started_has_failed(void)
{
    struct hd_job_report gone = {.kind = HD_REPORT_GONE, .guest = "attic"};
    struct hd_err good = {0};
    struct kit_daemon k;

    begin(&k, "\"starts\": true");
    take(&k, HD_EFFECT_DM, "hotdom-travel-attic");
    adopt(&k, HD_STATE_FAILED);
    CU_ASSERT_EQUAL(xen_kit.jobs, 1);
    CU_ASSERT_EQUAL(xen_kit.asked.op, HD_JOB_YANK);
    CU_ASSERT_STRING_EQUAL(xen_kit.asked.guest, "attic");
    hd_report_take(k.store, &gone);
    k.store->task = NULL;
    hd_teardown_ended(k.store, &good);
    CU_ASSERT_EQUAL(k.guests[1].state, HD_STATE_FAILED);
    CU_ASSERT_PTR_NOT_NULL(strstr(k.guests[1].why.msg, "had not started"));
    end(&k);
}

static void who_has_ended_before_is_gone(void)
{
    struct hd_err err = {0};
    struct kit_daemon k;
    uint32_t seq;

    begin(&k, "\"starts\": true");
    seq = take(&k, HD_EFFECT_DOMAIN, "01000000-0000-0000-0000-000000000000");
    CHECK_OK(hd_ledger_set_running(k.store->adopt, seq, &err), &err);
    CHECK_OK(hd_ledger_undone(k.store->adopt, seq, &err), &err);
    adopt(&k, HD_STATE_GONE);
    end(&k);
}

static void whom_the_user_leaves_out_is_gone(void)
{
    struct kit_daemon k;

    begin(&k, "\"starts\": false, \"left_out\": true");
    adopt(&k, HD_STATE_GONE);
    end(&k);
}

static void who_was_refused_still_is(void)
{
    struct kit_daemon k;

    begin(&k, "\"starts\": false, \"reason\": \"no-memory\", "
              "\"message\": \"guest attic wants more than there is\"");
    adopt(&k, HD_STATE_REFUSED);
    CU_ASSERT_TRUE(is_told(&k, HD_STATE_REFUSED, "no-memory",
                           "guest attic wants more than there is"));
    CU_ASSERT_EQUAL(k.guests[1].why.code, HD_E_NO_MEMORY);
    end(&k);
}

/* Of a hotdomd that saved no map nothing is known. */
static void without_a_map_nobody_knows_who_was_to_start(void)
{
    struct kit_daemon k;

    begin(&k, "\"starts\": true");
    json_object_put(k.store->map);
    k.store->map = NULL;
    adopt(&k, HD_STATE_GONE);
    end(&k);
}

static void whose_plan_is_of_no_use_any_more_is_told(void)
{
    struct kit_daemon k;

    begin(&k, "\"starts\": true");
    adopt(&k, HD_STATE_FAILED);
    CU_ASSERT_TRUE(is_told_of(&k, "desk", HD_STATE_RUNNING, "adopted",
                              "does not start again when it ends"));
    end(&k);
    begin(&k, "\"starts\": true");
    k.store->plan = calloc(1, hd_plan_size(0));
    adopt(&k, HD_STATE_FAILED);
    CU_ASSERT_TRUE(is_told_of(&k, "desk", HD_STATE_RUNNING, "adopted", ""));
    CU_ASSERT_FALSE(
        is_told_of(&k, "desk", HD_STATE_RUNNING, "adopted", "plan"));
    end(&k);
}

/* Both run, desk as domain 7, which stands still. */
static void adopt_two(struct kit_daemon *k, const char *orders)
{
    struct hd_err err = {0};
    uint32_t seq;

    begin(k, "\"starts\": true");
    seq = take(k, HD_EFFECT_DOMAIN, "01000000-0000-0000-0000-000000000000");
    CHECK_OK(hd_ledger_set_running(k->store->adopt, seq, &err), &err);
    xen_kit.domid = 7;
    xen_kit.states[0] = HD_DOMAIN_PAUSED;
    strcpy(kit_orders, orders);
    CU_ASSERT_TRUE(hd_adopt_accept(k->store));
    CU_ASSERT_EQUAL(k->guests[1].state, HD_STATE_RUNNING);
}

/* One job, of desk alone. */
static void check_ends(const char *orders, enum hd_job_op op)
{
    struct kit_daemon k;

    adopt_two(&k, orders);
    CU_ASSERT_EQUAL(xen_kit.jobs, 1);
    CU_ASSERT_EQUAL(xen_kit.asked.op, op);
    CU_ASSERT_STRING_EQUAL(xen_kit.asked.guest, "desk");
    CU_ASSERT_EQUAL(k.guests[0].state, HD_STATE_EJECTING);
    end(&k);
}

static void who_was_to_be_destroyed_still_is(void)
{
    check_ends("lab 3 shutdown\ndesk 7 destroy\n", HD_JOB_YANK);
}

/* Be it that its turn had not come yet. */
static void who_was_to_be_shut_down_still_is(void)
{
    check_ends("lab 3 destroy\ndesk 7 shutdown\n", HD_JOB_EJECT);
}

/* Or whose order was an earlier domain's. */
static void who_was_paused_by_a_person_stands_still_and_that_is_all(void)
{
    static const char *const orders[] = {
        "",
        "desk 3 destroy\n",
        "desk 70 destroy\n",
        "mydesk 7 destroy\n",
        "attic 7 destroy\n",
        "desk 3 shutdown\n",
        "mydesk 7 shutdown\n",
        "desk 7 \n",
    };
    struct kit_daemon k;

    for (size_t i = 0; i < HD_ARRAY_LEN(orders); i++) {
        adopt_two(&k, orders[i]);
        CU_ASSERT_EQUAL(xen_kit.jobs, 0);
        CU_ASSERT_EQUAL(k.guests[0].state, HD_STATE_PAUSED);
        end(&k);
    }
}

static const struct hd_test tests[] = {
    HD_TEST(whose_turn_had_not_come_has_failed),
    HD_TEST(who_was_half_started_has_failed),
    HD_TEST(who_has_ended_before_is_gone),
    HD_TEST(whom_the_user_leaves_out_is_gone),
    HD_TEST(who_was_refused_still_is),
    HD_TEST(without_a_map_nobody_knows_who_was_to_start),
    HD_TEST(whose_plan_is_of_no_use_any_more_is_told),
    HD_TEST(who_was_to_be_destroyed_still_is),
    HD_TEST(who_was_to_be_shut_down_still_is),
    HD_TEST(who_was_paused_by_a_person_stands_still_and_that_is_all),
};

HD_SUITE("daemon/adopt", tests);
