/* SPDX-License-Identifier: MIT */
/* Tests hv/run/job_request: jobs that build or restart, and are asked by nobody
 * who has a password. */
#include <string.h>

#include "job_kit.h"
#include "unit.h"

static struct hd_job_request req;
static struct hd_plan *plan;

/* A domain and its start. */
static void begin(enum hd_job_op op)
{
    struct hd_step *s;

    free(plan);
    plan = job_kit_begin(&req, 2);
    req.op = op;
    req.n_files = 1;
    strcpy(req.guest, "desk");
    s = job_kit_step(plan, 0, HD_STEP_BUILD_DOMAIN);
    strcpy(s->u.domain.name, "travel.desk");
    s->u.domain.uuid.byte[3] = 1;
    s->u.domain.ramdisk = -1;
    s->u.domain.vcpus = 1;
    s->u.domain.weight = 64;
    s->u.domain.memory = 64 << 20;
    job_kit_step(plan, 1, HD_STEP_START_DOMAIN);
}

static void cut(uint32_t n_steps)
{
    plan->n_steps = n_steps;
    *(char *)&plan->steps[n_steps] = '\0'; /* the text */
    req.plan_size = (uint32_t)hd_plan_bytes(plan);
}

static void begin_build(void)
{
    begin(HD_JOB_BUILD);
    cut(1);
}

static void begin_restart(void)
{
    begin(HD_JOB_RESTART);
}

static void refused(const char *words)
{
    struct hd_err err = {0};

    CHECK_FAILS(hd_job_request_check(&req, plan, &err), &err, HD_E_FAILED,
                words);
}

static void who_builds_ahead_opens_and_starts_nothing(void)
{
    struct hd_err err = {0};

    begin_build();
    CHECK_OK(hd_job_request_check(&req, plan, &err), &err);
    req.ask = HD_ASK_VERIFIER;
    refused("request to build");
    begin_build();
    req.n_headers = 1;
    refused("request to build");
    begin_build();
    req.built = 1;
    refused("request to build");
    begin(HD_JOB_BUILD);
    refused("builds does no start-domain");
    free(hd_steal(&plan));
}

static void a_restart_makes_nothing_that_the_guest_still_has(void)
{
    struct hd_err err = {0};

    begin_restart();
    CHECK_OK(hd_job_request_check(&req, plan, &err), &err);
    req.ask = HD_ASK_VERIFIER;
    refused("request to restart");
    begin_restart();
    *req.guest = '\0';
    refused("request to restart");
    begin_restart();
    cut(0);
    refused("request to restart");
    begin_restart();
    strcpy(plan->steps[1].guest, "lab");
    refused("step 2 of the job's plan is none of a restart");
    begin_restart();
    job_kit_step(plan, 1, HD_STEP_SEIZE_PCI);
    refused("step 2 of the job's plan is none of a restart");
    free(hd_steal(&plan));
}

static void what_follows_an_end_is_one_of_two(void)
{
    begin_restart();
    plan->steps[0].u.domain.on_reboot = HD_END_COUNT;
    refused("request to restart");
    begin(HD_JOB_START);
    plan->steps[0].u.domain.on_crash = HD_END_COUNT;
    refused("step 1");
    free(hd_steal(&plan));
}

static const struct hd_test tests[] = {
    HD_TEST(who_builds_ahead_opens_and_starts_nothing),
    HD_TEST(a_restart_makes_nothing_that_the_guest_still_has),
    HD_TEST(what_follows_an_end_is_one_of_two),
};

HD_SUITE("run/job_request_domain", tests);
