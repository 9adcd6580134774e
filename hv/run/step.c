/* SPDX-License-Identifier: MIT */
/* Performs one step of a plan, its effect in the ledger first; never undoes. */
#include "step.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/net/bridge.h"
#include "../host/sysfs.h"
#include "files.h"
#include "host_disk.h"
#include "medium.h"
#include "../domain/pci.h"
#include "serial.h"
#include "volume.h"

static int volume_free(struct hd_context *ctx, const struct hd_step *step,
                       struct hd_err *err)
{
    (void)ctx;
    if (step->u.volume.target == HD_TARGET_DISK &&
        hd_host_disk_check(&step->u.volume, 0, err))
        return -1;
    return hd_volume_check_free(step->u.volume.dm_name, err);
}

static void volume_value(const struct hd_step *step,
                         char value[HD_LEDGER_VALUE])
{
    snprintf(value, HD_LEDGER_VALUE, "%s", step->u.volume.dm_name);
}

static bool is_on_medium(const struct hd_step_volume *v)
{
    return v->target == HD_TARGET_LINEAR || v->target == HD_TARGET_CRYPT;
}

/* A volume is opened once, so its key ends with that; hd_job_request_check has
 * seen to it that no other step wants the same. */
static int open_volume(struct hd_context *ctx, const struct hd_step *step,
                       uint32_t seq, struct hd_err *err)
{
    const struct hd_step_volume *v = &step->u.volume;
    hd_autofd int root = hd_sysfs_root(err);
    hd_auto(hd_secret) key = NULL;

    (void)seq;
    if (root < 0)
        return -1;
    if (v->target == HD_TARGET_CRYPT)
        key = hd_steal(&ctx->keys[v->header]);
    if (hd_volume_open(v, &ctx->req->store, ctx->req->devmajor,
                       ctx->req->devminor, key, err))
        /* Who has it says more than the kernel's "busy". */
        return is_on_medium(v) ? hd_medium_fail_used(root, ctx->req, err) : -1;
    /* From now on the device holds its medium, so what these see stays. */
    if (v->target == HD_TARGET_DISK)
        return hd_host_disk_check(v, 1, err);
    if (is_on_medium(v) && hd_medium_check_alone(root, ctx->req, err))
        return -1;
    return hd_medium_check(root, ctx->req, err);
}

/* The undo goes by the UUID, so nobody else's domain may have it. */
static int domain_free(struct hd_context *ctx, const struct hd_step *step,
                       struct hd_err *err)
{
    struct hd_domain_status status;

    if (hd_domain_find(ctx->hv, &step->u.domain.uuid, &status, err))
        return -1;
    if (status.state != HD_DOMAIN_GONE)
        return hd_fail(err, HD_E_EXISTS,
                       "domain %u has the UUID of guest %s; destroy it",
                       status.domid, step->guest);
    return 0;
}

static void domain_value(const struct hd_step *step,
                         char value[HD_LEDGER_VALUE])
{
    hd_uuid_format(&step->u.domain.uuid, value);
}

static int build_domain(struct hd_context *ctx, const struct hd_step *step,
                        uint32_t seq, struct hd_err *err)
{
    const struct hd_step_domain *d = &step->u.domain;
    int ramdisk = d->ramdisk < 0 ? -1 : HD_JOB_FILES + d->ramdisk;

    return hd_build_begin(ctx, step, HD_JOB_FILES + (int)d->kernel, ramdisk,
                          seq, err);
}

static int bridge_free(struct hd_context *ctx, const struct hd_step *step,
                       struct hd_err *err)
{
    (void)ctx;
    return hd_bridge_check_free(step->u.bridge.name, err);
}

static void bridge_value(const struct hd_step *step,
                         char value[HD_LEDGER_VALUE])
{
    snprintf(value, HD_LEDGER_VALUE, "%s", step->u.bridge.name);
}

static int make_bridge(struct hd_context *ctx, const struct hd_step *step,
                       uint32_t seq, struct hd_err *err)
{
    (void)ctx, (void)seq;
    return hd_bridge_make(step->u.bridge.name, err);
}

static int port_free(struct hd_context *ctx, const struct hd_step *step,
                     struct hd_err *err)
{
    (void)ctx;
    return hd_bridge_check_port(step->u.port.name, step->u.port.index, err);
}

static void port_value(const struct hd_step *step, char value[HD_LEDGER_VALUE])
{
    snprintf(value, HD_LEDGER_VALUE, "%s/%s", step->u.port.bridge,
             step->u.port.name);
}

static int add_port(struct hd_context *ctx, const struct hd_step *step,
                    uint32_t seq, struct hd_err *err)
{
    const struct hd_step_port *p = &step->u.port;

    (void)ctx, (void)seq;
    return hd_bridge_add_port(p->bridge, p->name, p->index, err);
}

static int pci_free(struct hd_context *ctx, const struct hd_step *step,
                    struct hd_err *err)
{
    (void)ctx;
    return hd_pci_check_free(&step->u.pci.at, err);
}

static void pci_value(const struct hd_step *step, char value[HD_LEDGER_VALUE])
{
    hd_pci_format(&step->u.pci.at, value);
}

static int seize_pci(struct hd_context *ctx, const struct hd_step *step,
                     uint32_t seq, struct hd_err *err)
{
    (void)seq;
    return hd_pci_seize(ctx->ts, &step->u.pci.at, err);
}

