/* SPDX-License-Identifier: MIT */
/* Takes a device from a guest that runs, in agreement or by force, and what a
 * killed job left half attached; never one that hotdom did not attach. */
#include "jobs.h"

#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mac.h"
#include "../../pv-drivers/base/paths.h"
#include "../../pv-drivers/block/vbd.h"
#include "../../pv-drivers/bus/xenbus_live.h"
#include "../../pv-drivers/net/vif.h"
#include "attach.h"
#include "device.h"
#include "host_disk.h"
#include "undo.h"
#include "volume.h"

#define MAPPER "/dev/mapper/"

/* What people call it. */
static void name_of(const struct hd_job_device *d, char ret[HD_MAC_SIZE])
{
    if (d->what == HD_WHAT_DISK)
        snprintf(ret, HD_MAC_SIZE, "%.7s", d->vdev);
    else
        hd_mac_format(d->mac, ret);
}

/* ---- found */

/* A NIC that is not there has no backend either. */
static int find_nic(struct hd_context *ctx, uint32_t domid, const char *mac,
                    struct hd_xenbus_device *ret, struct hd_err *err)
{
    struct hd_xenbus_device nics[HD_MAX_GUEST_NICS];
    char has[HD_MAC_SIZE];
    size_t n;

    *ret = (struct hd_xenbus_device){
        .class = HD_VIF_CLASS, .domid = domid, .devid = UINT32_MAX};
    if (hd_xenbus_list(ctx->xs, HD_VIF_CLASS, domid, nics, HD_MAX_GUEST_NICS,
                       &n, err))
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (hd_device_read(ctx, &nics[i], "mac", has, sizeof(has), err))
            return -1;
        if (strcmp(has, mac))
            continue;
        *ret = nics[i];
        break;
    }
    return 0;
}

static int find(struct hd_context *ctx, uint32_t domid, const char *name,
                struct hd_device_of *ret, struct hd_err *err)
{
    const struct hd_job_device *d = &ctx->req->device;
    char script[64], params[HD_XENBUS_PATH];
    bool disk = d->what == HD_WHAT_DISK;

    *ret = (struct hd_device_of){.bus = {.class = HD_VBD_CLASS,
                                         .domid = domid,
                                         .devid = hd_vbd_devid(d->vdev)}};
    if ((!disk && find_nic(ctx, domid, name, &ret->bus, err)) ||
        hd_device_read_origin(ctx, &ret->bus, script, params, err))
        return -1;
    if (!*script)
        return hd_fail(err, HD_E_NO_DEVICE, "guest %s has no %s %s",
                       ctx->req->guest, disk ? "disk" : "NIC", name);
    if (strcmp(script, HD_HOTPLUG))
        return hd_fail(err, HD_E_DENIED,
                       "hotdom has not attached %s to guest %s; use xl", name,
                       ctx->req->guest);
    if (!strncmp(params, MAPPER, sizeof(MAPPER) - 1))
        snprintf(ret->dm_name, sizeof(ret->dm_name), "%.78s",
                 params + sizeof(MAPPER) - 1);
    return 0;
}

/* ---- taken */

/* With the way out, for each of the two. */
static int part(struct hd_context *ctx, const struct hd_device_of *device,
                const char *name, struct hd_err *err)
{
    const char *guest = ctx->req->guest;
    uint64_t until = hd_io_within_ms(ctx->req->grace_ms, ctx->req->deadline_ms);
    struct hd_err why = {0};
    bool begun = false;

    if (!hd_xenbus_part(ctx->xs, &device->bus, until, &begun, &why))
        return 0;
    if (why.code == HD_E_BUSY && begun)
        return hd_fail(err, HD_E_TIMEOUT,
                       "guest %s has begun to let go of %s and still uses it; "
                       "close it in the guest and try again, or take it with "
                       "--force",
                       guest, name);
    if (why.code == HD_E_BUSY)
        return hd_fail(err, HD_E_BUSY,
                       "guest %s does not let go of %s and keeps it; close it "
                       "in the guest and try again, or take it with --force",
                       guest, name);
    if (err)
        *err = why;
    return -1;
}

