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
    if (d->what != HD_WHAT_NIC && *d->vdev)
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

/* The reverse, of one in the ledger: empty when its nodes are gone already. */
static int name_back(struct hd_context *ctx, const struct hd_device_of *device,
                     char ret[HD_MAC_SIZE], struct hd_err *err)
{
    if (!strcmp(device->bus.class, HD_VIF_CLASS))
        return hd_device_read(ctx, &device->bus, "mac", ret, HD_MAC_SIZE, err);
    for (char c = 'a'; c <= 'z'; c++) {
        snprintf(ret, HD_MAC_SIZE, "xvd%c", c);
        if (hd_vbd_devid(ret) == device->bus.devid)
            return 0;
    }
    *ret = '\0';
    return 0;
}

/* ---- taken */

/* With the way out, for each of the two. */
static int part(struct hd_context *ctx, const struct hd_device_of *device,
                const char *name, bool *ret_keeps, struct hd_err *err)
{
    const char *guest = ctx->req->guest;
    uint64_t until = hd_io_within_ms(ctx->req->grace_ms, ctx->req->deadline_ms);
    struct hd_err why = {0};
    bool begun = false;

    if (!hd_xenbus_part(ctx->xs, &device->bus, until, &begun, &why))
        return 0;
    *ret_keeps = why.code == HD_E_BUSY;
    if (*ret_keeps && begun)
        return hd_fail(err, HD_E_TIMEOUT,
                       "guest %s has begun to let go of %s and still uses it; "
                       "close it in the guest and try again, or take it with "
                       "--force",
                       guest, name);
    if (*ret_keeps)
        return hd_fail(err, HD_E_BUSY,
                       "guest %s does not let go of %s and keeps it; close it "
                       "in the guest and try again, or take it with --force",
                       guest, name);
    if (err)
        *err = why;
    return -1;
}

/* ---- in the ledger */

/* From here on whoever finds it there goes on with it. */
static int note_leaving(struct hd_context *ctx,
                        const struct hd_device_of *device, uint32_t *ret_seq,
                        struct hd_err *err)
{
    char value[HD_LEDGER_VALUE];

    hd_device_format(device, value);
    return hd_ledger_take(ctx->ledger, HD_EFFECT_LEAVING, ctx->req->guest,
                          value, ret_seq, err);
}

/* That it leaves, and that it was given to the guest as it ran. */
static int note_undone(struct hd_context *ctx, const char *guest,
                       const struct hd_device_of *device, struct hd_err *err)
{
    size_t n;
    const struct hd_effect *e = hd_ledger_effects(ctx->ledger, &n);

    for (size_t i = 0; i < n; i++) {
        struct hd_device_of other;

        if ((e[i].kind != HD_EFFECT_DEVICE && e[i].kind != HD_EFFECT_LEAVING) ||
            e[i].undone || strcmp(e[i].guest, guest) ||
            hd_device_parse(e[i].value, &other, NULL) ||
            strcmp(other.bus.class, device->bus.class) ||
            other.bus.devid != device->bus.devid)
            continue;
        if (hd_ledger_undone(ctx->ledger, e[i].seq, err))
            return -1;
    }
    return 0;
}

/* ---- removed */

/* What the guest wrote is on the medium before anyone hears that it is gone. */
static int flush(const struct hd_device_of *device, struct hd_err *err)
{
    if (!*device->dm_name || hd_host_disk_pulled(device->dm_name))
        return 0;
    return hd_volume_flush(device->dm_name, err);
}

/* Whom the plan is for, if there is one, and of that device. */
static int tell(struct hd_context *ctx, const char *guest, const char *name,
                struct hd_err *err)
{
    char its[HD_MAC_SIZE];

    name_of(&ctx->req->device, its);
    if (!ctx->plan || strcmp(guest, ctx->req->guest) || strcmp(name, its))
        return 0;
    return hd_attach_tell(ctx, ctx->plan->steps, ctx->plan->n_steps, err);
}

/* The nodes; the rest goes on whatever happens. */
static int remove_it(struct hd_context *ctx, const char *guest,
                     const struct hd_device_of *device, const char *name,
                     struct hd_err *err)
{
    struct hd_err ignored;
    int rc = flush(device, err);

