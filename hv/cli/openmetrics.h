/* SPDX-License-Identifier: MIT */
/* A sample as OpenMetrics 1.0 text, for Prometheus and its like. */
#ifndef HD_CLI_OPENMETRICS_H
#define HD_CLI_OPENMETRICS_H

#include <json-c/json.h>
#include <stdio.h>

/* What the text is, for HTTP. */
#define HD_OPENMETRICS_TYPE                                                    \
    "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* Writes all of it, to "# EOF". */
void hd_openmetrics_write(struct json_object *sample, FILE *out);

#endif
