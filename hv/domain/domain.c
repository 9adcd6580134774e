/* SPDX-License-Identifier: MIT */
/* Domains through libxl: build, start, end; never decides when. */
#include "domain.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <libxl.h>
#include <libxl_utils.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/paths.h"
#include "display.h"
#include "toolstack.h"

#define SCRIPT "script: " /* libxl, before a helper's hotplug-error */

struct hd_toolstack {
    struct xentoollog_logger logger; /* first: libxl hands it back */
    libxl_ctx *ctx;
    char why[256]; /* why the call failed; empty when it began */
    bool building; /* hd_domain_settle has to follow */
    /* Building: libxl reads and writes these until it is done. */
    libxl_domain_config config;
    uint32_t domid;
};

static void on_message(struct xentoollog_logger *logger, xentoollog_level level,
                       int errnoval, const char *context, const char *format,
                       va_list al) __attribute__((format(printf, 5, 0)));

static void on_message(struct xentoollog_logger *logger, xentoollog_level level,
                       int errnoval, const char *context, const char *format,
                       va_list al)
{
    struct hd_toolstack *ts = (struct hd_toolstack *)logger;
    char text[512];
    const char *cause;

    vsnprintf(text, sizeof(text), format, al);
    hd_log(HD_LOG_DEBUG, "%s: %s", context ? context : "libxl", text);
    if (level < XTL_ERROR)
        return;
    /* The first error is the cause, and those behind it only follow, but for
     * what hotdom-hotplug said.  "libxl_create.c:123:function: " says nothing
     * to a user. */
    if ((cause = strstr(text, SCRIPT)))
        cause += sizeof(SCRIPT) - 1;
    else if (ts->why[0])
        return;
    else if (!strncmp(text, "libxl", 5) && (cause = strstr(text, ": ")))
        cause += 2;
    snprintf(ts->why, sizeof(ts->why), "%.200s", cause ? cause : text);
    if (errnoval > 0)
        snprintf(ts->why + strlen(ts->why), 50, ": %s", strerror(errnoval));
}

/* It lives in the toolstack. */
static void on_destroy(struct xentoollog_logger *logger)
{
    (void)logger;
}

libxl_ctx *hd_toolstack_begin(struct hd_toolstack *ts)
{
    ts->why[0] = '\0';
    return ts->ctx;
}

int hd_toolstack_check(struct hd_toolstack *ts, int rc, const char *verb,
                       const char *name, struct hd_err *err)
{
    if (!rc)
        return 0;
    return hd_fail(err, HD_E_FAILED, "cannot %s %s: %s", verb, name,
                   ts->why[0] ? ts->why : "libxl says no more");
}

int hd_toolstack_check_id(struct hd_toolstack *ts, int rc, const char *verb,
                          uint32_t domid, struct hd_err *err)
{
    char name[32];

    snprintf(name, sizeof(name), "domain %u", domid);
    return hd_toolstack_check(ts, rc, verb, name, err);
}

static char *fd_path(int fd)
{
    char path[32];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return strdup(path);
}

/*
 * PV framebuffer and keyboard, behind which libxl starts a QEMU.  It takes a
 * `listen` with a colon as it is (libxl_dm.c), and 0 as no display number; the
 * size is the guest's to choose.
 */
static int fill_display(libxl_domain_config *config, const char *name)
{
    libxl_device_vfb *vfb;

    config->vfbs = calloc(1, sizeof(*config->vfbs));
    config->vkbs = calloc(1, sizeof(*config->vkbs));
    if (!config->vfbs || !config->vkbs)
        return -1;
    config->num_vfbs = config->num_vkbs = 1;
    vfb = config->vfbs;
    libxl_device_vfb_init(vfb);
    libxl_device_vkb_init(config->vkbs);
    libxl_defbool_set(&vfb->vnc.enable, true);
    libxl_defbool_set(&vfb->vnc.findunused, false);
    libxl_defbool_set(&vfb->sdl.enable, false);
    libxl_defbool_set(&vfb->sdl.opengl, false);
    if (asprintf(&vfb->vnc.listen, "unix:" HD_DISPLAY_DIR "/%s", name) < 0)
        vfb->vnc.listen = NULL;
    return vfb->vnc.listen ? 0 : -1;
}

/* Every string is libxl's to free. */
static int fill(libxl_ctx *ctx, libxl_domain_config *config,
                const struct hd_step_domain *step, const char *cmdline,
                int kernel, int ramdisk)
{
    libxl_domain_create_info *c = &config->c_info;
    libxl_domain_build_info *b = &config->b_info;

    c->type = LIBXL_DOMAIN_TYPE_PV;
    c->name = strdup(step->name);
    memcpy(c->uuid.uuid, step->uuid.byte, sizeof(step->uuid.byte));
    libxl_domain_build_info_init_type(b, LIBXL_DOMAIN_TYPE_PV);
    b->max_vcpus = (int)step->vcpus;
    b->sched_params.weight = (int)step->weight;
    b->max_memkb = b->target_memkb = step->memory / 1024;
    b->kernel = fd_path(kernel);
    b->ramdisk = ramdisk < 0 ? NULL : fd_path(ramdisk);
    b->cmdline = strdup(cmdline);
    if (libxl_cpu_bitmap_alloc(ctx, &b->avail_vcpus, (int)step->vcpus))
        return -1;
    for (uint32_t i = 0; i < step->vcpus; i++)
        libxl_bitmap_set(&b->avail_vcpus, (int)i);
    /* What happens when it ends is hotdomd's to say; xl reads these. */
    config->on_poweroff = config->on_reboot = config->on_crash =
        config->on_watchdog = LIBXL_ACTION_ON_SHUTDOWN_DESTROY;
    if (step->width && fill_display(config, step->name))
        return -1;
    if (step->n_pci && hd_pci_fill(config, step))
        return -1;
    return c->name && b->kernel && b->cmdline ? 0 : -1;
}

