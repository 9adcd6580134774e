/* SPDX-License-Identifier: MIT */
/* The steps that tell a guest what it has, and of whom; for plan.c alone. */
#ifndef HD_PLAN_PLAN_TELL_H
#define HD_PLAN_PLAN_TELL_H

#include "plan.h"

bool hd_plan_is_nic(const struct hd_map_row *row);

/* xenstore's form of FOLDER/NAME. */
void hd_plan_say(struct hd_step_tell *s, const char *folder, const char *name,
                 const char *value);

/* One step, or two where its device is plugged in somewhere. */
void hd_plan_tell_row(struct hd_plan *plan, const struct hd_map_row *row);
/* The user's settings, the host, what the store's guests share, and which keys
 * are files. */
void hd_plan_tell_guest(struct hd_plan *plan, const struct hd_map *map,
                        const struct hd_manifest *mf, const struct hd_guest *g);

#endif
