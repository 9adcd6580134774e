/* SPDX-License-Identifier: MIT */
/* What a job may be asked for about the end of guests. */
#ifndef HD_RUN_JOB_REQUEST_END_H
#define HD_RUN_JOB_REQUEST_END_H

#include "job.h"

/* EJECT, YANK and DUMP: HD_E_FAILED unless all that they look at is in range,
 * and every name ends. */
int hd_job_request_check_end(const struct hd_job_request *req,
                             struct hd_err *err);

#endif
