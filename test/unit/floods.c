/* SPDX-License-Identifier: MIT */
/* Tests hv/watch/floods: who floods xenstore, from when on, and until when. */
#include "../../hv/daemon/life.h"
#include "../../hv/watch/floods.h"
#include "unit.h"
#include "xen_kit.h"

#define KIB  1024u
#define HOUR 3600000ull

/* Looks at a guest that asks `rate` bytes a second, `n` times, `apart_ms`
 * apart; how many of them led to `act`. */
static unsigned look(struct hd_guest_life *guest, uint32_t rate, unsigned n,
                     uint64_t apart_ms, enum hd_flood_act act)
{
    unsigned found = 0;

    for (unsigned i = 0; i < n; i++) {
        uint64_t at = guest->flood.at_ms ? guest->flood.at_ms : HOUR;
        uint32_t more = (uint32_t)(rate * apart_ms / 1000);

        found += hd_floods_take(guest, guest->flood.bytes + more,
                                at + apart_ms) == act;
    }
    return found;
}

static void a_guest_that_asks_without_end_is_slowed_after_ten_seconds(void)
{
    struct hd_guest_life guest = {.state = HD_STATE_RUNNING};

    CU_ASSERT_EQUAL(look(&guest, 100 * KIB, 10, 1000, HD_FLOOD_NOTHING), 10);
    CU_ASSERT_FALSE(guest.flood.slowed);
    CU_ASSERT_EQUAL(look(&guest, 100 * KIB, 1, 1000, HD_FLOOD_SLOW), 1);
    CU_ASSERT_TRUE(guest.flood.slowed);
    CU_ASSERT_EQUAL(guest.flood.rate, 100 * KIB);
}

static void a_burst_is_no_flood(void)
{
    struct hd_guest_life guest = {.state = HD_STATE_RUNNING};

    for (int i = 0; i < 20; i++) {
        CU_ASSERT_EQUAL(look(&guest, 900 * KIB, 9, 1000, HD_FLOOD_NOTHING), 9);
        CU_ASSERT_EQUAL(look(&guest, 7 * KIB, 1, 1000, HD_FLOOD_NOTHING), 1);
    }
}

static void what_was_asked_before_the_first_look_does_not_count(void)
{
    struct hd_guest_life guest = {.state = HD_STATE_RUNNING};

    CU_ASSERT_EQUAL(hd_floods_take(&guest, 4000000000u, HOUR),
                    HD_FLOOD_NOTHING);
    CU_ASSERT_EQUAL(guest.flood.looks, 0);
    CU_ASSERT_EQUAL(guest.flood.rate, 0);
}

static void the_counter_may_begin_anew(void)
{
    struct hd_guest_life guest = {.state = HD_STATE_RUNNING};

    hd_floods_take(&guest, UINT32_MAX - 99, HOUR);
    hd_floods_take(&guest, 924, HOUR + 1000);
    CU_ASSERT_EQUAL(guest.flood.rate, 1024);
}

static void two_looks_at_one_moment_tell_nothing(void)
{
    struct hd_guest_life guest = {.state = HD_STATE_RUNNING};

    hd_floods_take(&guest, 0, HOUR);
    CU_ASSERT_EQUAL(hd_floods_take(&guest, 900 * KIB, HOUR), HD_FLOOD_NOTHING);
    CU_ASSERT_EQUAL(guest.flood.looks, 0);
}

static void one_that_goes_on_as_fast_as_it_may_stays_slow(void)
{
    struct hd_guest_life guest = {.flood = {.at_ms = HOUR, .slowed = true}};

    CU_ASSERT_EQUAL(look(&guest, 5 * KIB, 500, 20000, HD_FLOOD_NOTHING), 500);
    CU_ASSERT_TRUE(guest.flood.slowed);
}

static void one_that_is_calm_for_a_minute_is_released(void)
{
    struct hd_guest_life guest = {.flood = {.at_ms = HOUR, .slowed = true}};

    CU_ASSERT_EQUAL(look(&guest, 100, 2, 20000, HD_FLOOD_NOTHING), 2);
    CU_ASSERT_EQUAL(look(&guest, 100, 1, 20000, HD_FLOOD_RELEASE), 1);
    CU_ASSERT_FALSE(guest.flood.slowed);
    CU_ASSERT_EQUAL(look(&guest, 100 * KIB, 10, 1000, HD_FLOOD_SLOW), 1);
}

/* Another guest, whose turn it is, is looked at each second. */
static void a_minute_is_one_however_often_it_is_looked_at(void)
{
    struct hd_guest_life guest = {.flood = {.at_ms = HOUR, .slowed = true}};

    for (uint64_t at = HOUR + 1000; at < HOUR + 10000; at += 1000)
        CU_ASSERT_EQUAL(hd_floods_take(&guest, 0, at), HD_FLOOD_NOTHING);
    CU_ASSERT_EQUAL(guest.flood.looks, 0);
}

