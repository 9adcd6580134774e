/* SPDX-License-Identifier: MIT */
/* hotdom-guest registry watch: what changes, whoever changes it. */
#ifndef HD_GUEST_REGISTRY_WATCH_H
#define HD_GUEST_REGISTRY_WATCH_H

#include <stdbool.h>

#include "xsdev.h"

/* Prints each entry at and below `key` (empty: all) that changes from now on,
 * in the registry in `dir` and in what the host says; `x` may be NULL, and then
 * that says nothing.  Returns only when it fails: -1. */
int hd_registry_watch(const char *dir, struct hd_xsdev *x, const char *key,
                      bool json, struct hd_err *err);

#endif
