/* SPDX-License-Identifier: MIT */
/* Ends domains, several side by side; never decides which, and never waits
 * until they are gone. */
#include "domain_end.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/console/console.h"
#include "../../pv-drivers/fs9p/fs9p.h"
#include "attach.h"
#include "../domain/sweep.h"

struct ending {
    struct hd_domain_status domain;
    bool rested; /* see hd_domain_rests */
    bool others; /* it has devices of libxl's */
    bool beside; /* `thread` runs */
    pthread_t thread;
    int rc;
    struct hd_err err;
};

static bool is_ours(const char *class)
{
    static const char *const ours[] = {"console", HD_CONSOLE_CLASS,
                                       HD_FS9P_CLASS, "vbd", "vif"};
    bool found = false;

    for (size_t i = 0; i < HD_ARRAY_LEN(ours); i++)
        found |= !strcmp(class, ours[i]);
    return found;
}

static bool has_any(struct hd_context *ctx,
                    const struct hd_domain_classes *classes, uint32_t domid)
{
    char path[96], value[8];

    for (size_t i = 0; i < classes->n; i++) {
        snprintf(path, sizeof(path), "/local/domain/0/backend/%.32s/%u",
                 classes->names[i], domid);
        if (!is_ours(classes->names[i]) &&
            hd_xs_read(ctx->xs, path, value, sizeof(value), NULL) != 0)
            return true;
    }
    return false;
}

/* What libxl itself has attached, libxl must detach: a display's QEMU, a PCI
 * device.  Its own record does not have the latter, the backends do.  Without
 * `classes` nobody knows. */
static void find_others(struct hd_context *ctx, struct ending *endings,
                        size_t n, const struct hd_domain_classes *classes)
{
    for (size_t i = 0; i < n; i++)
        endings[i].others =
            !classes || has_any(ctx, classes, endings[i].domain.domid);
}

static void end_with_others(struct hd_context *ctx, struct ending *e,
                            const struct hd_domain_classes *classes)
{
    hd_attach_close(ctx, e->domain.domid);
    e->rc = hd_domain_destroy(ctx->ts, e->domain.domid, &e->err) ||
            hd_domain_sweep(ctx->xs, &e->domain, 1, classes, &e->err);
}

/* libxc's handle is for one thread. */
static void *kill_beside(void *arg)
{
    struct ending *e = arg;
    hd_auto(hd_hypervisor) hv = NULL;

    e->rc = hd_hypervisor_open(&hv, &e->err) ||
            hd_domain_kill(hv, e->domain.domid, &e->err);
    return NULL;
}

/* Xen frees a domain's memory within the call, for seconds if it has much. */
static void kill_all(struct hd_context *ctx, struct ending *endings, size_t n)
{
    for (size_t i = 1; i < n; i++)
        endings[i].beside =
            !pthread_create(&endings[i].thread, NULL, kill_beside, &endings[i]);
    for (size_t i = 0; i < n; i++)
        if (!endings[i].beside)
            endings[i].rc = hd_domain_kill(ctx->hv, endings[i].domain.domid,
                                           &endings[i].err);
    for (size_t i = 1; i < n; i++)
        if (endings[i].beside)
            pthread_join(endings[i].thread, NULL);
}

/* As libxl does it: first the nodes, and with them the backends, whose grants a
 * dying domain waits for, then the domain, whatever became of the nodes. */
static void end_ours(struct hd_context *ctx, struct ending *endings, size_t n,
                     const struct hd_domain_classes *classes)
{
    struct hd_domain_status domains[HD_MAX_GUESTS];
    struct hd_err err;
    int swept;

    for (size_t i = 0; i < n; i++)
        domains[i] = endings[i].domain;
    swept = n ? hd_domain_sweep(ctx->xs, domains, n, classes, &err) : 0;
    kill_all(ctx, endings, n);
    for (size_t i = 0; swept && i < n; i++) {
        endings[i].rc = -1;
        endings[i].err = err;
    }
}

static void note(struct hd_context *ctx, const struct ending *e)
{
    if (ctx->n_ended < HD_ARRAY_LEN(ctx->ended))
        ctx->ended[ctx->n_ended++] =
            (struct hd_ended){e->domain.domid, e->rested};
}

/* Those first that libxl has no part in; gives their number. */
static size_t sort(struct ending *endings, size_t n)
{
    size_t ours = 0;

    for (size_t i = 0; i < n; i++) {
        struct ending e = endings[i];

        if (e.others)
            continue;
        endings[i] = endings[ours];
        endings[ours++] = e;
    }
    return ours;
}

/* What is paused gets no backend of another class any more. */
static void end_all(struct hd_context *ctx, struct ending *endings, size_t n)
{
    struct hd_domain_classes listed = {0};
    const struct hd_domain_classes *classes =
        hd_domain_classes_list(ctx->xs, &listed, NULL) ? NULL : &listed;
    size_t ours;

    find_others(ctx, endings, n, classes);
    ours = sort(endings, n);
    end_ours(ctx, endings, ours, classes);
    for (size_t i = ours; i < n; i++)
        end_with_others(ctx, &endings[i], classes);
    hd_domain_classes_fini(&listed);
}

int hd_domain_end(struct hd_context *ctx,
                  const struct hd_domain_status *domains, size_t n,
                  struct hd_err *err)
{
    struct ending endings[HD_MAX_GUESTS] = {0};
    const struct ending *bad = NULL;

    for (size_t i = 0; i < n; i++) {
        (void)hd_domain_pause(ctx->hv, domains[i].domid, NULL);
        endings[i].domain = domains[i];
        endings[i].rested =
            hd_domain_rests(ctx->xs, HD_BACKEND_DEVICES, domains[i].domid);
    }
    end_all(ctx, endings, n);
    for (size_t i = 0; i < n; i++)
        if (endings[i].rc)
            bad = bad ? bad : &endings[i];
        else
            note(ctx, &endings[i]);
    if (bad && err)
        *err = bad->err;
    return bad ? -1 : 0;
}

static const struct hd_ended *find(const struct hd_context *ctx, uint32_t domid)
{
    for (size_t i = 0; i < ctx->n_ended; i++)
        if (ctx->ended[i].domid == domid)
            return &ctx->ended[i];
    return NULL;
}

bool hd_domain_end_has_begun(const struct hd_context *ctx, uint32_t domid)
{
    return find(ctx, domid);
}

bool hd_domain_end_has_rested(const struct hd_context *ctx, uint32_t domid)
{
    const struct hd_ended *ended = find(ctx, domid);

    return ended && ended->rested;
}
