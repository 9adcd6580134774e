/* SPDX-License-Identifier: MIT */
/* All numbers of stores and guests at one moment: what hotdomd says, and what
 * the kernel counts for their devices. */
#ifndef HD_CLI_SAMPLE_H
#define HD_CLI_SAMPLE_H

#include <json-c/json.h>

#include "../../pv-drivers/base/err.h"
#include "../host/usage.h"

/* The reply of Metrics (hotdomd.8), in which each guest with a domid has
 * hd_usage's numbers as well.  Blocks as hd_client_call does; the caller puts
 * `*ret`. */
int hd_sample_take(struct json_object **ret, struct hd_err *err);
/* The second half of that; pure. */
void hd_sample_join(struct json_object *sample, const struct hd_usage *usage,
                    size_t n);

#endif
