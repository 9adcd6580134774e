/* SPDX-License-Identifier: MIT */
/* Keeps the registry and says what of it could not be done; never gives up. */
#include "duty_registry.h"

#include "../pv-drivers/base/log.h"
#include "paths.h"

/* What is not done is tried again at each report, and would be logged there. */
static void settle(struct hd_duty *d, int rc, const struct hd_err *err)
{
    if (rc < 0)
        hd_duty_settle(d, HD_DUTY_REGISTRY, err);
    else if (!hd_keeper_is_due(&d->keeper))
        hd_duty_settle(d, HD_DUTY_REGISTRY, NULL);
}

void hd_duty_registry_open(struct hd_duty *d)
{
    d->keeper.hand = &d->hand;
    hd_keeper_open(&d->keeper, HD_GUEST_REGISTRY, "", d->x);
}

/* Whoever asked is told why not; what is here to say is of files. */
void hd_duty_registry_answer(struct hd_duty *d)
{
    struct hd_err err;

    if (hd_keeper_answer(&d->keeper, d->x, &err))
        hd_log(HD_LOG_WARNING, "the host is not answered: %s", err.msg);
}

void hd_duty_registry_do(struct hd_duty *d, hd_duty_registry_fn *fn)
{
    struct hd_err err;

    settle(d, fn(&d->keeper, d->x, &err), &err);
}
