/* SPDX-License-Identifier: MIT */
/* Attaches a guest's devices and lets go of them, without a script or a
 * process; never decides which they are. */
#include "attach.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/block/vbd.h"
#include "../../pv-drivers/bus/xenbus_live.h"
#include "../../pv-drivers/console/console.h"
#include "../../pv-drivers/fs9p/fs9p.h"
#include "../../pv-drivers/net/bridge.h"
#include "../../pv-drivers/net/vif.h"
#include "../domain/agent.h"
#include "files.h"
#include "../domain/inquire.h"
#include "serial.h"
#include "../domain/table_nodes.h"
#include "volume.h"

#define CLASSES 4
static const struct {
    const char *name, *front;
} classes[CLASSES] = {
    {HD_VBD_CLASS, NULL},
    {HD_VIF_CLASS, NULL},
    {HD_CONSOLE_CLASS, HD_CONSOLE_FRONT},
    {HD_FS9P_CLASS, HD_FS9P_FRONT},
};

/* Of one guest, and as it goes into xenstore: hd_xenbus_add. */
struct attachment {
    const struct hd_plan *plan;
    uint32_t domid;
    size_t n_devices, n_nodes;
    struct hd_xenbus_device *devices;
    struct hd_xs_node *nodes;
    char (*paths)[HD_XENBUS_PATH];
    char told[HD_XENBUS_PATH];
    char agent[HD_AGENT_PATH];     /* below that, where the guest tells us */
    struct hd_table_nodes *tables; /* owned; NULL: it has none */
};

static void attachment_fini(struct attachment *a)
{
    free(a->tables);
    free(a->devices);
    free(a->nodes);
    free(a->paths);
}

static bool is_together(const struct hd_step *step)
{
    return step->kind == HD_STEP_ATTACH_BLOCK ||
           step->kind == HD_STEP_ATTACH_NET ||
           step->kind == HD_STEP_ATTACH_CONSOLE ||
           step->kind == HD_STEP_ATTACH_FILES || step->kind == HD_STEP_TELL;
}

uint32_t hd_attach_count(const struct hd_step *steps, uint32_t n)
{
    uint32_t count = 0;

    while (count < n && is_together(&steps[count]))
        count++;
    return count;
}

/* A device is given away once, and never while the host itself uses it. */
static int add_block(struct attachment *a, const struct hd_step_block *step,
                     struct hd_err *err)
{
    char path[HD_DM_NAME_SIZE + 16];
    struct hd_vbd vbd = {.domid = a->domid,
                         .vdev = step->as,
                         .path = path,
                         .writable = step->mode == HD_MODE_RW};

    snprintf(path, sizeof(path), "/dev/mapper/%s", step->dm_name);
    if (hd_volume_check_idle(step->dm_name, &vbd.device, err) ||
        hd_vbd_describe(&vbd, &a->devices[a->n_devices], err))
        return -1;
    a->n_devices++;
    return 0;
}

static struct hd_vif vif_of(const struct attachment *a,
                            const struct hd_step_net *step)
{
    struct hd_vif vif = {.domid = a->domid,
                         .devid = step->devid,
                         .bridge = step->bridge,
                         .mtu = (uint32_t)step->limits.mtu,
                         .rate = step->limits.rate,
                         .isolated = step->limits.isolated};

    memcpy(vif.mac, step->mac, sizeof(vif.mac));
    return vif;
}

/* The bridge may have gone since the plan was made. */
static int add_net(struct attachment *a, const struct hd_step_net *step,
                   struct hd_err *err)
{
    struct hd_vif vif = vif_of(a, step);

    if (hd_bridge_find(step->bridge, err))
        return -1;
    hd_vif_describe(&vif, &a->devices[a->n_devices++]);
    return 0;
}

/* Nobody reads these back: `data` is the guest's, which may remove it whole. */
static int add_told(struct attachment *a, const char *name, const char *value,
                    struct hd_err *err)
{
    char *path = a->paths[a->n_nodes];

    if (snprintf(path, HD_XENBUS_PATH, "%s/%s", a->told, name) >=
        HD_XENBUS_PATH)
        return hd_fail(err, HD_E_FAILED, "the xenstore path %s is too long",
                       name);
    a->nodes[a->n_nodes++] = (struct hd_xs_node){path, value};
    return 0;
}

