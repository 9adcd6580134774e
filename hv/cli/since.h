/* SPDX-License-Identifier: MIT */
/* Points in time as people write them. */
#ifndef HD_CLI_SINCE_H
#define HD_CLI_SINCE_H

#include <stdint.h>

#include "../../pv-drivers/base/err.h"

/*
 * "90": so many seconds before `now_ms`; "2026-11-27T08:30:00.250Z" as events
 * have it; with a space for the T, and without fraction, seconds or Z as well.
 * Without Z it is this place's time.  All in milliseconds since 1970.
 */
int hd_since_parse(const char *text, uint64_t now_ms, uint64_t *ret_ms,
                   struct hd_err *err);

#endif
