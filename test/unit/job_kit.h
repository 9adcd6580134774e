/* SPDX-License-Identifier: MIT */
/* A request to start one guest, for the tests of what a job refuses. */
#ifndef HD_TEST_JOB_KIT_H
#define HD_TEST_JOB_KIT_H

#include "../../hv/run/job_request.h"

/* Good but for its steps, which are all zero; the caller frees the plan. */
struct hd_plan *job_kit_begin(struct hd_job_request *req, uint32_t n_steps);
/* Step `i` of the plan, of that kind. */
struct hd_step *job_kit_step(struct hd_plan *plan, uint32_t i,
                             enum hd_step_kind kind);

#endif
