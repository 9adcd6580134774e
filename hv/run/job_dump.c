/* SPDX-License-Identifier: MIT */
/* Writes a guest's memory to a file; never lets it go on, or ends it. */
#include "jobs.h"

#include "undo.h"

/* Of one that runs, the memory would be of no one moment. */
static int find_paused(struct hd_context *ctx, uint32_t *ret_domid,
                       struct hd_err *err)
{
    const char *guest = ctx->req->guest;
    const struct hd_effect *e = hd_context_domain(ctx, guest);
    struct hd_domain_status status = {.state = HD_DOMAIN_GONE};

    if (e && hd_undo_find(ctx, e, &status, err))
        return -1;
    if (status.state == HD_DOMAIN_GONE || status.state == HD_DOMAIN_DYING)
        return hd_fail(err, HD_E_NO_GUEST, "guest %s has no domain any more",
                       guest);
    if (status.state != HD_DOMAIN_PAUSED)
        return hd_fail(err, HD_E_BUSY,
                       "guest %s does not stand still; `hotdom pause` it first",
                       guest);
    *ret_domid = status.domid;
    return 0;
}

int hd_job_dump(struct hd_context *ctx, struct hd_err *err)
{
    uint32_t domid = 0;
    bool empty;
    int rc = hd_job_resume(ctx, err);

    if (rc <= 0)
        return rc ? rc
                  : hd_fail(err, HD_E_NO_GUEST, "nothing is left of guest %s",
                            ctx->req->guest);
    rc = find_paused(ctx, &domid, err) ||
                 hd_domain_dump(ctx->ts, domid, HD_JOB_FILES, err)
             ? -1
             : 0;
    return hd_ledger_close(ctx->ledger, &empty, rc ? NULL : err) ? -1 : rc;
}