/* What is served, and what of it the guest is to show where. */
static int add_files(struct attachment *a, const struct hd_step *step,
                     struct hd_err *err)
{
    hd_fs9p_describe(a->domid, &a->devices[a->n_devices++]);
    if (a->tables)
        return hd_fail(err, HD_E_FAILED, "a guest has one host view");
    a->tables =
        hd_table_nodes_new(a->told, hd_plan_view(a->plan, step).tables, 1, err);
    if (!a->tables)
        return -1;
    memcpy(&a->nodes[a->n_nodes], a->tables->nodes,
           a->tables->n * sizeof(*a->nodes));
    a->n_nodes += a->tables->n;
    return 0;
}

static int add(struct attachment *a, const struct hd_step *step,
               struct hd_err *err)
{
    switch ((enum hd_step_kind)step->kind) {
    case HD_STEP_ATTACH_BLOCK:
        return add_block(a, &step->u.block, err);
    case HD_STEP_ATTACH_NET:
        return add_net(a, &step->u.net, err);
    case HD_STEP_ATTACH_CONSOLE:
        hd_console_describe(a->domid, step->u.console.devid,
                            &a->devices[a->n_devices++]);
        return 0;
    case HD_STEP_ATTACH_FILES:
        return add_files(a, step, err);
    case HD_STEP_TELL:
        return add_told(a, step->u.tell.path, step->u.tell.value, err);
    case HD_STEP_OPEN_VOLUME:
    case HD_STEP_MAKE_BRIDGE:
    case HD_STEP_ADD_PORT:
    case HD_STEP_SEIZE_PCI:
    case HD_STEP_SERVE_CONSOLE:
    case HD_STEP_SERVE_FILES:
    case HD_STEP_BUILD_DOMAIN:
    case HD_STEP_START_DOMAIN:
        break;
    }
    return hd_fail(err, HD_E_FAILED, "step %s attaches nothing",
                   hd_step_kind_name(step->kind));
}

static int describe(struct attachment *a, const struct hd_step *steps,
                    uint32_t n, struct hd_err *err)
{
    /* One more, for the node where it is asked. */
    size_t max = n + 1 + HD_ARRAY_LEN(a->tables->nodes);

    a->devices = calloc(n, sizeof(*a->devices));
    a->nodes = calloc(max, sizeof(*a->nodes));
    a->paths = calloc(max, sizeof(*a->paths));
    if (!a->devices || !a->nodes || !a->paths)
        return hd_fail_errno(err, HD_E_FAILED, "attach devices");
    snprintf(a->told, sizeof(a->told), "/local/domain/%u/data/hotdom",
             a->domid);
    hd_agent_folder(a->domid, a->agent);
    for (uint32_t i = 0; i < n; i++)
        if (add(a, &steps[i], err))
            return -1;
    return 0;
}

/* A process that serves has said that it is ready, and nobody has looked since:
 * without it the guest would wait for its device for ever. */
static int check_served(const struct hd_step *steps, uint32_t n,
                        struct hd_err *err)
{
    for (uint32_t i = 0; i < n; i++)
        if ((steps[i].kind == HD_STEP_ATTACH_CONSOLE &&
             hd_serial_check_served(&steps[i].u.console, err)) ||
            (steps[i].kind == HD_STEP_ATTACH_FILES &&
             hd_files_check_served(steps[i].u.files.name, err)))
            return -1;
    return 0;
}

static int join_all(struct hd_context *ctx, const struct attachment *a,
                    const struct hd_step *steps, uint32_t n, struct hd_err *err)
{
    for (uint32_t i = 0; i < n; i++) {
        struct hd_vif vif;

        if (steps[i].kind != HD_STEP_ATTACH_NET)
            continue;
        vif = vif_of(a, &steps[i].u.net);
        if (hd_vif_join(ctx->xs, &vif, err))
            return hd_wrap(err, "attach %s", steps[i].u.net.as);
    }
    return 0;
}

static uint64_t wait_until(const struct hd_context *ctx)
{
    return hd_io_within_ms(HD_JOB_READY_MS, ctx->req->deadline_ms);
}

/* What is told stands in a folder that the guest may read alone, but for the
 * one in it where the guest tells us, which is its own. */
static int add_all(struct hd_context *ctx, struct attachment *a,
                   struct hd_err *err)
{
    const struct hd_xs_folder folders[] = {{a->told, 0, a->domid},
                                           {a->agent, a->domid, 0}};
    bool told = a->n_nodes > 0;
    struct hd_xenbus_more more = {.folders = folders};