static int serial_free(struct hd_context *ctx, const struct hd_step *step,
                       struct hd_err *err)
{
    (void)ctx;
    return hd_serial_check_free(&step->u.console, err);
}

static void serial_value(const struct hd_step *step,
                         char value[HD_LEDGER_VALUE])
{
    hd_serial_path(step->u.console.tty, value);
}

static int serve_console(struct hd_context *ctx, const struct hd_step *step,
                         uint32_t seq, struct hd_err *err)
{
    const struct hd_effect *e;

    (void)seq;
    return hd_build_domain(ctx, step->guest, &e, err)
               ? -1
               : hd_serial_serve(&step->u.console, (uint32_t)e->domid, err);
}

static int files_free(struct hd_context *ctx, const struct hd_step *step,
                      struct hd_err *err)
{
    char path[HD_SERVER_SIZE];

    (void)ctx;
    hd_files_path(step->u.files.name, path);
    return hd_server_runs(path)
               ? hd_fail(err, HD_E_BUSY, "a host view is served as %s already",
                         step->u.files.name)
               : 0;
}

static void files_value(const struct hd_step *step, char value[HD_LEDGER_VALUE])
{
    hd_files_path(step->u.files.name, value);
}

static int serve_files(struct hd_context *ctx, const struct hd_step *step,
                       uint32_t seq, struct hd_err *err)
{
    const struct hd_plan_view view = hd_plan_view(ctx->plan, step);
    const struct hd_effect *e;

    (void)seq;
    return hd_build_domain(ctx, step->guest, &e, err)
               ? -1
               : hd_files_serve(&view, (uint32_t)e->domid, err);
}

static uint32_t weight_of(const struct hd_context *ctx, const char *guest)
{
    for (uint32_t i = 0; i < ctx->plan->n_steps; i++) {
        const struct hd_step *s = &ctx->plan->steps[i];

        if (s->kind == HD_STEP_BUILD_DOMAIN && !strcmp(s->guest, guest))
            return s->u.domain.weight;
    }
    return 0;
}

static int start_domain(struct hd_context *ctx, const struct hd_step *step,
                        uint32_t seq, struct hd_err *err)
{
    const struct hd_effect *e;
    uint32_t domain, domid;

    (void)seq;
    if (hd_build_domain(ctx, step->guest, &e, err))
        return -1;
    domain = e->seq;
    domid = (uint32_t)e->domid;
    if (hd_build_end(ctx, err))
        return -1;
    if (ctx->req->crowd)
        hd_domain_lighten(ctx->hv, domid, weight_of(ctx, step->guest));
    if (hd_domain_unpause(ctx->hv, domid, err))
        return -1;
    return hd_ledger_set_running(ctx->ledger, domain, err);
}

/* Those that are not here are done together, by hd_attach.  A step with `value`
 * has an effect of that kind; `is_free` looks before the ledger takes it, for
 * what is not ours must never be undone. */
static const struct {
    int (*is_free)(struct hd_context *ctx, const struct hd_step *step,
                   struct hd_err *err);
    void (*value)(const struct hd_step *step, char value[HD_LEDGER_VALUE]);
    enum hd_effect_kind effect;
    int (*make)(struct hd_context *ctx, const struct hd_step *step,
                uint32_t seq, struct hd_err *err);
} kinds[] = {
    [HD_STEP_OPEN_VOLUME] = {volume_free, volume_value, HD_EFFECT_DM,
                             open_volume},
    [HD_STEP_MAKE_BRIDGE] = {bridge_free, bridge_value, HD_EFFECT_BRIDGE,
                             make_bridge},
    [HD_STEP_BUILD_DOMAIN] = {domain_free, domain_value, HD_EFFECT_DOMAIN,
                              build_domain},
    [HD_STEP_ADD_PORT] = {port_free, port_value, HD_EFFECT_PORT, add_port},
    [HD_STEP_SEIZE_PCI] = {pci_free, pci_value, HD_EFFECT_PCI, seize_pci},
    [HD_STEP_SERVE_CONSOLE] = {serial_free, serial_value, HD_EFFECT_SERVER,
                               serve_console},
    [HD_STEP_SERVE_FILES] = {files_free, files_value, HD_EFFECT_SERVER,
                             serve_files},
    [HD_STEP_START_DOMAIN] = {.make = start_domain},
};

int hd_step_do(struct hd_context *ctx, const struct hd_step *step,
               struct hd_err *err)
{
    char value[HD_LEDGER_VALUE];
    uint32_t seq = 0;

    if (!hd_io_left_ms(ctx->req->deadline_ms))
        return hd_fail(err, HD_E_TIMEOUT, "no time is left to start guest %s",
                       step->guest);
    if (step->kind >= HD_ARRAY_LEN(kinds) || !kinds[step->kind].make)
        return hd_fail(err, HD_E_FAILED, "%s is no step by itself",
                       hd_step_kind_name(step->kind));
    /* Built ahead; what is left of it has been looked at. */
    if (step->kind == HD_STEP_BUILD_DOMAIN && ctx->req->built &&
        hd_context_domain(ctx, step->guest))
        return 0;
    if (kinds[step->kind].value) {
        kinds[step->kind].value(step, value);
        if (kinds[step->kind].is_free(ctx, step, err) ||
            hd_ledger_take(ctx->ledger, kinds[step->kind].effect, step->guest,
                           value, &seq, err))
            return -1;
    }
    return kinds[step->kind].make(ctx, step, seq, err);
}