int hd_toolstack_open(struct hd_toolstack **ret, struct hd_err *err)
{
    hd_auto(hd_toolstack) ts = calloc(1, sizeof(*ts));

    if (!ts)
        return hd_fail_errno(err, HD_E_FAILED, "open libxl");
    ts->logger.vmessage = on_message;
    ts->logger.destroy = on_destroy;
    if (libxl_ctx_alloc(&ts->ctx, LIBXL_VERSION, 0, &ts->logger))
        return hd_fail(err, HD_E_NO_XEN, "libxl finds no xen: %s", ts->why);
    *ret = hd_steal(&ts);
    return 0;
}

void hd_toolstack_free(struct hd_toolstack *ts)
{
    if (!ts)
        return;
    libxl_ctx_free(ts->ctx);
    if (ts->building)
        libxl_domain_config_dispose(&ts->config);
    free(ts);
}

/* 1: libxl is done, `*ret_rc` says how; 0: not yet. */
static int take_outcome(struct hd_toolstack *ts, bool wait, int *ret_rc)
{
    libxl_event *event;
    const uint64_t mask = 1ull << LIBXL_EVENT_TYPE_OPERATION_COMPLETE;
    int rc = wait ? libxl_event_wait(ts->ctx, &event, mask, NULL, NULL)
                  : libxl_event_check(ts->ctx, &event, mask, NULL, NULL);

    if (rc == ERROR_NOT_READY)
        return 0;
    *ret_rc = rc ? rc : event->u.operation_complete.rc;
    if (!rc)
        libxl_event_free(ts->ctx, event);
    ts->building = false;
    libxl_domain_config_dispose(&ts->config);
    return 1;
}

static const libxl_asyncop_how by_event = {0};

/* libxl builds at once, and then waits for xenconsoled, which nobody else need
 * do.  Where something went wrong its end is waited for. */
static int begin_build(struct hd_toolstack *ts, uint32_t *domid)
{
    int rc =
        libxl_domain_create_new(ts->ctx, &ts->config, domid, &by_event, NULL);

    if (rc) {
        libxl_domain_config_dispose(&ts->config);
        return rc;
    }
    ts->building = true;
    (void)take_outcome(ts, ts->why[0], &rc);
    return rc;
}

int hd_domain_build(struct hd_toolstack *ts, const struct hd_step_domain *step,
                    const char *cmdline, int kernel, int ramdisk,
                    struct hd_err *err)
{
    int rc;

    if (step->width && hd_display_prepare(err))
        return -1;
    ts->domid = UINT32_MAX; /* libxl: choose one */
    libxl_domain_config_init(&ts->config);
    rc = fill(hd_toolstack_begin(ts), &ts->config, step, cmdline, kernel,
              ramdisk);
    if (rc)
        libxl_domain_config_dispose(&ts->config);
    else
        rc = begin_build(ts, &ts->domid);
    return hd_toolstack_check(ts, rc, "build", step->name, err);
}

/* libxl_create.c, libxl__domain_make: the last node of its one transaction. */
int hd_domain_is_made(struct hd_hypervisor *hv, struct hd_xs *xs,
                      const struct hd_uuid *uuid, uint32_t *ret_domid,
                      struct hd_err *err)
{
    struct hd_domain_status status;
    char path[32], type[8];
    int there;

    if (hd_domain_find(hv, uuid, &status, err))
        return -1;
    if (status.state != HD_DOMAIN_PAUSED)
        return 0;
    snprintf(path, sizeof(path), "/libxl/%u/type", status.domid);
    there = hd_xs_read(xs, path, type, sizeof(type), err);
    if (there > 0)
        *ret_domid = status.domid;
    return there;
}

/*
 * libxl gives xenconsoled 10 s for the console's tty, and then destroys a guest
 * that runs: dozens that start at once on a busy host are told apart by luck.
 * What is aborted is kept, with libxl's record of it (libxl_create.c,
 * domcreate_complete); the tty comes when xenconsoled gets to it.  Only where
 * libxl still attaches something itself its end is waited for.
 */
static int finish_build(struct hd_toolstack *ts)
{
    bool attaches = ts->config.num_vfbs || ts->config.num_pcidevs;
    int rc;

    if (!attaches)
        (void)libxl_ao_abort(ts->ctx, &by_event);
    (void)take_outcome(ts, true, &rc);
    return !attaches && rc == ERROR_ABORTED ? 0 : rc;
}

int hd_domain_settle(struct hd_toolstack *ts, uint32_t domid,
                     const struct hd_step *steps, uint32_t n,
                     struct hd_err *err)
{
    int rc = ts->building ? finish_build(ts) : 0;

    if (!rc && n)
        return hd_domain_record(ts, domid, steps, n, err);
    return hd_toolstack_check_id(ts, rc, "settle", domid, err);
}

int hd_domain_dump(struct hd_toolstack *ts, uint32_t domid, int fd,
                   struct hd_err *err)
{
    hd_autofree char *path = fd_path(fd);
    int rc;

    if (!path)
        return hd_fail_errno(err, HD_E_FAILED, "dump domain %u", domid);
    rc = libxl_domain_core_dump(hd_toolstack_begin(ts), domid, path, NULL);
    return hd_toolstack_check_id(ts, rc, "dump", domid, err);
}

int hd_domain_destroy(struct hd_toolstack *ts, uint32_t domid,
                      struct hd_err *err)
{
    int rc = libxl_domain_destroy(hd_toolstack_begin(ts), domid, NULL);

    return hd_toolstack_check_id(ts, rc, "destroy", domid, err);
}
