/* SPDX-License-Identifier: MIT */
/* Devices of running guests in the ledger, and their end by force; never
 * touches one that the ledger or its caller does not name. */
#include "device.h"

#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/block/vbd.h"
#include "../../pv-drivers/bus/xenbus_state.h"
#include "../../pv-drivers/net/vif.h"
#include "undo.h"
#include "volume.h"

_Static_assert(HD_DM_NAME_SIZE >= 79, "%78s below needs the room");

void hd_device_format(const struct hd_device_of *device,
                      char value[HD_LEDGER_VALUE])
{
    const struct hd_xenbus_device *bus = &device->bus;

    if (!strcmp(bus->class, HD_VBD_CLASS))
        snprintf(value, HD_LEDGER_VALUE, HD_VBD_CLASS "/%u/%s", bus->devid,
                 device->dm_name);
    else
        snprintf(value, HD_LEDGER_VALUE, HD_VIF_CLASS "/%u", bus->devid);
}

void hd_device_value(const struct hd_step *step, char value[HD_LEDGER_VALUE])
{
    struct hd_device_of device = {.bus.class = HD_VIF_CLASS};

    if (step->kind == HD_STEP_ATTACH_BLOCK) {
        device.bus.class = HD_VBD_CLASS;
        device.bus.devid = hd_vbd_devid(step->u.block.as);
        snprintf(device.dm_name, sizeof(device.dm_name), "%s",
                 step->u.block.dm_name);
    } else {
        device.bus.devid = step->u.net.devid;
    }
    hd_device_format(&device, value);
}

int hd_device_parse(const char *value, struct hd_device_of *ret,
                    struct hd_err *err)
{
    struct hd_device_of device = {.bus.class = HD_VBD_CLASS};
    char again[HD_LEDGER_VALUE];
    bool disk = !strncmp(value, HD_VBD_CLASS "/", sizeof(HD_VBD_CLASS));
    uint32_t *devid = &device.bus.devid;

    if (disk) {
        (void)sscanf(value, HD_VBD_CLASS "/%u/%78s", devid, device.dm_name);
    } else {
        device.bus.class = HD_VIF_CLASS;
        (void)sscanf(value, HD_VIF_CLASS "/%u", devid);
    }
    hd_device_format(&device, again);
    if (strcmp(again, value))
        return hd_fail(err, HD_E_FAILED, "the ledger's device \"%s\" is bad",
                       value);
    *ret = device;
    return 0;
}

int hd_device_read(struct hd_context *ctx, const struct hd_xenbus_device *bus,
                   const char *key, char *ret, size_t size, struct hd_err *err)
{
    char path[HD_XENBUS_PATH], node[HD_XENBUS_PATH + 16];
    int there;

    hd_xenbus_back_path(bus, path);
    snprintf(node, sizeof(node), "%s/%s", path, key);
    there = hd_xs_read(ctx->xs, node, ret, size, err);
    if (!there)
        *ret = '\0';
    return there < 0 ? -1 : 0;
}

int hd_device_read_origin(struct hd_context *ctx,
                          const struct hd_xenbus_device *bus, char script[64],
                          char params[HD_XENBUS_PATH], struct hd_err *err)
{
    char path[HD_XENBUS_PATH], nodes[2][HD_XENBUS_PATH + 16];
    struct hd_xs_value values[] = {
        {.path = nodes[0], .buf = script, .size = 64},
        {.path = nodes[1], .buf = params, .size = HD_XENBUS_PATH}};

    hd_xenbus_back_path(bus, path);
    snprintf(nodes[0], sizeof(nodes[0]), "%s/script", path);
    snprintf(nodes[1], sizeof(nodes[1]), "%s/params", path);
    if (hd_xs_read_all(ctx->xs, values, HD_ARRAY_LEN(values), err))
        return -1;
    for (size_t i = 0; i < HD_ARRAY_LEN(values); i++)
        if (values[i].there < 0)
            return hd_fail(err, HD_E_FAILED,
                           "xenstore %s does not hold what it should",
                           values[i].path);
        else if (!values[i].there)
            *values[i].buf = '\0';
    return 0;
}

static int await_closed(struct hd_context *ctx,
                        const struct hd_xenbus_device *bus, struct hd_err *err)
{
    return hd_xenbus_await(ctx->xs, bus, 1, HD_XENBUS_CLOSED,
                           hd_io_now_ms() + HD_JOB_CLOSE_MS, err);
}

/* Only a backend that has had its time waits for a medium that is dead, and
 * goes on once that is fenced.  A xenstored that is silent says nothing of the
 * backend, nor would it after the fence: then the guest keeps its volume until
 * this is tried again. */
static int close_backend(struct hd_context *ctx,
                         const struct hd_device_of *device, struct hd_err *err)
{
    struct hd_err why = {0};

    if (!await_closed(ctx, &device->bus, &why))
        return 0;
    if (hd_xenbus_is_late(&why) && *device->dm_name)
        return hd_volume_fence(device->dm_name, err) ||
                       await_closed(ctx, &device->bus, err)
                   ? -1
                   : 0;
    if (err)
        *err = why;
    return -1;
}

int hd_device_close(struct hd_context *ctx, const struct hd_device_of *device,
                    struct hd_err *err)
{
    return hd_xenbus_close(ctx->xs, &device->bus, 1, true, err) ||
                   close_backend(ctx, device, err)
               ? -1
               : hd_xenbus_remove(ctx->xs, &device->bus, 1, err);
}

/* Neither waits for the other to come to an end: what fails is tried again, and
 * then finds what is left.  libxl has no record of it when the attaching came
 * to nothing. */
static int undo_live(struct hd_context *ctx, const struct hd_device_of *device,
                     struct hd_err *err)
{
    struct hd_err ignored;
    int rc = hd_device_close(ctx, device, err);

    return hd_domain_forget(ctx->ts, &device->bus, rc ? &ignored : err) || rc
               ? -1
               : 0;
}

int hd_device_undo(struct hd_context *ctx, const struct hd_effect *effect,
                   struct hd_err *err)
{
    const struct hd_effect *domain = hd_context_domain(ctx, effect->guest);
    struct hd_domain_status status;
    struct hd_device_of device;

    if (hd_device_parse(effect->value, &device, err))
        return -1;
    if (domain) {
        if (hd_undo_find(ctx, domain, &status, err))
            return -1;
        device.bus.domid = status.domid;
        if (status.state != HD_DOMAIN_GONE && status.state != HD_DOMAIN_DYING &&
            undo_live(ctx, &device, err))
            return -1;
    }
    return *device.dm_name
               ? hd_undo_volume(ctx, effect->guest, device.dm_name, err)
               : 0;
}
