/* SPDX-License-Identifier: MIT */
/* The registry among what the agent does; for duty.c alone. */
#ifndef HD_GUEST_DUTY_REGISTRY_H
#define HD_GUEST_DUTY_REGISTRY_H

#include "duty.h"

/* What it is then to do, hd_keeper_follow, is so by the hand. */
void hd_duty_registry_open(struct hd_duty *d);
/* The host asks. */
void hd_duty_registry_answer(struct hd_duty *d);

typedef int hd_duty_registry_fn(struct hd_keeper *k, struct hd_xsdev *x,
                                struct hd_err *err);

/* Does one of hd_keeper_follow, _follow_host and _retry.  What fails is
 * logged once and stays reported until nothing is due. */
void hd_duty_registry_do(struct hd_duty *d, hd_duty_registry_fn *fn);

#endif
