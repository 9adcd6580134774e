/* SPDX-License-Identifier: MIT */
/* A hotdom-job that a command runs, without hotdomd. */
#ifndef HD_CLI_JOB_CALL_H
#define HD_CLI_JOB_CALL_H

#include "../run/job.h"

/* Runs one to its end, which is the answer.  It has no plan and no password,
 * and the req->n_files of `files`, borrowed.  Blocks until req->deadline_ms at
 * most, then it is killed: HD_E_TIMEOUT.  Root only. */
int hd_job_call(const struct hd_job_request *req, const int *files,
                struct hd_err *err);

#endif
