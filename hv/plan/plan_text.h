/* SPDX-License-Identifier: MIT */
/* The text behind a plan's steps, for those who make plans. */
#ifndef HD_PLAN_PLAN_TEXT_H
#define HD_PLAN_PLAN_TEXT_H

#include "plan.h"

/* The step serves or attaches files. */
bool hd_step_is_view(const struct hd_step *step);
/* Gives such a step of `plan`, which has all its steps and room for
 * HD_PLAN_MAX_TEXT, its texts; what is there already is not put there again. */
void hd_plan_put_view(struct hd_plan *plan, struct hd_step *step,
                      const char *tables, const char *shown);
/* The same for a step that builds a domain. */
void hd_plan_put_cmdline(struct hd_plan *plan, struct hd_step *step,
                         const char *cmdline);
/* Does it have one? */
bool hd_plan_has_cmdline(const struct hd_plan *plan,
                         const struct hd_step *step);
/* All text of `from`, to one with steps of it and with as much room. */
void hd_plan_copy_text(const struct hd_plan *from, struct hd_plan *to);

#endif
