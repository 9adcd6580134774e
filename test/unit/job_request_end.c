/* SPDX-License-Identifier: MIT */
/* Tests hv/run/job_request_end: what a job may be asked for about the end of
 * guests. */
#include <stdlib.h>
#include <string.h>

#include "job_kit.h"
#include "unit.h"

static struct hd_job_request req;

static void begin(enum hd_job_op op)
{
    free(job_kit_begin(&req, 0));
    req.op = op;
    req.plan_size = req.n_files = req.n_headers = 0;
}

static void begin_ranks(const char *guest, uint32_t rank)
{
    begin(HD_JOB_EJECT);
    req.n_ranks = 1;
    strcpy(req.ranks[0].guest, guest);
    req.ranks[0].rank = rank;
}

static void refused(const char *words)
{
    struct hd_err err = {0};

    CHECK_FAILS(hd_job_request_check(&req, NULL, &err), &err, HD_E_FAILED,
                words);
}

static void the_ranks_of_guests_that_end_are_names_and_small(void)
{
    struct hd_err err = {0};

    begin_ranks("desk", HD_MAX_GUESTS - 1);
    CHECK_OK(hd_job_request_check(&req, NULL, &err), &err);
    begin_ranks("", 1);
    refused("ranks are bad");
    begin_ranks("desk", HD_MAX_GUESTS);
    refused("ranks are bad");
    begin_ranks("desk", 1);
    req.n_ranks = HD_MAX_GUESTS + 1;
    refused("ranks are bad");
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
    HD_TEST(the_ranks_of_guests_that_end_are_names_and_small),
    HD_TEST(whom_a_yank_keeps_are_names),
    HD_TEST(a_dump_is_of_one_guest_to_one_file),
};

HD_SUITE("run/job_request_end", tests);
