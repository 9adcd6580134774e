/* SPDX-License-Identifier: MIT */
/* Asks xenstore, in a thread, what guests' agents have told; never waits for
 * one, and lets no guest make more of it than an event in ten seconds. */
#include "agents.h"

#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/log.h"
#include "../daemon/life.h"
#include "served.h"

#define FIRST_MS   250
#define LAST_MS    60000
#define YOUNG_MS   60000
#define ASKED_MS   1000   /* whoever asks, not oftener than this, ... */
#define AWAITED_MS 240000 /* ... of guests that are so young */
#define SILENT_MS  150000 /* agents report every 20 s */
#define TELL_MS    10000

struct hd_agents {
    struct hd_daemon *daemon;
    uv_timer_t timer;
    struct look *look; /* under way; owned by its work */
    uint64_t looked_ms;
};

struct one {
    uint32_t domid;
    int rc;
    char text[HD_AGENT_TEXT];
};

struct look {
    uv_work_t work;
    struct hd_agents *agents;
    size_t n;
    struct one guests[];
};

/* ---- pure */

static bool is_told(const struct hd_agent *a)
{
    return a->told_state == a->state &&
           (a->state != HD_AGENT_STATE_READY ||
            (a->told.n_addresses == a->report.n_addresses &&
             !memcmp(a->told.addresses, a->report.addresses,
                     sizeof(a->told.addresses))));
}

static enum hd_agent_state state_of(const struct hd_agent_report *r)
{
    static const enum hd_agent_state states[] = {
#define HD_X(name, text) [HD_AGENT_##name] = HD_AGENT_STATE_##name,
        HD_AGENT_WORDS(HD_X)
#undef HD_X
    };

    return states[r->word];
}

static enum hd_agent_state judge(struct hd_guest_life *guest, int rc,
                                 const char *text, uint64_t now_ms)
{
    struct hd_agent *a = &guest->agent;
    struct hd_agent_report report;
    uint64_t heard;

    if (rc == 0)
        return HD_AGENT_STATE_NONE;
    if (rc < 0 || hd_agent_parse(text, &report, NULL))
        return HD_AGENT_STATE_BAD;
    if (!a->beat_ms || report.beat != a->report.beat)
        a->beat_ms = now_ms;
    a->report = report;
    heard = a->beat_ms > guest->since_ms ? a->beat_ms : guest->since_ms;
    return now_ms - heard > SILENT_MS ? HD_AGENT_STATE_SILENT
                                      : state_of(&report);
}

bool hd_agents_take(struct hd_guest_life *guest, int rc, const char *text,
                    uint64_t now_ms)
{
    struct hd_agent *a = &guest->agent;

    a->state = judge(guest, rc, text, now_ms);
    if (a->state == HD_AGENT_STATE_NONE || a->state == HD_AGENT_STATE_BAD)
        a->report = (struct hd_agent_report){0};
    if (is_told(a) || (a->told_ms && now_ms - a->told_ms < TELL_MS))
        return false;
    a->told_ms = now_ms;
    a->told_state = a->state;
    a->told = a->report;
    return true;
}

void hd_agents_message(const struct hd_agent *agent,
                       char ret[HD_AGENTS_MESSAGE])
{
    const struct hd_agent_report *r = &agent->report;
    size_t used;

    if (agent->state != HD_AGENT_STATE_READY) {
        snprintf(ret, HD_AGENTS_MESSAGE, "%s", r->why);
        return;
    }
    used = (size_t)snprintf(ret, HD_AGENTS_MESSAGE, "%s", r->os);
    for (uint32_t i = 0; i < r->n_addresses; i++)
        used += (size_t)snprintf(ret + used, HD_AGENTS_MESSAGE - used, "%s%s",
                                 i ? " " : ", ", r->addresses[i]);
}

bool hd_agents_awaited(const struct hd_stores *stores, uint64_t now_ms)
{
    for (const struct hd_store *s = stores->first; s; s = s->next)
        for (size_t i = 0; i < s->n_guests; i++) {
            const struct hd_guest_life *g = &s->guests[i];

            if (g->state == HD_STATE_RUNNING &&
                now_ms - g->since_ms < AWAITED_MS &&
                (g->agent.state != HD_AGENT_STATE_READY ||
                 !g->agent.report.n_addresses))
                return true;
        }
    return false;
}

/* Who has been up for a minute without one, or with one that is ready, is not
 * expected to change: so it is not looked for him alone. */