    if (told && add_told(a, HD_INQUIRE_NODE, "", err))
        return -1;
    more.nodes = a->nodes;
    more.n_folders = told ? HD_ARRAY_LEN(folders) : 0;
    more.n_nodes = a->n_nodes;
    return hd_xenbus_add(ctx->xs, a->devices, a->n_devices, &more, err);
}

static int attach(struct hd_context *ctx, struct attachment *a,
                  const struct hd_step *steps, uint32_t n, struct hd_err *err)
{
    int rc;

    if (describe(a, steps, n, err))
        return -1;
    hd_context_leave(ctx);
    rc = add_all(ctx, a, err) ||
         hd_xenbus_await(ctx->xs, a->devices, a->n_devices, HD_XENBUS_INIT_WAIT,
                         wait_until(ctx), err) ||
         join_all(ctx, a, steps, n, err) ||
         hd_xenbus_record(ctx->xs, a->devices, a->n_devices, err) ||
         check_served(steps, n, err);
    hd_context_enter(ctx);
    return rc ? -1 : 0;
}

/* One watch serves both waits, and goes with the job's connection; libxl's
 * records are written while the guest's driver is at work. */
static int attach_live(struct hd_context *ctx, struct attachment *a,
                       const struct hd_step *steps, uint32_t n,
                       struct hd_err *err)
{
    if (describe(a, steps, n, err) ||
        hd_xenbus_add(ctx->xs, a->devices, a->n_devices, NULL, err) ||
        hd_xenbus_watch(ctx->xs, a->devices, a->n_devices, err) ||
        hd_xenbus_wait(ctx->xs, a->devices, a->n_devices, HD_XENBUS_INIT_WAIT,
                       wait_until(ctx), err) ||
        join_all(ctx, a, steps, n, err) ||
        hd_xenbus_record(ctx->xs, a->devices, a->n_devices, err) ||
        hd_domain_settle(ctx->ts, a->domid, steps, n, err) ||
        hd_xenbus_connect(ctx->xs, a->devices, a->n_devices, wait_until(ctx),
                          err))
        return -1;
    return hd_xs_write(ctx->xs, a->nodes, a->n_nodes, err);
}

static int tell(struct hd_context *ctx, struct attachment *a,
                const struct hd_step *steps, uint32_t n, struct hd_err *err)
{
    return describe(a, steps, n, err)
               ? -1
               : hd_xs_write(ctx->xs, a->nodes, a->n_nodes, err);
}

typedef int attach_fn(struct hd_context *ctx, struct attachment *a,
                      const struct hd_step *steps, uint32_t n,
                      struct hd_err *err);

static int of_guest(struct hd_context *ctx, const struct hd_step *steps,
                    uint32_t n, attach_fn *fn, struct hd_err *err)
{
    const struct hd_effect *domain;
    struct attachment a = {.plan = ctx->plan};
    int rc;

    if (hd_build_domain(ctx, steps->guest, &domain, err))
        return -1;
    a.domid = (uint32_t)domain->domid;
    rc = fn(ctx, &a, steps, n, err);
    attachment_fini(&a);
    return rc;
}

int hd_attach(struct hd_context *ctx, const struct hd_step *steps, uint32_t n,
              struct hd_err *err)
{
    return of_guest(ctx, steps, n, attach, err);
}

int hd_attach_live(struct hd_context *ctx, const struct hd_step *steps,
                   uint32_t n, struct hd_err *err)
{
    return of_guest(ctx, steps, n, attach_live, err);
}

int hd_attach_tell(struct hd_context *ctx, const struct hd_step *steps,
                   uint32_t n, struct hd_err *err)
{
    return n ? of_guest(ctx, steps, n, tell, err) : 0;
}

/* ---- the reverse */

static size_t list(struct hd_context *ctx, uint32_t domid,
                   struct hd_xenbus_device devices[CLASSES * HD_MAX_GUEST_NICS])
{
    size_t used = 0, more;

    for (size_t k = 0; k < CLASSES; k++) {
        if (hd_xenbus_list(ctx->xs, classes[k].name, domid, devices + used,
                           HD_MAX_GUEST_NICS, &more, NULL))
            continue;
        while (more--)
            devices[used++].front_class = classes[k].front;
    }
    return used;
}

void hd_attach_close(struct hd_context *ctx, uint32_t domid)
{
    hd_autofree struct hd_xenbus_device *devices =
        calloc(CLASSES * HD_MAX_GUEST_NICS, sizeof(*devices));
    size_t used = devices ? list(ctx, domid, devices) : 0;

    if (used)
        (void)hd_xenbus_remove(ctx->xs, devices, used, NULL);
}
