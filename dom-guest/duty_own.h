/* SPDX-License-Identifier: MIT */
/* The guest's own files among what the agent does: the settings that the host
 * has for its user are written, and what its system is called is read; for
 * duty.c alone. */
#ifndef HD_GUEST_DUTY_OWN_H
#define HD_GUEST_DUTY_OWN_H

#include <stdbool.h>

#include "duty.h"

void hd_duty_own_apply(struct hd_duty *d);
/* The two halves of it.  Between them the hand is told nothing; the second one,
 * with the same `read`, is only for a first that says so. */
bool hd_duty_own_begin(struct hd_duty *d, struct hd_err *ret_read);
void hd_duty_own_end(struct hd_duty *d, const struct hd_err *read);

#endif
