/* SPDX-License-Identifier: MIT */
/* The last changes of state, kept in a ring; never waits for a listener. */
#ifndef HD_DAEMON_EVENT_H
#define HD_DAEMON_EVENT_H

#include "../../pv-drivers/base/mem.h"
#include "store.h"

/* 1.4 MiB: 48 guests make up to 250 at one start. */
#define HD_EVENTS_KEPT      2048
#define HD_EVENTS_LISTENERS 3

struct hd_event {
    uint64_t time_ms;         /* since 1970, UTC */
    char store[64];           /* empty: the host itself, which has no state */
    char guest[HD_NAME_SIZE]; /* empty: the store itself */
    enum hd_state from, to;   /* `from` may be HD_NOTHING */
    char reason[24];          /* a stable code, or empty */
    char message[sizeof(((struct hd_err *)0)->msg)];
    uint64_t lasted_ms;      /* how long `from` was */
    struct hd_phases phases; /* of a start, when `to` becomes running, or of a
                              * device that was attached; else zero */
};

struct hd_events;

/* Called for each new event, inside hd_events_add. */
typedef void hd_event_fn(void *ctx, const struct hd_event *event);

struct hd_events *hd_events_new(void);
void hd_events_free(struct hd_events *events);
HD_DEFINE_AUTO(hd_events)
/* At most HD_EVENTS_LISTENERS, as long as the events live. */
void hd_events_listen(struct hd_events *events, hd_event_fn *fn, void *ctx);
/* Copies `event`; the oldest falls out. */
void hd_events_add(struct hd_events *events, const struct hd_event *event);
/* "bridge xenbr1 has come", of the host: reason "host-changed". */
void hd_events_add_host(struct hd_events *events, const char *message);
/* The event number `*n`, counted from 0, or the oldest that is kept when that
 * has fallen out, and its number; NULL: it has not happened yet.  Borrowed
 * until the next one is added. */
const struct hd_event *hd_events_at(const struct hd_events *events,
                                    uint64_t *n);

/* The name of `from`; empty of the host, and of what was not there before. */
const char *hd_event_from(const struct hd_event *event);

/* For time_ms. */
uint64_t hd_event_now_ms(void);

#endif
