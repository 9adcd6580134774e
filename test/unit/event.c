/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/event: the ring and its listener. */
#include "../../hv/daemon/event.h"
#include "unit.h"

/* The times seen, and whether they only grew. */
struct seen {
    size_t n;
    uint64_t first, last;
    bool ordered;
};

static void note(void *ctx, const struct hd_event *event)
{
    struct seen *seen = ctx;

    if (!seen->n++)
        seen->first = event->time_ms;
    else if (event->time_ms <= seen->last)
        seen->ordered = false;
    seen->last = event->time_ms;
}

/* All that are kept. */
static void each(const struct hd_events *events, struct seen *seen)
{
    const struct hd_event *event;

    for (uint64_t n = 0; (event = hd_events_at(events, &n)); n++)
        note(seen, event);
}

static void add(struct hd_events *events, uint64_t from, uint64_t to)
{
    for (uint64_t t = from; t <= to; t++)
        hd_events_add(events, &(struct hd_event){.time_ms = t});
}

static void an_empty_ring_has_nothing_to_tell(void)
{
    hd_auto(hd_events) events = hd_events_new();
    struct seen seen = {.ordered = true};

    each(events, &seen);
    CU_ASSERT_EQUAL(seen.n, 0);
}

static void a_full_ring_keeps_the_last_ones_in_order(void)
{
    hd_auto(hd_events) events = hd_events_new();
    struct seen seen = {.ordered = true};

    add(events, 1, HD_EVENTS_KEPT);
    each(events, &seen);
    CU_ASSERT_EQUAL(seen.n, HD_EVENTS_KEPT);
    CU_ASSERT_EQUAL(seen.first, 1);
    add(events, HD_EVENTS_KEPT + 1, HD_EVENTS_KEPT + 100);
    seen = (struct seen){.ordered = true};
    each(events, &seen);
    CU_ASSERT_EQUAL(seen.n, HD_EVENTS_KEPT);
    CU_ASSERT_EQUAL(seen.first, 101);
    CU_ASSERT_EQUAL(seen.last, HD_EVENTS_KEPT + 100);
    CU_ASSERT_TRUE(seen.ordered);
}

static void what_has_fallen_out_is_passed_over_by_number(void)
{
    hd_auto(hd_events) events = hd_events_new();
    uint64_t n = 7;

    CU_ASSERT_PTR_NULL(hd_events_at(events, &n));
    CU_ASSERT_EQUAL(n, 7);
    add(events, 1, HD_EVENTS_KEPT + 10);
    CU_ASSERT_EQUAL(hd_events_at(events, &n)->time_ms, 11);
    CU_ASSERT_EQUAL(n, 10);
    n = HD_EVENTS_KEPT + 9;
    CU_ASSERT_EQUAL(hd_events_at(events, &n)->time_ms, HD_EVENTS_KEPT + 10);
    CU_ASSERT_EQUAL(n++, HD_EVENTS_KEPT + 9);
    CU_ASSERT_PTR_NULL(hd_events_at(events, &n));
}

static void a_listener_hears_each_event_once_from_then_on(void)
{
    hd_auto(hd_events) events = hd_events_new();
    struct seen seen = {.ordered = true};

    add(events, 1, 5);
    hd_events_listen(events, note, &seen);
    add(events, 6, 8);
    CU_ASSERT_EQUAL(seen.n, 3);
    CU_ASSERT_EQUAL(seen.first, 6);
}

static const struct hd_test tests[] = {
    HD_TEST(an_empty_ring_has_nothing_to_tell),
    HD_TEST(a_full_ring_keeps_the_last_ones_in_order),
    HD_TEST(what_has_fallen_out_is_passed_over_by_number),
    HD_TEST(a_listener_hears_each_event_once_from_then_on),
};

HD_SUITE("daemon/event", tests);
