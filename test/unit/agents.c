/* SPDX-License-Identifier: MIT */
/* Tests hv/watch/agents: what a report makes of a guest, and when it is looked
 * for. */
#include <string.h>

#include "../../hv/watch/agents.h"
#include "unit.h"

#define READY "beat=1;state=ready;os=Debian 12;addresses=10.0.0.1"
#define HOUR  3600000

static bool take(struct hd_guest_life *guest, const char *text, uint64_t now_ms)
{
    return hd_agents_take(guest, text ? 1 : 0, text ? text : "", now_ms);
}

static void a_guest_that_tells_nothing_has_no_agent_and_no_event(void)
{
    struct hd_guest_life guest = {.since_ms = HOUR};

    CU_ASSERT_FALSE(take(&guest, NULL, HOUR + 90000));
    CU_ASSERT_EQUAL(guest.agent.state, HD_AGENT_STATE_NONE);
    CU_ASSERT_STRING_EQUAL(hd_agent_state_name(guest.agent.state), "no-agent");
}

static void the_first_report_is_an_event_and_the_same_again_is_none(void)
{
    struct hd_guest_life guest = {.since_ms = HOUR};
    char message[HD_AGENTS_MESSAGE];

    CU_ASSERT_TRUE(take(&guest, READY, HOUR + 1000));
    CU_ASSERT_EQUAL(guest.agent.state, HD_AGENT_STATE_READY);
    hd_agents_message(&guest.agent, message);
    CU_ASSERT_STRING_EQUAL(message, "Debian 12, 10.0.0.1");
    CU_ASSERT_FALSE(take(&guest,
                         "beat=2;state=ready;os=Debian "
                         "12;addresses=10.0.0.1",
                         HOUR + 30000));
}

static void another_address_is_told_and_nothing_oftener_than_in_ten_seconds(
    void)
{
    static const char other[] = "beat=2;state=ready;addresses=10.0.0.2";
    struct hd_guest_life guest = {.since_ms = HOUR};

    CU_ASSERT_TRUE(take(&guest, READY, HOUR + 1000));
    CU_ASSERT_FALSE(take(&guest, other, HOUR + 2000));
    /* The list has it at once, the event later. */
    CU_ASSERT_STRING_EQUAL(guest.agent.report.addresses[0], "10.0.0.2");
    CU_ASSERT_TRUE(take(&guest, other, HOUR + 11000));
    CU_ASSERT_FALSE(take(&guest, other, HOUR + 30000));
}

static void garbage_is_a_state_of_its_own_and_shows_none_of_it(void)
{
    struct hd_guest_life guest = {.since_ms = HOUR};

    take(&guest, READY, HOUR + 1000);
    CU_ASSERT_TRUE(take(&guest, "beat=2;state=ready;os=\033[2J", HOUR + 20000));
    CU_ASSERT_EQUAL(guest.agent.state, HD_AGENT_STATE_BAD);
    CU_ASSERT_EQUAL(*guest.agent.report.os, '\0');
    CU_ASSERT_EQUAL(guest.agent.report.n_addresses, 0);
    /* Longer than a report, or no text: xenstore's reader has refused it. */
    CU_ASSERT_FALSE(hd_agents_take(&guest, -1, "", HOUR + 90000));
    CU_ASSERT_EQUAL(guest.agent.state, HD_AGENT_STATE_BAD);
}

static void an_agent_that_stands_still_is_silent_and_may_come_back(void)
{
    struct hd_guest_life guest = {.since_ms = HOUR};

    take(&guest, READY, HOUR + 1000);
    CU_ASSERT_FALSE(take(&guest, READY, HOUR + 151000));
    CU_ASSERT_TRUE(take(&guest, READY, HOUR + 152000));
    CU_ASSERT_EQUAL(guest.agent.state, HD_AGENT_STATE_SILENT);
    CU_ASSERT_TRUE(take(&guest, "beat=2;state=ready", HOUR + 200000));
    CU_ASSERT_EQUAL(guest.agent.state, HD_AGENT_STATE_READY);
}

static void a_guest_that_stood_still_itself_is_not_silent(void)
{
    struct hd_guest_life guest = {.since_ms = HOUR};

    take(&guest, READY, HOUR + 1000);
    guest.since_ms = 2 * HOUR; /* it runs again since then */
    CU_ASSERT_FALSE(take(&guest, READY, 2 * HOUR + 100));
    CU_ASSERT_EQUAL(guest.agent.state, HD_AGENT_STATE_READY);
}

