/* SPDX-License-Identifier: MIT */
/* What only hotdomd knows of the host's stores and guests in numbers. */
#ifndef HD_CONTROL_METRICS_H
#define HD_CONTROL_METRICS_H

#include <json-c/json.h>

#include "../daemon/daemon.h"

/* The reply of the method Metrics (hotdomd.8); the caller owns it.  A few
 * hypercalls and files of /proc and /run; what Xen does not say is left out. */
struct json_object *hd_metrics_view(struct hd_daemon *d);

#endif