/* Its own effect, when it was given to the guest as it ran. */
static int note_undone(struct hd_context *ctx,
                       const struct hd_device_of *device, struct hd_err *err)
{
    size_t n;
    const struct hd_effect *e = hd_ledger_effects(ctx->ledger, &n);

    for (size_t i = 0; i < n; i++) {
        struct hd_device_of other;

        if (e[i].kind != HD_EFFECT_DEVICE || e[i].undone ||
            strcmp(e[i].guest, ctx->req->guest) ||
            hd_device_parse(e[i].value, &other, NULL) ||
            strcmp(other.bus.class, device->bus.class) ||
            other.bus.devid != device->bus.devid)
            continue;
        if (hd_ledger_undone(ctx->ledger, e[i].seq, err))
            return -1;
    }
    return 0;
}

/* What the guest wrote is on the medium before anyone hears that it is gone. */
static int flush(const struct hd_device_of *device, struct hd_err *err)
{
    if (!*device->dm_name || hd_host_disk_pulled(device->dm_name))
        return 0;
    return hd_volume_flush(device->dm_name, err);
}

/* The nodes; the rest goes on whatever happens. */
static int remove_it(struct hd_context *ctx, const struct hd_device_of *device,
                     struct hd_err *err)
{
    struct hd_err ignored;
    int rc = flush(device, err);

    if (hd_xenbus_remove(ctx->xs, &device->bus, 1, rc ? &ignored : err))
        return -1;
    hd_context_report(HD_REPORT_DETACHED, ctx->req->guest, 0, NULL);
    if (*device->dm_name &&
        hd_undo_volume(ctx, ctx->req->guest, device->dm_name,
                       rc ? &ignored : err))
        rc = -1;
    if (hd_domain_forget(ctx->ts, &device->bus, rc ? &ignored : err))
        rc = -1;
    if (hd_attach_tell(ctx, ctx->plan->steps, ctx->plan->n_steps,
                       rc ? &ignored : err))
        rc = -1;
    return note_undone(ctx, device, rc ? &ignored : err) || rc ? -1 : 0;
}

static int detach(struct hd_context *ctx, struct hd_err *err)
{
    struct hd_device_of device;
    char name[HD_MAC_SIZE];
    uint32_t domid;

    name_of(&ctx->req->device, name);
    if (hd_job_find_running(ctx, &domid, err) ||
        find(ctx, domid, name, &device, err))
        return -1;
    if (ctx->req->device.force ? hd_device_close(ctx, &device, err)
                               : part(ctx, &device, name, err))
        return -1;
    return remove_it(ctx, &device, err);
}

/* ---- what is half attached */

static int mend(struct hd_context *ctx, struct hd_err *err)
{
    size_t n;
    const struct hd_effect *e = hd_ledger_effects(ctx->ledger, &n);
    struct hd_err ignored;
    int rc = 0;

    for (size_t i = 0; i < n; i++) {
        struct hd_err *to = rc ? &ignored : err;

        if (e[i].kind != HD_EFFECT_DEVICE || e[i].undone || e[i].running)
            continue;
        if (hd_device_undo(ctx, &e[i], to) ||
            hd_ledger_undone(ctx->ledger, e[i].seq, to))
            rc = -1;
    }
    return rc;
}

int hd_job_detach(struct hd_context *ctx, struct hd_err *err)
{
    bool half = ctx->req->device.what == HD_WHAT_HALF;
    int rc = hd_job_resume(ctx, err);

    if (!rc)
        return half ? 0
                    : hd_fail(err, HD_E_NO_GUEST, "guest %s does not run",
                              ctx->req->guest);
    if (rc < 0)
        return -1;
    return half ? mend(ctx, err) : detach(ctx, err);
}
