/* SPDX-License-Identifier: MIT */
/* Tests hv/control/control and event over a real socket: who asks for events,
 * and how fast he takes them. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../../hv/control/wire.h"
#include "../../pv-drivers/base/mem.h"
#include "control_kit.h"

static uint64_t last_ms; /* of the last event */

/* Without reading what comes. */
#define ASK_QUIETLY(fd, text)                                                  \
    do {                                                                       \
        CU_ASSERT_EQUAL(send(fd, text, sizeof(text), MSG_NOSIGNAL),            \
                        sizeof(text));                                         \
        kit_control_turn(3);                                                   \
    } while (0)

/* Events with the longest message, of which one reader's would not fit in the
 * queue. */
static void add_events(size_t n)
{
    struct hd_event event = {.store = "travel", .to = HD_STATE_LOCKED};

    memset(event.message, 'm', sizeof(event.message) - 1);
    for (size_t i = 0; i < n; i++) {
        event.time_ms = ++last_ms;
        hd_events_add(kit_control.events, &event);
    }
}

struct heard {
    size_t n;
    uint64_t lost_first, lost; /* before the first event, and between others */
    char first[32], last[32];  /* their times */
    bool ordered;
};

static void hear(struct heard *h, const char *text)
{
    const char *time = strstr(text, "\"time\":\"");
    const char *lost = strstr(text, "\"lost\":");
    char now[32];

    CU_ASSERT_PTR_NOT_NULL_FATAL(time);
    snprintf(now, sizeof(now), "%.24s", time + 8);
    h->ordered = h->ordered && strcmp(now, h->last) > 0;
    strcpy(h->last, now);
    if (!h->n++)
        strcpy(h->first, now);
    if (lost)
        *(h->n == 1 ? &h->lost_first : &h->lost) +=
            strtoull(lost + 7, NULL, 10);
}

/* The replies up to the last one. */
static struct heard hear_events(int fd)
{
    struct hd_frame frame = {.max = HD_WIRE_REPLY_MAX};
    struct heard h = {.ordered = true};
    bool ended = false;

    while (!ended) {
        char bytes[4096];
        ssize_t len = recv(fd, bytes, sizeof(bytes), 0);
        const char *text;

        CU_ASSERT_FATAL(len != 0);
        if (len > 0)
            CU_ASSERT_EQUAL_FATAL(
                hd_frame_add(&frame, bytes, (size_t)len, NULL), 0);
        while (!ended && (text = hd_frame_first(&frame))) {
            ended = !strcmp(text, "{\"parameters\":{}}");
            if (!ended)
                hear(&h, text);
            hd_frame_drop(&frame);
        }
        kit_control_turn(1);
    }
    hd_frame_clear(&frame);
    return h;
}

static void who_asks_gets_all_events_that_are_kept(void)
{
    hd_autofd int fd = kit_control_dial();
    struct heard h;

    last_ms = 0;
    add_events(HD_EVENTS_KEPT + 100);
    ASK_QUIETLY(fd, "{\"method\":\"io.hotdom.Events\",\"more\":true}");
    h = hear_events(fd);
    CU_ASSERT_EQUAL(h.n, HD_EVENTS_KEPT);
    CU_ASSERT_TRUE(h.ordered);
    CU_ASSERT_STRING_EQUAL(h.first, "1970-01-01T00:00:00.101Z");
    CU_ASSERT_TRUE(h.lost_first >= 100);
    CU_ASSERT_EQUAL(h.lost, 0);
    /* Of those since then none was lost. */
    ASK_QUIETLY(fd, "{\"method\":\"io.hotdom.Events\",\"more\":true,"
                    "\"parameters\":{\"since\":2000}}");
    h = hear_events(fd);
    CU_ASSERT_EQUAL(h.n, HD_EVENTS_KEPT + 100 - 1999);
    CU_ASSERT_EQUAL(h.lost_first, 0);
    CU_ASSERT_EQUAL(h.lost, 0);
}

/* What falls out before it is taken is counted, and nobody else waits. */
static void a_reader_that_is_slow_is_told_how_many_it_lost(void)
{
    hd_autofd int fd = kit_control_dial(), other = kit_control_dial();
    struct heard h;

    last_ms = 0;
    add_events(HD_EVENTS_KEPT);
    ASK_QUIETLY(fd, "{\"method\":\"io.hotdom.Events\",\"more\":true}");
    kit_control_turn(100);
    add_events(HD_EVENTS_KEPT);
    kit_control_turn(100);
    CHECK_SAYS(ASK(other, "{\"method\":\"io.hotdom.List\"}"), "stores");
    h = hear_events(fd);
    CU_ASSERT_TRUE(h.ordered);
    CU_ASSERT_TRUE(h.lost > 0);
    CU_ASSERT_EQUAL(h.n + h.lost, 2 * HD_EVENTS_KEPT);
}

/* First what is kept, then what comes, and what comes meanwhile once. */
static void a_follower_hears_all_in_order(void)
{
    hd_autofd int fd = kit_control_dial();
    struct hd_frame frame = {.max = HD_WIRE_REPLY_MAX};
    struct heard h = {.ordered = true};

    last_ms = 0;
    add_events(HD_EVENTS_KEPT);
    ASK_QUIETLY(fd, "{\"method\":\"io.hotdom.Events\",\"more\":true,"
                    "\"parameters\":{\"follow\":true}}");
    for (int i = 0; i < 100000 && h.n < HD_EVENTS_KEPT + 20; i++) {
        char bytes[1 << 16];
        ssize_t len = recv(fd, bytes, sizeof(bytes), 0);
        const char *text;

        if (i % 10 == 0 && last_ms < HD_EVENTS_KEPT + 20)
            add_events(1);
        if (len > 0)
            CU_ASSERT_EQUAL_FATAL(
                hd_frame_add(&frame, bytes, (size_t)len, NULL), 0);
        for (; (text = hd_frame_first(&frame)); hd_frame_drop(&frame))
            hear(&h, text);
        kit_control_turn(1);
    }
    hd_frame_clear(&frame);
    CU_ASSERT_EQUAL(h.n, HD_EVENTS_KEPT + 20);
    CU_ASSERT_TRUE(h.ordered);
    CU_ASSERT_EQUAL(h.lost, 0);
}

static const struct hd_test tests[] = {
    HD_TEST(who_asks_gets_all_events_that_are_kept),
    HD_TEST(a_reader_that_is_slow_is_told_how_many_it_lost),
    HD_TEST(a_follower_hears_all_in_order),
};

HD_SUITE("control/events", tests);
