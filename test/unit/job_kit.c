/* SPDX-License-Identifier: MIT */
/* Makes a request to start one guest. */
#include "job_kit.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

struct hd_plan *job_kit_begin(struct hd_job_request *req, uint32_t n_steps)
{
    struct hd_plan *plan = calloc(1, hd_plan_size(n_steps) + HD_PLAN_MAX_TEXT);

    CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
    memset(req, 0, sizeof(*req));
    req->store.byte[0] = req->head.store.byte[0] = plan->store.byte[0] = 7;
    req->op = HD_JOB_START;
    req->head.diskseq = 3;
    strcpy(req->head.label, "travel");
    strcpy(req->head.devname, "sda");
    strcpy(plan->label, "travel");
    plan->n_steps = n_steps;
    plan->n_text = 1; /* each domain's command line, an empty one */
    req->plan_size = (uint32_t)hd_plan_bytes(plan);
    return plan;
}

struct hd_step *job_kit_step(struct hd_plan *plan, uint32_t i,
                             enum hd_step_kind kind)
{
    plan->steps[i].kind = kind;
    strcpy(plan->steps[i].guest, "desk");
    return &plan->steps[i];
}
