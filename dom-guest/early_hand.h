/* SPDX-License-Identifier: MIT */
/* What an agent does that is the guest's first process, before there is a root,
 * so that the guest does not wait for it then; for early.c alone. */
#ifndef HD_GUEST_EARLY_HAND_H
#define HD_GUEST_EARLY_HAND_H

#include "duty.h"

/* A hand begins, and mounts the host view where there are tables.  One that the
 * host keeps waiting is left behind, and another one does the rest. */
void hd_early_hand_begin(struct hd_duty *d);

/* The hand goes on in `root`, which is mounted there. */
void hd_early_hand_follow(struct hd_duty *d, const char *root);

#endif