static void who_is_young_is_looked_at_often_and_the_others_once_a_minute(void)
{
    static struct hd_store store;
    struct hd_stores stores = {.first = &store};

    store = (struct hd_store){.n_guests = 2};
    store.guests[0] =
        (struct hd_guest_life){.state = HD_STATE_PAUSED, .since_ms = HOUR};
    CU_ASSERT_EQUAL(hd_agents_wait(&stores, HOUR), UINT64_MAX);
    store.guests[1] =
        (struct hd_guest_life){.state = HD_STATE_RUNNING, .since_ms = HOUR};
    CU_ASSERT_EQUAL(hd_agents_wait(&stores, HOUR), 250);
    CU_ASSERT_EQUAL(hd_agents_wait(&stores, HOUR + 8000), 2000);
    CU_ASSERT_EQUAL(hd_agents_wait(&stores, 9ull * HOUR), 60000);
    store.guests[0].state = HD_STATE_RUNNING;
    store.guests[0].since_ms = 9ull * HOUR;
    CU_ASSERT_EQUAL(hd_agents_wait(&stores, 9ull * HOUR), 250);
}

/* How often it is looked from `from_ms` of the guest's age until `to_ms`. */
static unsigned looks(enum hd_agent_state state, uint64_t from_ms,
                      uint64_t to_ms)
{
    static struct hd_store store;
    struct hd_stores stores = {.first = &store};
    uint64_t at = HOUR + 7777, begun = at;
    unsigned n = 0;

    store = (struct hd_store){.n_guests = 1};
    store.guests[0] = (struct hd_guest_life){
        .state = HD_STATE_RUNNING, .since_ms = at, .agent.state = state};
    while ((at += hd_agents_wait(&stores, at)) - begun < to_ms)
        n += at - begun >= from_ms;
    return n;
}

static void of_who_has_settled_nobody_asks_oftener_than_once_a_minute(void)
{
    static const enum hd_agent_state settled[] = {HD_AGENT_STATE_NONE,
                                                  HD_AGENT_STATE_READY};

    for (size_t i = 0; i < HD_ARRAY_LEN(settled); i++) {
        CU_ASSERT_TRUE(looks(settled[i], 0, 60000) > 20);
        CU_ASSERT_TRUE(looks(settled[i], 90000, 690000) <= 10);
    }
    /* One that is in trouble may be out of it soon. */
    CU_ASSERT_TRUE(looks(HD_AGENT_STATE_TROUBLE, 61000, 240000) > 4);
    CU_ASSERT_TRUE(looks(HD_AGENT_STATE_TROUBLE, 300000, 900000) <= 10);
}

static void who_is_asked_for_is_looked_at_while_it_may_become_ready(void)
{
    static struct hd_store store;
    struct hd_stores stores = {.first = &store};
    struct hd_guest_life *guest = &store.guests[0];

    store = (struct hd_store){.n_guests = 1};
    *guest =
        (struct hd_guest_life){.state = HD_STATE_RUNNING, .since_ms = HOUR};
    CU_ASSERT_TRUE(hd_agents_awaited(&stores, HOUR + 90000));
    CU_ASSERT_FALSE(hd_agents_awaited(&stores, 2 * HOUR));
    guest->agent.state = HD_AGENT_STATE_READY;
    CU_ASSERT_TRUE(hd_agents_awaited(&stores, HOUR + 90000));
    guest->agent.report.n_addresses = 1;
    CU_ASSERT_FALSE(hd_agents_awaited(&stores, HOUR + 90000));
    guest->agent.state = HD_AGENT_STATE_NONE;
    guest->state = HD_STATE_EJECTING;
    CU_ASSERT_FALSE(hd_agents_awaited(&stores, HOUR + 90000));
}

static const struct hd_test tests[] = {
    HD_TEST(a_guest_that_tells_nothing_has_no_agent_and_no_event),
    HD_TEST(the_first_report_is_an_event_and_the_same_again_is_none),
    HD_TEST(another_address_is_told_and_nothing_oftener_than_in_ten_seconds),
    HD_TEST(garbage_is_a_state_of_its_own_and_shows_none_of_it),
    HD_TEST(an_agent_that_stands_still_is_silent_and_may_come_back),
    HD_TEST(a_guest_that_stood_still_itself_is_not_silent),
    HD_TEST(who_is_young_is_looked_at_often_and_the_others_once_a_minute),
    HD_TEST(of_who_has_settled_nobody_asks_oftener_than_once_a_minute),
    HD_TEST(who_is_asked_for_is_looked_at_while_it_may_become_ready),
};
HD_SUITE("watch/agents", tests);
