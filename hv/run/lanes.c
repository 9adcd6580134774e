/* SPDX-License-Identifier: MIT */
/* Leads the guests of a plan through a function, several side by side; never
 * knows what is done with them. */
#include "lanes.h"

#include <string.h>

#include "../../pv-drivers/base/log.h"

struct crew {
    pthread_mutex_t turn;
    const struct hd_plan *plan;
    uint32_t next; /* the step where the next guest begins */
    hd_lane_fn *fn;
    void *arg;
};

struct lane {
    struct crew *crew;
    struct hd_context ctx;
    pthread_t thread;
};

static uint32_t end_of_guest(const struct hd_plan *plan, uint32_t from)
{
    uint32_t to = from + 1;

    while (to < plan->n_steps &&
           !strcmp(plan->steps[to].guest, plan->steps[from].guest))
        to++;
    return to;
}

static uint32_t count_guests(const struct hd_plan *plan)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < plan->n_steps; i = end_of_guest(plan, i))
        n++;
    return n;
}

static void work(struct crew *crew, struct hd_context *ctx)
{
    hd_context_enter(ctx);
    while (crew->next < crew->plan->n_steps) {
        uint32_t from = crew->next;

        crew->next = end_of_guest(crew->plan, from);
        crew->fn(ctx, from, crew->next, crew->arg);
    }
    hd_context_leave(ctx);
}

static void *run(void *arg)
{
    struct lane *lane = arg;
    struct hd_err err;

    if (hd_context_prepare(&lane->ctx, &err))
        hd_log(HD_LOG_WARNING, "one lane less: %s", err.msg);
    else
        work(lane->crew, &lane->ctx);
    hd_context_fini(&lane->ctx);
    return NULL;
}

static bool open_lane(struct lane *lane, struct crew *crew,
                      const struct hd_context *ctx)
{
    lane->crew = crew;
    lane->ctx = (struct hd_context){.req = ctx->req,
                                    .plan = ctx->plan,
                                    .turn = &crew->turn,
                                    .ledger = ctx->ledger,
                                    .keys = ctx->keys};
    return !pthread_create(&lane->thread, NULL, run, lane);
}

void hd_lanes_run(struct hd_context *ctx, uint32_t n, hd_lane_fn *fn, void *arg)
{
    struct crew crew = {.turn = PTHREAD_MUTEX_INITIALIZER,
                        .plan = ctx->plan,
                        .fn = fn,
                        .arg = arg};
    uint32_t guests = count_guests(ctx->plan);
    uint32_t more = n < guests ? n : guests, opened = 0;
    hd_autofree struct lane *lanes = NULL;

    more -= more > 0;
    lanes = calloc(more + 1, sizeof(*lanes));
    ctx->turn = &crew.turn;
    while (lanes && opened < more && open_lane(&lanes[opened], &crew, ctx))
        opened++;
    work(&crew, ctx);
    while (opened > 0)
        pthread_join(lanes[--opened].thread, NULL);
    ctx->turn = NULL;
    pthread_mutex_destroy(&crew.turn);
}
