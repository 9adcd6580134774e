/* SPDX-License-Identifier: MIT */
/* The last changes of state, kept in a ring; never waits for a listener. */
#include "event.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct hd_events {
    struct hd_event ring[HD_EVENTS_KEPT];
    uint64_t total; /* ever added; the next one goes to total % kept */
    struct {
        hd_event_fn *fn;
        void *ctx;
    } listeners[HD_EVENTS_LISTENERS];
    size_t n_listeners;
};

uint64_t hd_event_now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

const char *hd_event_from(const struct hd_event *event)
{
    if (!*event->store || event->from == HD_NOTHING)
        return "";
    return hd_state_name(event->from);
}

struct hd_events *hd_events_new(void)
{
    struct hd_events *events = calloc(1, sizeof(*events));

    /* Its memory is had from the beginning: a full ring is no leak. */
    if (events)
        explicit_bzero(events, sizeof(*events));
    return events;
}

void hd_events_free(struct hd_events *events)
{
    free(events);
}

void hd_events_listen(struct hd_events *events, hd_event_fn *fn, void *ctx)
{
    assert(events->n_listeners < HD_EVENTS_LISTENERS);
    events->listeners[events->n_listeners].fn = fn;
    events->listeners[events->n_listeners++].ctx = ctx;
}

void hd_events_add(struct hd_events *events, const struct hd_event *event)
{
    events->ring[events->total++ % HD_EVENTS_KEPT] = *event;
    for (size_t i = 0; i < events->n_listeners; i++)
        events->listeners[i].fn(events->listeners[i].ctx, event);
}

void hd_events_add_host(struct hd_events *events, const char *message)
{
    struct hd_event event = {.time_ms = hd_event_now_ms(),
                             .reason = "host-changed"};

    snprintf(event.message, sizeof(event.message), "%s", message);
    hd_events_add(events, &event);
}

const struct hd_event *hd_events_at(const struct hd_events *events, uint64_t *n)
{
    if (events->total > HD_EVENTS_KEPT && *n < events->total - HD_EVENTS_KEPT)
        *n = events->total - HD_EVENTS_KEPT;
    return *n < events->total ? &events->ring[*n % HD_EVENTS_KEPT] : NULL;
}
