/* SPDX-License-Identifier: MIT */
/* What `hotdom-guest registry` prints of entries. */
#ifndef HD_GUEST_REGISTRY_SHOW_H
#define HD_GUEST_REGISTRY_SHOW_H

#include <stdbool.h>
#include <stdio.h>

#include "../pv-drivers/base/entry.h"

/* A text as it is, for programs; bytes as well; a list a line each. */
void hd_registry_show_value(const struct hd_value *value, FILE *out);
/* {"key": "guest/a", "type": "string", "value": "x"}; none and null where there
 * is no value. */
void hd_registry_show_entry(const struct hd_entry *e, FILE *out);

#define HD_REGISTRY_PARTS 5

/* Where a name of the resource map leads, of host/map/NAME/... */
struct hd_registry_place {
    char part[HD_REGISTRY_PARTS][128];
};

/* Of any entry below host/map/NAME. */
void hd_registry_show_take(const struct hd_entry *e,
                           struct hd_registry_place *place);
void hd_registry_show_place(const char *name,
                            const struct hd_registry_place *place, bool json,
                            FILE *out);

#endif
