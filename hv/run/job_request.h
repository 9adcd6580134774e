/* SPDX-License-Identifier: MIT */
/* The job's side of struct hd_job_request: takes it in and checks it. */
#ifndef HD_RUN_JOB_REQUEST_H
#define HD_RUN_JOB_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "../../pv-drivers/base/err.h"
#include "job.h"

/* Blocks until hotdomd's message is there, and puts its descriptors in their
 * places (job.h).  HD_E_NO_DAEMON when it will not come. */
int hd_job_request_receive(int sock, struct hd_err *err);

/* Copies request and plan out of the sealed memory `fd` (HD_JOB_REQUEST), then
 * runs hd_job_request_check.  The caller frees `*ret` and `*ret_plan`; the plan
 * may be NULL. */
int hd_job_request_read(int fd, struct hd_job_request **ret,
                        struct hd_plan **ret_plan, struct hd_err *err);

/* Every count, string and number of both; a mistake of hotdomd's must not
 * become a root process's. */
int hd_job_request_check(const struct hd_job_request *req,
                         const struct hd_plan *plan, struct hd_err *err);

/* A name that ends within `size` and has only a manifest's characters. */
bool hd_job_request_is_name(const char *s, size_t size);

#endif
