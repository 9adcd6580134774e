/* SPDX-License-Identifier: MIT */
/* When guests are light and when they are not any more; what a person gave a
 * domain is left. */
#include "shares.h"

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/log.h"
#include "daemon.h"

#define BUSY_NS 500000 /* of each ms */
#define REST_NS 250000

static bool any_starts(const struct hd_stores *stores)
{
    for (const struct hd_store *s = stores->first; s; s = s->next)
        if (s->task && s->op == HD_JOB_START)
            return true;
    return false;
}

bool hd_shares_crowd(const struct hd_store *store, const struct hd_plan *plan)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < plan->n_steps; i++)
        n += plan->steps[i].kind == HD_STEP_START_DOMAIN;
    return n > 1 || any_starts(&store->daemon->stores);
}

void hd_shares_give(struct hd_daemon *d)
{
    uint32_t weight = (uint32_t)d->rules.policy.limits.weight;

    if (any_starts(&d->stores))
        return;
    for (struct hd_store *s = d->stores.first; s; s = s->next)
        for (size_t i = 0; i < s->n_guests; i++)
            if (hd_store_guest_lives(&s->guests[i]) && !s->guests[i].busy)
                hd_domain_unlighten(d->xen, (uint32_t)s->guests[i].domid,
                                    weight);
}

/* ---- who computes */

bool hd_shares_see(struct hd_guest_life *guest, uint64_t cpu_ns,
                   uint64_t now_ms)
{
    uint64_t ms = now_ms - guest->cpu_ms, ns = cpu_ns - guest->cpu_ns;
    bool first = !guest->cpu_ms, was = guest->busy;

    if (!first && ms < HD_SHARES_MS)
        return false;
    guest->cpu_ns = cpu_ns;
    guest->cpu_ms = now_ms;
    if (first)
        return false;
    guest->busy = ns > ms * (was ? REST_NS : BUSY_NS);
    return guest->busy != was;
}

static void weigh(struct hd_store *store, const struct hd_guest_life *guest)
{
    struct hd_daemon *d = store->daemon;
    uint32_t weight = (uint32_t)d->rules.policy.limits.weight;

    if (guest->busy)
        hd_domain_lighten(d->xen, (uint32_t)guest->domid, weight);
    else if (!any_starts(&d->stores))
        hd_domain_unlighten(d->xen, (uint32_t)guest->domid, weight);
    hd_log(HD_LOG_INFO, "%s.%s %s", store->label, guest->name,
           guest->busy ? "computes, and is light beside others"
                       : "rests, and has its weight again");
}

static void look_at(void *ctx, const struct hd_domain_status *status)
{
    struct hd_daemon *d = ctx;

    for (struct hd_store *s = d->stores.first; s; s = s->next)
        for (size_t i = 0; i < s->n_guests; i++) {
            struct hd_guest_life *g = &s->guests[i];

            if (hd_store_guest_lives(g) && g->domid == (int64_t)status->domid &&
                hd_uuid_equal(&g->uuid, &status->uuid) &&
                hd_shares_see(g, status->cpu_ns, hd_io_now_ms()))
                weigh(s, g);
        }
}

void hd_shares_look(struct hd_daemon *d)
{
    struct hd_err err;

    if (d->xen && d->stores.first)
        (void)hd_domain_each(d->xen, look_at, d, &err);
}
