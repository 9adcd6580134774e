/* SPDX-License-Identifier: MIT */
/* What ATTACH and DETACH may ask for; for job_request.c. */
#ifndef HD_RUN_JOB_REQUEST_HOT_H
#define HD_RUN_JOB_REQUEST_HOT_H

#include "job.h"

/* All but what each step of the plan says of itself: looks at no more of it
 * than its steps' kinds, guests and targets. */
int hd_job_request_check_hot(const struct hd_job_request *req,
                             const struct hd_plan *plan, struct hd_err *err);

#endif
