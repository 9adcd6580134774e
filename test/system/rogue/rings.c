/* SPDX-License-Identifier: MIT */
/* Rings and nodes whose numbers lie, and states that no frontend goes through.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../../../pv-drivers/base/mem.h"
#include "attack.h"
#include "client.h"

/* ---- rings */

static int nudge(void)
{
    frontend_notify(&rogue_frontend);
    return rogue_hear();
}

static int what_was_sent_runs_away(void)
{
    rogue_frontend.rings[0].intf->out_prod += FRONTEND_RING + 1;
    return nudge();
}

static int what_was_sent_runs_back(void)
{
    rogue_frontend.rings[0].intf->out_prod--;
    return nudge();
}

static int what_was_taken_runs_away(void)
{
    rogue_frontend.rings[0].intf->out_cons -= FRONTEND_RING + 1;
    return nudge();
}

static int what_was_heard_runs_away(void)
{
    rogue_frontend.rings[0].intf->in_cons += FRONTEND_RING;
    return rogue_ask_fid(CLUNK, 0);
}

static int a_ring_that_changes_its_shape(void)
{
    struct xen_9pfs_data_intf *intf = rogue_frontend.rings[0].intf;

    intf->ring_order = 31;
    memset(intf->ref, 255, HD_9P_RING_PAGES * sizeof(*intf->ref));
    return rogue_ask_fid(CLUNK, 0);
}

/* None is taken before all have been asked for. */
static int more_replies_than_there_is_room_for(void)
{
    int rc = 0;

    for (int i = 0; i < 1000; i++)
        rogue_begin(GETATTR), rogue_put(0, 4), rogue_put(0x7ff, 8),
            rogue_send_all();
    frontend_notify(&rogue_frontend);
    for (int i = 0; i < 1000 && !rc; i++)
        rc = rogue_hear();
    return rc;
}

static uint32_t any(void)
{
    static uint64_t seed = 1;

    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 32);
}

/* All that is shared, again and again, while the server looks at it; whether
 * it ends it or not, a new connection is good. */
static int a_storm(void)
{
    struct hd_err err;

    for (int round = 0; round < 20; round++) {
        struct frontend_ring *r = &rogue_frontend.rings[round % HD_FS9P_RINGS];

        for (int i = 0; i < 500; i++) {
            uint32_t *index[] = {&r->intf->in_cons, &r->intf->in_prod,
                                 &r->intf->out_cons, &r->intf->out_prod};

            for (int k = 0; k < 64; k++)
                r->data[any() % (2 * FRONTEND_RING)] = (uint8_t)any();
            *index[any() % 4] = any() >> any() % 32;
            frontend_notify(&rogue_frontend);
        }
        if (frontend_leave(&rogue_frontend, &err))
            rogue_die(&err);
        rogue_begin_session();
    }
    return rogue_read_file();
}

/* ---- xenbus */

/* True when the server has refused all of it. */
static bool refuses(const char *key, const char *value)
{
    struct hd_err err;

    if (frontend_greet(&rogue_frontend, &err) ||
        frontend_write(&rogue_frontend, key, value, &err) ||
        frontend_enter(&rogue_frontend, &err))
        rogue_die(&err);
    if (rogue_frontend.connected)
        printf("%s \"%s\" is taken\n", key, value);
    return !rogue_frontend.connected;
}

static int nodes_that_lie(void)
{
    static const char *const nodes[][2] = {
        {"version", "2"},
        {"version", ""},
        {"num-rings", "0"},
        {"num-rings", "3"},
        {"num-rings", "4294967297"},
        {"num-rings", "-1"},
        {"num-rings", "two"},
        {"ring-ref0", "4294967295"},
        {"ring-ref1", "%n"},
        {"event-channel-0", "0"},
        {"event-channel-1", "4294967295"},
        {"event-channel-1", "1x"},
    };
    bool all = true;

    for (size_t i = 0; i < HD_ARRAY_LEN(nodes); i++)
        all &= refuses(nodes[i][0], nodes[i][1]);
    return all ? ROGUE_ENDED : 0;
}

static int rings_of_any_size(void)
{
    static const uint32_t orders[] = {0, HD_9P_RING_ORDER + 1, 31, UINT32_MAX};
    struct hd_err err;

    for (size_t i = 0; i < HD_ARRAY_LEN(orders); i++) {
        if (frontend_greet(&rogue_frontend, &err))
            rogue_die(&err);
        rogue_frontend.rings[1].intf->ring_order = orders[i];
        if (frontend_enter(&rogue_frontend, &err))
            rogue_die(&err);
        if (rogue_frontend.connected)
            return 0;
    }
    return ROGUE_ENDED;
}

static int a_page_that_was_not_granted(void)
{
    struct hd_err err;

    if (frontend_greet(&rogue_frontend, &err))
        rogue_die(&err);
    rogue_frontend.rings[0].intf->ref[HD_9P_RING_PAGES - 1] = UINT32_MAX;
    if (frontend_enter(&rogue_frontend, &err))
        rogue_die(&err);
    return rogue_frontend.connected ? 0 : ROGUE_ENDED;
}

/* Nobody waits for what the server makes of each. */
static int states_without_end(void)
{
    static const char *const states[] = {"3",  "4",  "6", "1", "0",
                                         "99", "-1", "5", "2", "x"};
    struct hd_err err;

    for (size_t i = 0; i < 200; i++)
        if (frontend_write(&rogue_frontend, "state",
                           states[i % HD_ARRAY_LEN(states)], &err))
            rogue_die(&err);
    rogue_frontend.connected = false;
    rogue_begin_session();
    return rogue_read_file();
}

const struct attack rogue_rings[] = {
    ATTACK(what_was_sent_runs_away, ROGUE_ENDED),
    ATTACK(what_was_sent_runs_back, ROGUE_ENDED),
    ATTACK(what_was_taken_runs_away, ROGUE_ENDED),
    ATTACK(what_was_heard_runs_away, ROGUE_ENDED),
    ATTACK(a_ring_that_changes_its_shape, 0),
    ATTACK(more_replies_than_there_is_room_for, 0),
    ATTACK(a_storm, 0),
    {NULL},
};

const struct attack rogue_xenbus[] = {
    ATTACK(nodes_that_lie, ROGUE_ENDED),
    ATTACK(rings_of_any_size, ROGUE_ENDED),
    ATTACK(a_page_that_was_not_granted, ROGUE_ENDED),
    ATTACK(states_without_end, 0),
    {NULL},
};