static uint64_t wait_for(const struct hd_guest_life *guest, uint64_t now_ms)
{
    uint64_t age = now_ms - guest->since_ms;
    enum hd_agent_state state = guest->agent.state;

    if (age >= YOUNG_MS &&
        (state == HD_AGENT_STATE_NONE || state == HD_AGENT_STATE_READY))
        return LAST_MS;
    return age / 4;
}

uint64_t hd_agents_wait(const struct hd_stores *stores, uint64_t now_ms)
{
    uint64_t wait = UINT64_MAX;

    for (const struct hd_store *s = stores->first; s; s = s->next)
        for (size_t i = 0; i < s->n_guests; i++)
            if (s->guests[i].state == HD_STATE_RUNNING) {
                uint64_t this = wait_for(&s->guests[i], now_ms);

                wait = this < wait ? this : wait;
            }
    if (wait == UINT64_MAX)
        return wait;
    if (wait >= LAST_MS)
        return hd_io_to_minute(now_ms);
    return wait < FIRST_MS ? FIRST_MS : wait;
}

/* ---- a look */

static void note(struct hd_store *store, const struct hd_guest_life *guest)
{
    char message[HD_AGENTS_MESSAGE];

    hd_agents_message(&guest->agent, message);
    hd_life_note(store, guest, hd_agent_state_name(guest->agent.state),
                 message);
}

static void take(struct hd_daemon *d, const struct one *one, uint64_t now_ms)
{
    struct hd_store *store;
    struct hd_guest_life *guest =
        hd_stores_by_domid(&d->stores, one->domid, &store);

    /* One that stands still is silent for that. */
    if (guest && guest->state == HD_STATE_RUNNING &&
        hd_agents_take(guest, one->rc, one->text, now_ms))
        note(store, guest);
}

/* In a thread, with a connection of its own. */
static void on_work(uv_work_t *work)
{
    struct look *look = work->data;
    hd_auto(hd_xs) xs = NULL;
    struct hd_err err;

    if (hd_xs_open(&xs, &err)) {
        look->n = 0; /* of those nothing is known */
        return;
    }
    for (size_t i = 0; i < look->n; i++)
        look->guests[i].rc = hd_agent_read(xs, look->guests[i].domid,
                                           look->guests[i].text, &err);
}

static void on_done(uv_work_t *work, int status)
{
    struct look *look = work->data;
    struct hd_agents *agents = look->agents;
    uint64_t now = hd_io_now_ms();

    for (size_t i = 0; !status && i < look->n; i++)
        take(agents->daemon, &look->guests[i], now);
    free(look);
    agents->look = NULL;
    hd_agents_ring(agents);
}

static struct look *look_new(struct hd_agents *agents)
{
    size_t n = 0;
    hd_autofree uint32_t *domids =
        hd_stores_domids(&agents->daemon->stores, &n);
    struct look *look = calloc(1, sizeof(*look) + n * sizeof(*look->guests));

    if (!domids || !look) {
        free(look);
        return NULL;
    }
    look->work.data = look;
    look->agents = agents;
    look->n = n;
    for (size_t i = 0; i < n; i++)
        look->guests[i].domid = domids[i];
    return look;
}

static void on_timer(uv_timer_t *timer)
{
    struct hd_agents *agents = timer->data;

    if (agents->look || agents->daemon->stopping)
        return;
    agents->looked_ms = hd_io_now_ms();
    hd_served_look(&agents->daemon->stores);
    agents->look = look_new(agents);
    if (agents->look && uv_queue_work(agents->daemon->loop, &agents->look->work,
                                      on_work, on_done))
        free(hd_steal(&agents->look));
}

void hd_agents_ask(struct hd_agents *agents)
{
    uint64_t now = hd_io_now_ms();

    if (agents && now - agents->looked_ms >= ASKED_MS &&
        hd_agents_awaited(&agents->daemon->stores, now))
        on_timer(&agents->timer);
}

void hd_agents_ring(struct hd_agents *agents)
{
    uint64_t wait;

    if (!agents || agents->look || agents->daemon->stopping)
        return;
    wait = hd_agents_wait(&agents->daemon->stores, hd_io_now_ms());
    if (wait == UINT64_MAX)
        uv_timer_stop(&agents->timer);
    else
        uv_timer_start(&agents->timer, on_timer, wait, 0);
}

struct hd_agents *hd_agents_new(struct hd_daemon *d)
{
    struct hd_agents *agents = calloc(1, sizeof(*agents));

    if (!agents)
        return NULL;
    agents->daemon = d;
    agents->timer.data = agents;
    uv_timer_init(d->loop, &agents->timer);
    return agents;
}
