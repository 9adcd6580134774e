/* SPDX-License-Identifier: MIT */
/* When guests are light and when they are not any more; what a person gave a
 * domain is left. */
#include "shares.h"

#include "daemon.h"

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
            if (hd_store_guest_lives(&s->guests[i]))
                hd_domain_unlighten(d->xen, (uint32_t)s->guests[i].domid,
                                    weight);
}