    if (hd_xenbus_remove(ctx->xs, &device->bus, 1, rc ? &ignored : err))
        return -1;
    hd_context_report_detached(guest, name);
    if (*device->dm_name &&
        hd_undo_volume(ctx, guest, device->dm_name, rc ? &ignored : err))
        rc = -1;
    if (hd_domain_forget(ctx->ts, &device->bus, rc ? &ignored : err))
        rc = -1;
    if (tell(ctx, guest, name, rc ? &ignored : err))
        rc = -1;
    return note_undone(ctx, guest, device, rc ? &ignored : err) || rc ? -1 : 0;
}

static int detach(struct hd_context *ctx, struct hd_err *err)
{
    const char *guest = ctx->req->guest;
    struct hd_device_of device;
    char name[HD_MAC_SIZE];
    uint32_t domid, seq;
    bool keeps = false;

    name_of(&ctx->req->device, name);
    if (hd_job_find_running(ctx, guest, &domid, err) ||
        find(ctx, domid, name, &device, err) ||
        note_leaving(ctx, &device, &seq, err))
        return -1;
    if (ctx->req->device.force ? hd_device_close(ctx, &device, err)
                               : part(ctx, &device, name, &keeps, err)) {
        /* Else it is half gone, and tried once more. */
        if (keeps)
            (void)hd_ledger_undone(ctx->ledger, seq, NULL);
        return -1;
    }
    return remove_it(ctx, guest, &device, name, err);
}

/* ---- half done */

/* Of a killed ATTACH: nobody was told that it is there. */
static int take_back(struct hd_context *ctx, const struct hd_effect *e,
                     struct hd_err *err)
{
    struct hd_device_of device;
    char name[HD_MAC_SIZE];

    if (hd_device_parse(e->value, &device, err))
        return -1;
    if (hd_job_find_running(ctx, e->guest, &device.bus.domid, NULL) ||
        name_back(ctx, &device, name, NULL))
        *name = '\0';
    return hd_device_undo(ctx, e, err) || tell(ctx, e->guest, name, err)
               ? -1
               : hd_ledger_undone(ctx->ledger, e->seq, err);
}

/* 1: it has let go, or cannot use it any more; 0: it keeps it; -1. */
static int ask_again(struct hd_context *ctx, const struct hd_device_of *device,
                     struct hd_err *err)
{
    uint64_t until = hd_io_within_ms(ctx->req->grace_ms, ctx->req->deadline_ms);
    struct hd_xenbus_ends is;
    struct hd_err why = {0};
    bool begun;

    if (hd_xenbus_ends(ctx->xs, &device->bus, &is, err))
        return -1;
    if (is.back == HD_XENBUS_CONNECTED && is.front == HD_XENBUS_CONNECTED)
        return 0;
    if (is.front == HD_XENBUS_NONE)
        return hd_device_close(ctx, device, err) ? -1 : 1;
    if (!hd_xenbus_part(ctx->xs, &device->bus, until, &begun, &why))
        return 1;
    if (why.code == HD_E_BUSY)
        return 0;
    if (err)
        *err = why;
    return -1;
}

/* Of a killed DETACH: who had not begun to let go is not made to.  The end of a
 * domain takes along what it has. */
static int go_on(struct hd_context *ctx, const struct hd_effect *e,
                 struct hd_err *err)
{
    struct hd_device_of device;
    char name[HD_MAC_SIZE];
    int rc;

    if (hd_device_parse(e->value, &device, err))
        return -1;
    if (hd_job_find_running(ctx, e->guest, &device.bus.domid, NULL))
        return hd_ledger_undone(ctx->ledger, e->seq, err);
    if (name_back(ctx, &device, name, err))
        return -1;
    rc = ask_again(ctx, &device, err);
    if (rc > 0)
        return remove_it(ctx, e->guest, &device, name, err);
    return rc ? -1 : hd_ledger_undone(ctx->ledger, e->seq, err);
}

static int mend(struct hd_context *ctx, struct hd_err *err)
{
    size_t n;
    const struct hd_effect *e = hd_ledger_effects(ctx->ledger, &n);
    struct hd_err ignored;
    int rc = 0;

    for (size_t i = 0; i < n; i++) {
        struct hd_err *to = rc ? &ignored : err;

        if (!hd_effect_is_half(&e[i]))
            continue;
        if (e[i].kind == HD_EFFECT_LEAVING ? go_on(ctx, &e[i], to)
                                           : take_back(ctx, &e[i], to))
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
