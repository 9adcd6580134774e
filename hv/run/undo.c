/* SPDX-License-Identifier: MIT */
/* Takes effects back that are in the ledger; never one that is not. */
#include "undo.h"

#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/net/bridge.h"
#include "device.h"
#include "../domain/display.h"
#include "domain_end.h"
#include "../domain/sweep.h"
#include "../domain/pci.h"
#include "server.h"
#include "volume.h"

/* One that somebody holds open keeps none of the others. */
static int undo_dm(struct hd_context *ctx, const struct hd_effect *effect,
                   struct hd_err *err)
{
    return hd_volume_remove(
        effect->value, hd_io_within_ms(HD_JOB_FREE_MS, ctx->req->deadline_ms),
        err);
}

/* Under a name by which people find it.  What libxl knew of it is gone. */
static int quarantine(struct hd_context *ctx, const struct hd_effect *effect,
                      uint32_t domid, struct hd_err *err)
{
    char path[64], name[HD_DOMAIN_NAME_SIZE + sizeof(HD_QUARANTINE_NAME)];
    struct hd_xs_node node = {path, name};

    snprintf(path, sizeof(path), "/local/domain/%u/name", domid);
    snprintf(name, sizeof(name), HD_QUARANTINE_NAME "%s.%s",
             hd_ledger_head(ctx->ledger)->label, effect->guest);
    (void)hd_xs_write(ctx->xs, &node, 1, NULL);
    if (hd_ledger_set_quarantined(ctx->ledger, effect->seq, err))
        return -1;
    return hd_fail(err, HD_E_QUARANTINED,
                   "domain %u of guest %s is destroyed and does not go, for "
                   "something holds its memory; its volumes are let go",
                   domid, effect->guest);
}

static int wait_gone(struct hd_context *ctx, const struct hd_effect *effect,
                     uint32_t domid, struct hd_err *err)
{
    uint64_t until = hd_io_within_ms(HD_JOB_GONE_MS, ctx->req->deadline_ms);
    struct hd_err why = {0};

    if (!hd_domain_wait_gone(ctx->hv, domid, until, &why))
        return 0;
    if (why.code == HD_E_TIMEOUT)
        return quarantine(ctx, effect, domid, err);
    if (err)
        *err = why;
    return -1;
}

/* All drivers of its devices had come to themselves: it ran, what it was given
 * since is connected, and none was at work as it ended. */
static bool has_settled(const struct hd_context *ctx,
                        const struct hd_effect *domain, uint32_t domid)
{
    size_t n;
    const struct hd_effect *e = hd_ledger_effects(ctx->ledger, &n);
    bool settled = domain->running && hd_domain_end_has_rested(ctx, domid);

    for (size_t i = 0; i < n; i++)
        settled &= e[i].kind != HD_EFFECT_DEVICE || e[i].undone ||
                   e[i].running || strcmp(e[i].guest, domain->guest) != 0;
    return settled;
}

/* One that was killed in between left nodes, or the domain, or both. */
static int undo_domain(struct hd_context *ctx, const struct hd_effect *effect,
                       struct hd_err *err)
{
    struct hd_domain_status status;
    struct hd_uuid uuid;
    int rc;

    if (hd_undo_find(ctx, effect, &status, err))
        return -1;
    hd_display_remove(hd_ledger_head(ctx->ledger)->label, effect->guest);
    uuid = status.uuid;
    if (status.state == HD_DOMAIN_GONE) {
        if (effect->domid < 0)
            return 0;
        if (hd_domain_status(ctx->hv, (uint32_t)effect->domid, &status, err))
            return -1;
        /* Someone else's domain by now, so ours was cleaned up long ago. */
        if (status.state != HD_DOMAIN_GONE)
            return 0;
    }
    status.uuid = uuid;
    if (hd_domain_end_has_begun(ctx, status.domid))
        rc = 0;
    else if (status.state == HD_DOMAIN_GONE || status.state == HD_DOMAIN_DYING)
        rc = hd_domain_sweep(ctx->xs, &status, 1, NULL, err);
    else
        rc = hd_domain_end(ctx, &status, 1, err);
    /* Who has a page of it mapped keeps it from going. */
    if (rc || hd_undo(ctx, effect->guest, HD_EFFECT_SERVER, err))
        return -1;
    if (wait_gone(ctx, effect, status.domid, err))
        return -1;
    return has_settled(ctx, effect, status.domid)
               ? 0
               : hd_domain_sweep_late(
                     ctx->xs, status.domid,
                     hd_io_within_ms(HD_JOB_GONE_MS, ctx->req->deadline_ms),
                     err);
}

static int undo_bridge(struct hd_context *ctx, const struct hd_effect *effect,
                       struct hd_err *err)
{
    (void)ctx;
    return hd_bridge_remove(effect->value, err);
}