static void it_is_looked_while_somebody_may_flood(void)
{
    struct hd_store store = {.n_guests = 2};
    struct hd_stores stores = {.first = &store};

    CU_ASSERT_EQUAL(hd_floods_wait(&stores), UINT64_MAX);
    store.guests[0].state = store.guests[1].state = HD_STATE_RUNNING;
    CU_ASSERT_EQUAL(hd_floods_wait(&stores), UINT64_MAX);
    store.guests[1].flood.slowed = true;
    CU_ASSERT_EQUAL(hd_floods_wait(&stores), 20000);
    store.guests[0].flood.looks = 1;
    CU_ASSERT_EQUAL(hd_floods_wait(&stores), 1000);
    store.guests[0].state = HD_STATE_EJECTING;
    CU_ASSERT_EQUAL(hd_floods_wait(&stores), 20000);
}

static void who_leaves_is_told_of_no_flood_any_more(void)
{
    static struct hd_daemon daemon; /* nobody is slowed: Xen is not asked */
    struct hd_guest_life guest = {.flood = {.at_ms = HOUR, .looks = 3}};

    hd_fail(&guest.why, HD_E_FLOODS, "it asks");
    hd_floods_leave(&daemon, &guest);
    CU_ASSERT_EQUAL(guest.why.code, HD_OK);
    CU_ASSERT_EQUAL(guest.flood.looks, 0);
    hd_fail(&guest.why, HD_E_TIMEOUT, "something else");
    hd_floods_leave(&daemon, &guest);
    CU_ASSERT_EQUAL(guest.why.code, HD_E_TIMEOUT);
}

/* Asked to shut down, or paused behind a pull. */
static void who_is_to_end_has_all_that_it_had(void)
{
    static const enum hd_cause ends[] = {HD_ON_END, HD_ON_FENCE};
    static const char *const guests[] = {"desk", NULL};

    for (size_t i = 0; i < HD_ARRAY_LEN(ends); i++) {
        struct kit_daemon b;

        kit_daemon_init(&b, "travel", guests);
        xen_kit_begin(&b);
        b.guests[0].state = HD_STATE_RUNNING;
        b.guests[0].flood = (struct hd_flood){.at_ms = HOUR, .slowed = true};
        hd_life_set_guest(b.store, &b.guests[0], ends[i], NULL, NULL);
        CU_ASSERT_NOT_EQUAL(b.guests[0].state, HD_STATE_RUNNING);
        CU_ASSERT_EQUAL(xen_kit.unslowed, 1);
        CU_ASSERT_FALSE(b.guests[0].flood.slowed);
        xen_kit_end(&b);
        kit_daemon_fini(&b);
    }
}

static void who_lives_is_found_by_its_domain_and_nobody_else(void)
{
    static struct hd_store stores[2] = {{.n_guests = 2}, {.n_guests = 1}};
    const struct hd_stores all = {.first = stores};
    struct hd_store *store = NULL;
    hd_autofree uint32_t *domids = NULL;
    size_t n = 0;

    stores[0].next = &stores[1];
    stores[0].guests[0] =
        (struct hd_guest_life){.state = HD_STATE_GONE, .domid = 7};
    stores[0].guests[1] =
        (struct hd_guest_life){.state = HD_STATE_PAUSED, .domid = 8};
    stores[1].guests[0] =
        (struct hd_guest_life){.state = HD_STATE_RUNNING, .domid = 7};
    domids = hd_stores_domids(&all, &n);
    CU_ASSERT_PTR_NOT_NULL_FATAL(domids);
    CU_ASSERT_EQUAL_FATAL(n, 2);
    CU_ASSERT_EQUAL(domids[0], 8);
    CU_ASSERT_EQUAL(domids[1], 7);
    CU_ASSERT_PTR_EQUAL(hd_stores_by_domid(&all, 7, &store),
                        &stores[1].guests[0]);
    CU_ASSERT_PTR_EQUAL(store, &stores[1]);
    CU_ASSERT_PTR_NULL(hd_stores_by_domid(&all, 9, &store));
}

static const struct hd_test tests[] = {
    HD_TEST(a_guest_that_asks_without_end_is_slowed_after_ten_seconds),
    HD_TEST(a_burst_is_no_flood),
    HD_TEST(what_was_asked_before_the_first_look_does_not_count),
    HD_TEST(the_counter_may_begin_anew),
    HD_TEST(two_looks_at_one_moment_tell_nothing),
    HD_TEST(one_that_goes_on_as_fast_as_it_may_stays_slow),
    HD_TEST(one_that_is_calm_for_a_minute_is_released),
    HD_TEST(a_minute_is_one_however_often_it_is_looked_at),
    HD_TEST(it_is_looked_while_somebody_may_flood),
    HD_TEST(who_is_to_end_has_all_that_it_had),
    HD_TEST(who_lives_is_found_by_its_domain_and_nobody_else),
    HD_TEST(who_leaves_is_told_of_no_flood_any_more),
};

HD_SUITE("watch/floods", tests);
