/* SPDX-License-Identifier: MIT */
/* The view among what the agent does; for duty.c alone. */
#ifndef HD_GUEST_DUTY_VIEW_H
#define HD_GUEST_DUTY_VIEW_H

#include <stdbool.h>

#include "duty.h"

int hd_duty_view_open(struct hd_duty *d, struct hd_err *err);
/* Composes it as the host says now; `again`: though that is the same. */
void hd_duty_view_apply(struct hd_duty *d, bool again);
/* The two halves of it, `again`: between them the hand is told nothing, and the
 * second one is only for a first that says so. */
bool hd_duty_view_begin(struct hd_duty *d);
void hd_duty_view_end(struct hd_duty *d);
/* At a report: what could not be shown may be by now, since the host is not
 * slow any more or the volume has room, and another hand goes on with the view
 * of one that has ended. */
void hd_duty_view_retry(struct hd_duty *d);

/* The bell of d->view: something was mounted, and more may follow at once. */
void hd_duty_view_ring(struct hd_duty *d);
/* When that is due, shows again what is hidden; costs nothing before. */
void hd_duty_view_look(struct hd_duty *d);

void hd_duty_view_fini(struct hd_duty *d);
/* The guest is to end, and unmounts: from now on nothing is mounted. */
void hd_duty_view_leave(struct hd_duty *d);

#endif