static int undo_port(struct hd_context *ctx, const struct hd_effect *effect,
                     struct hd_err *err)
{
    char bridge[HD_LEDGER_VALUE], *name;

    (void)ctx;
    strcpy(bridge, effect->value);
    name = strchr(bridge, '/');
    if (!name)
        return hd_fail(err, HD_E_FAILED, "the ledger's port \"%s\" is bad",
                       effect->value);
    *name++ = '\0';
    return hd_bridge_free_port(bridge, name, err);
}

static int undo_pci(struct hd_context *ctx, const struct hd_effect *effect,
                    struct hd_err *err)
{
    return hd_pci_give_back(ctx->ts, effect->value, err);
}

static int undo_server(struct hd_context *ctx, const struct hd_effect *effect,
                       struct hd_err *err)
{
    (void)ctx;
    return hd_server_end(effect->value, err);
}

static int (*const kinds[])(struct hd_context *ctx,
                            const struct hd_effect *effect,
                            struct hd_err *err) = {
    [HD_EFFECT_DM] = undo_dm,
    [HD_EFFECT_DOMAIN] = undo_domain,
    [HD_EFFECT_BRIDGE] = undo_bridge,
    [HD_EFFECT_PORT] = undo_port,
    [HD_EFFECT_PCI] = undo_pci,
    [HD_EFFECT_SERVER] = undo_server,
    [HD_EFFECT_DEVICE] = hd_device_undo,
    [HD_EFFECT_LEAVING] = hd_device_undo,
};

int hd_undo_volume(struct hd_context *ctx, const char *guest,
                   const char *dm_name, struct hd_err *err)
{
    size_t n, len = strlen(dm_name);
    const struct hd_effect *e = hd_ledger_effects(ctx->ledger, &n);

    while (n-- > 0) {
        const char *behind = e[n].value + len;

        if (e[n].kind != HD_EFFECT_DM || e[n].undone ||
            strcmp(e[n].guest, guest) || strncmp(e[n].value, dm_name, len) ||
            (*behind && strcmp(behind, "+raw")))
            continue;
        if (undo_dm(ctx, &e[n], err) ||
            hd_ledger_undone(ctx->ledger, e[n].seq, err))
            return -1;
    }
    return 0;
}

int hd_undo_find(struct hd_context *ctx, const struct hd_effect *effect,
                 struct hd_domain_status *ret, struct hd_err *err)
{
    struct hd_uuid uuid;

    if (hd_uuid_parse(effect->value, &uuid, err) ||
        hd_domain_find(ctx->hv, &uuid, ret, err))
        return -1;
    if (ret->state != HD_DOMAIN_GONE && effect->domid != (int32_t)ret->domid)
        return hd_ledger_set_domid(ctx->ledger, effect->seq, ret->domid, err);
    return 0;
}

int hd_undo(struct hd_context *ctx, const char *guest, enum hd_effect_kind kind,
            struct hd_err *err)
{
    size_t n;
    const struct hd_effect *e = hd_ledger_effects(ctx->ledger, &n);
    struct hd_err first = {0}, now = {0};

    while (n-- > 0) {
        if (e[n].undone || e[n].kind != kind || strcmp(e[n].guest, guest))
            continue;
        if ((kinds[kind](ctx, &e[n], &now) ||
             hd_ledger_undone(ctx->ledger, e[n].seq, &now)) &&
            !first.code)
            first = now;
    }
    if (!first.code)
        return 0;
    if (err)
        *err = first;
    return hd_wrap(err, "undo guest %s", guest);
}

int hd_undo_guest(struct hd_context *ctx, const char *guest, struct hd_err *err)
{
    static const enum hd_effect_kind order[] = {
        HD_EFFECT_DOMAIN, HD_EFFECT_DM,  HD_EFFECT_PORT,   HD_EFFECT_BRIDGE,
        HD_EFFECT_SERVER, HD_EFFECT_PCI, HD_EFFECT_DEVICE, HD_EFFECT_LEAVING};
    struct hd_err second;
    int rc = 0;

    for (size_t i = 0; i < HD_ARRAY_LEN(order); i++)
        if (hd_undo(ctx, guest, order[i], rc ? &second : err))
            rc = -1;
    return rc;
}

void hd_undo_begin(struct hd_context *ctx, const char *const *guests, size_t n)
{
    struct hd_domain_status domains[HD_MAX_GUESTS];
    size_t used = 0;

    for (size_t i = 0; i < n; i++) {
        const struct hd_effect *e = hd_context_domain(ctx, guests[i]);
        struct hd_domain_status *status = &domains[used];

        used += e && !hd_undo_find(ctx, e, status, NULL) &&
                status->state != HD_DOMAIN_GONE &&
                status->state != HD_DOMAIN_DYING &&
                !hd_domain_end_has_begun(ctx, status->domid);
    }
    if (used)
        (void)hd_domain_end(ctx, domains, used, NULL);
}
