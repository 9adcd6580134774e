/* SPDX-License-Identifier: MIT */
/* Writes a guest's memory to a file; never lets it go on, or ends it. */
#include "jobs.h"

#include "../../pv-drivers/base/paths.h"

/* Of one that runs, the memory would be of no one moment. */
static int find_paused(struct hd_context *ctx, uint32_t *ret_domid,
                       struct hd_err *err)
{
    const char *guest = ctx->req->guest;
    const struct hd_effect *e = hd_context_domain(ctx, guest);
    struct hd_domain_status status = {.state = HD_DOMAIN_GONE};
    struct hd_uuid uuid;

    if (e && (hd_uuid_parse(e->value, &uuid, err) ||
              hd_domain_find(ctx->hv, &uuid, &status, err)))
        return -1;
    if (status.state == HD_DOMAIN_GONE || status.state == HD_DOMAIN_DYING)
        return hd_fail(err, HD_E_NO_GUEST, "guest %s has no domain any more",
                       guest);
    if (status.state != HD_DOMAIN_PAUSED && status.state != HD_DOMAIN_SHUTDOWN)
        return hd_fail(err, HD_E_BUSY,
                       "guest %s does not stand still; `hotdom pause` it first",
                       guest);
    *ret_domid = status.domid;
    return 0;
}

static int check_memory(struct hd_context *ctx, uint32_t domid,
                        struct hd_err *err)
{
    int has = hd_domain_has_memory_map(ctx->hv, domid, err);

    if (has == 0)
        return hd_fail(err, HD_E_BUSY,
                       "guest %s was stopped before its kernel ran: there is "
                       "nothing to save yet",
                       ctx->req->guest);
    return has < 0 ? -1 : 0;
}

/* The end of a guest that is kept behind a pull waits for the ledger; of a
 * store that is there, nobody may have to. */
static int find_ledger(struct hd_context *ctx, struct hd_err *err)
{
    struct hd_err why = {0};
    int rc = 1;

    if (ctx->req->n_kept)
        rc = hd_job_resume(ctx, &why);
    else if (hd_ledger_peek(HD_LEDGER_DIR, &ctx->req->store, &ctx->ledger,
                            &why))
        rc = -1;
    if (rc == 0 || why.code == HD_E_NO_STORE)
        return hd_fail(err, HD_E_NO_GUEST, "nothing is left of guest %s",
                       ctx->req->guest);
    if (rc > 0)
        return hd_context_prepare(ctx, err);
    if (err)
        *err = why;
    return -1;
}

int hd_job_dump(struct hd_context *ctx, struct hd_err *err)
{
    uint32_t domid = 0;
    int rc = find_ledger(ctx, err) || find_paused(ctx, &domid, err) ||
                     check_memory(ctx, domid, err) ||
                     hd_domain_dump(ctx->ts, domid, HD_JOB_FILES, err)
                 ? -1
                 : 0;

    hd_ledger_free(hd_steal(&ctx->ledger));
    return rc;
}
