/* SPDX-License-Identifier: MIT */
/* Tests hv/run/job_request_end: what a job may be asked for about the end of
 * guests. */
#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "job_kit.h"
#include "unit.h"

static struct hd_job_request req;

static void begin(enum hd_job_op op)
{
    free(job_kit_begin(&req, 0));
    req.op = op;
    req.plan_size = req.n_files = req.n_headers = 0;
}

static void begin_ends(const char *guest, uint32_t rank, uint64_t grace_ms)
{
    begin(HD_JOB_EJECT);
    req.n_ends = 1;
    strcpy(req.ends[0].guest, guest);
    req.ends[0].rank = rank;
    req.ends[0].grace_ms = grace_ms;
}

static void refused(const char *words)
{
    struct hd_err err = {0};

    CHECK_FAILS(hd_job_request_check(&req, NULL, &err), &err, HD_E_FAILED,
                words);
}

static void guests_that_end_have_names_ranks_and_graces_in_range(void)
{
    struct hd_err err = {0};

    begin_ends("desk", HD_MAX_GUESTS - 1, 3600000);
    CHECK_OK(hd_job_request_check(&req, NULL, &err), &err);
    begin_ends("", 1, 0);
    refused("guests end is bad");
    begin_ends("desk", HD_MAX_GUESTS, 0);
    refused("guests end is bad");
    begin_ends("desk", 1, 3600001);
    refused("guests end is bad");
    begin_ends("desk", 1, 0);
    req.n_ends = HD_MAX_GUESTS + 1;
    refused("guests end is bad");
}

static void each_guest_brings_its_own_grace_to_the_job(void)
{
    struct hd_err err = {0};
    hd_autofree struct hd_job_request *got = NULL;
    hd_autofree struct hd_plan *plan = NULL;
    hd_autofd int fd = -1;

    begin_ends("quick", 0, 5000);
    req.n_ends = 2;
    strcpy(req.ends[1].guest, "slow");
    req.ends[1].grace_ms = 3600000;
    fd = hd_io_memfd("request", sizeof(req), &err);
    CHECK_OK(hd_io_pwrite(fd, &req, sizeof(req), 0, &err), &err);
    CHECK_OK(hd_io_seal(fd, &err), &err);
    CHECK_OK(hd_job_request_read(fd, &got, &plan, &err), &err);
    CU_ASSERT_EQUAL_FATAL(got->n_ends, 2);
    CU_ASSERT_STRING_EQUAL(got->ends[0].guest, "quick");
    CU_ASSERT_EQUAL(got->ends[0].grace_ms, 5000);
    CU_ASSERT_STRING_EQUAL(got->ends[1].guest, "slow");
    CU_ASSERT_EQUAL(got->ends[1].grace_ms, 3600000);
}

static void whom_a_yank_keeps_are_names(void)
{
    struct hd_err err = {0};

    begin(HD_JOB_YANK);
    req.n_kept = 1;
    strcpy(req.kept[0].name, "desk");
    CHECK_OK(hd_job_request_check(&req, NULL, &err), &err);
    memset(req.kept[0].name, 'x', sizeof(req.kept[0].name));
    refused("whom the job keeps is bad");
    begin(HD_JOB_YANK);
    req.n_kept = HD_MAX_GUESTS + 1;
    refused("whom the job keeps is bad");
}

static void a_dump_is_of_one_guest_to_one_file(void)
{
    struct hd_err err = {0};

    begin(HD_JOB_DUMP);
    req.n_files = 1;
    strcpy(req.guest, "desk");
    CHECK_OK(hd_job_request_check(&req, NULL, &err), &err);
    req.n_files = 2;
    refused("a dump takes one file");
    begin(HD_JOB_DUMP);
    req.n_files = 1;
    refused("a dump is of one guest");
}

static const struct hd_test tests[] = {
    HD_TEST(guests_that_end_have_names_ranks_and_graces_in_range),
    HD_TEST(each_guest_brings_its_own_grace_to_the_job),
    HD_TEST(whom_a_yank_keeps_are_names),
    HD_TEST(a_dump_is_of_one_guest_to_one_file),
};

HD_SUITE("run/job_request_end", tests);
