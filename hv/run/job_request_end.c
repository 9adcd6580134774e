/* SPDX-License-Identifier: MIT */
/* What a job may be asked for about the end of guests. */
#include "job_request_end.h"

#include "job_request.h"

static bool ends_ok(const struct hd_job_request *req)
{
    bool ok = req->n_ends <= HD_MAX_GUESTS;

    for (uint32_t i = 0; ok && i < req->n_ends; i++)
        ok = hd_job_request_is_name(req->ends[i].guest, HD_NAME_SIZE) &&
             req->ends[i].rank < HD_MAX_GUESTS &&
             req->ends[i].grace_ms <= HD_GRACE_MAX_MS;
    return ok;
}

static bool kept_ok(const struct hd_job_request *req)
{
    bool ok = req->n_kept <= HD_MAX_GUESTS;

    for (uint32_t i = 0; ok && i < req->n_kept; i++)
        ok = hd_job_request_is_name(req->kept[i].name, HD_NAME_SIZE);
    return ok;
}

int hd_job_request_check_end(const struct hd_job_request *req,
                             struct hd_err *err)
{
    bool dump = req->op == HD_JOB_DUMP;

    if (req->n_headers || req->n_files != (dump ? 1u : 0u))
        return hd_fail(err, HD_E_FAILED,
                       dump ? "a dump takes one file"
                            : "the end of a guest takes no files");
    if (dump && !*req->guest)
        return hd_fail(err, HD_E_FAILED, "a dump is of one guest");
    if (!ends_ok(req))
        return hd_fail(err, HD_E_FAILED, "how the job's guests end is bad");
    if (!kept_ok(req))
        return hd_fail(err, HD_E_FAILED, "whom the job keeps is bad");
    return 0;
}
