/* SPDX-License-Identifier: MIT */
/* What the agent tells its host; for duty.c and who starts an agent. */
#ifndef HD_GUEST_DUTY_REPORT_H
#define HD_GUEST_DUTY_REPORT_H

#include "duty.h"

/* Looks at what the system is called, which may be a file of the host's: one
 * that does not answer is trouble, though nobody else has asked for it.  Not
 * when the guest is to end. */
void hd_duty_report_learn(struct hd_duty *d);

/* "ready", which is "trouble" when something could not be done, or "leaving".
 */
void hd_duty_report(struct hd_duty *d, const char *state);

#endif
