/* SPDX-License-Identifier: MIT */
/* Leads the guests of a plan through a function, several side by side; never
 * knows what is done with them. */
#include "lanes.h"

#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/log.h"

enum done { TODO, BEGUN, GOOD, BAD };

/* A guest of the plan. */
struct member {
    uint32_t from, to; /* its steps */
    enum done done;
};

struct crew {
    pthread_mutex_t turn;
    pthread_cond_t moved; /* one more is GOOD or BAD */
    const struct hd_plan *plan;
    struct member *members;
    uint32_t n, begun;
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

static bool find_members(struct crew *crew)
{
    const struct hd_plan *plan = crew->plan;

    crew->members = calloc(plan->n_steps + 1, sizeof(*crew->members));
    if (!crew->members)
        return false;
    for (uint32_t i = 0; i < plan->n_steps; i = end_of_guest(plan, i))
        crew->members[crew->n++] =
            (struct member){.from = i, .to = end_of_guest(plan, i)};
    return true;
}

static enum done done_for(const struct crew *crew, const char *guest)
{
    for (uint32_t i = 0; i < crew->n; i++) {
        const struct member *m = &crew->members[i];

        if (!strcmp(crew->plan->steps[m->from].guest, guest))
            return m->done;
    }
    return GOOD; /* not of this plan */
}

/* BAD: `*ret_behind` says for which one; GOOD: for all; else not yet. */
static enum done done_before(const struct crew *crew, const struct member *m,
                             const char **ret_behind)
{
    enum done all = GOOD;

    for (uint32_t i = m->from; i < m->to; i++) {
        const struct hd_step_domain *d = &crew->plan->steps[i].u.domain;

        if (crew->plan->steps[i].kind != HD_STEP_BUILD_DOMAIN)
            continue;
        for (uint32_t k = 0; k < d->n_after; k++)
            switch (done_for(crew, d->after[k].name)) {
            case BAD:
                *ret_behind = d->after[k].name;
                return BAD;
            case TODO:
            case BEGUN:
                all = TODO;
                break;
            case GOOD:
                break;
            }
    }
    return all;
}

/* The next to begin, or NULL: none can yet, or `*ret_left` is false. */
static struct member *choose(struct crew *crew, const char **ret_behind,
                             bool *ret_left)
{
    struct member *first = NULL;

    *ret_behind = NULL;
    for (uint32_t i = 0; i < crew->n; i++) {
        struct member *m = &crew->members[i];

        if (m->done != TODO)
            continue;
        first = first ? first : m;
        if (done_before(crew, m, ret_behind) != TODO)
            return m;
    }
    *ret_left = first;
    /* Only a bad plan has a loop; nobody waits for itself. */
    if (first && !crew->begun)
        *ret_behind = crew->plan->steps[first->from].guest;
    return crew->begun ? NULL : first;
}

static void work(struct crew *crew, struct hd_context *ctx)
{
    const char *behind;
    bool left = true;

    hd_context_enter(ctx);
    while (left) {
        struct member *m = choose(crew, &behind, &left);

        if (!m && left)
            pthread_cond_wait(&crew->moved, &crew->turn);
        if (!m)
            continue;
        m->done = BEGUN;
        crew->begun++;
        m->done = crew->fn(ctx, m->from, m->to, behind, crew->arg) ? BAD : GOOD;
        crew->begun--;
        pthread_cond_broadcast(&crew->moved);
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
                        .moved = PTHREAD_COND_INITIALIZER,
                        .plan = ctx->plan,
                        .fn = fn,
                        .arg = arg};
    hd_autofree struct lane *lanes = NULL;
    uint32_t more, opened = 0;

    if (!find_members(&crew)) {
        hd_log(HD_LOG_ERROR, "no memory for the guests of the plan");
        return;
    }
    more = n < crew.n ? n : crew.n;
    more -= more > 0;
    lanes = calloc(more + 1, sizeof(*lanes));
    ctx->turn = &crew.turn;
    while (lanes && opened < more && open_lane(&lanes[opened], &crew, ctx))
        opened++;
    work(&crew, ctx);
    while (opened > 0)
        pthread_join(lanes[--opened].thread, NULL);
    ctx->turn = NULL;
    free(crew.members);
    pthread_cond_destroy(&crew.moved);
    pthread_mutex_destroy(&crew.turn);
}
