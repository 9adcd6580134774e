/* SPDX-License-Identifier: MIT */
/* Builds a domain beside what else its guest needs: libxl copies the kernel for
 * most of a start, and waits for nothing then; never uses it from two threads.
 */
#include "build.h"

#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "context.h"
#include "image.h"

#define LOOK_MS 50 /* a build that fails early touches no node */

/* Of this thread, if it is one's. */
static _Thread_local struct hd_build *building;

static void *build(void *arg)
{
    struct hd_build *b = arg;

    building = b;
    b->rc = hd_domain_build(b->ts, b->step, b->cmdline, b->kernel, b->ramdisk,
                            &b->err);
    atomic_store(&b->over, true);
    return NULL;
}

bool hd_build_beside(void *(*work)(void *arg), void *arg)
{
    struct hd_build *b = building;

    if (!b || b->has_beside)
        return false;
    b->has_beside = !pthread_create(&b->beside, NULL, work, arg);
    return b->has_beside;
}

/* Until it is made; a build that is over has made it or never will. */
static int await_made(struct hd_context *ctx, uint32_t *ret_domid,
                      struct hd_err *err)
{
    const struct hd_build *b = &ctx->build;

    for (;;) {
        bool over = atomic_load(&b->over);
        int made =
            hd_domain_is_made(ctx->hv, ctx->xs, &b->step->uuid, ret_domid, err);

        if (made)
            return made < 0 ? -1 : 0;
        if (over)
            return hd_fail(err, HD_E_FAILED, "libxl made no domain %s",
                           b->step->name);
        if (!hd_io_left_ms(ctx->req->deadline_ms))
            return hd_fail(err, HD_E_TIMEOUT, "libxl does not make domain %s",
                           b->step->name);
        if (hd_xs_wait(ctx->xs, hd_io_within_ms(LOOK_MS, ctx->req->deadline_ms),
                       err))
            return -1;
    }
}

static int start(struct hd_build *b, struct hd_err *err)
{
    int sys = pthread_create(&b->thread, NULL, build, b);

    if (!sys) {
        b->begun = true;
        return 0;
    }
    errno = sys;
    return hd_fail_errno(err, HD_E_FAILED, "build domain %s", b->step->name);
}

/* Of the node by which await_made is woken. */
static void made_path(const struct hd_build *b, char ret[HD_UUID_SIZE + 8])
{
    char id[HD_UUID_SIZE];

    hd_uuid_format(&b->step->uuid, id);
    snprintf(ret, HD_UUID_SIZE + 8, "/vm/%s", id);
}

static void wait_no_more(struct hd_context *ctx)
{
    char path[HD_UUID_SIZE + 8];

    made_path(&ctx->build, path);
    hd_xs_unwatch(ctx->xs, path, "made");
    ctx->build.made = true;
}

int hd_build_begin(struct hd_context *ctx, const struct hd_step *step,
                   int kernel, int ramdisk, uint32_t seq, struct hd_err *err)
{
    char path[HD_UUID_SIZE + 8];

    ctx->build = (struct hd_build){.ts = ctx->ts,
                                   .step = &step->u.domain,
                                   .cmdline = hd_plan_cmdline(ctx->plan, step),
                                   .kernel = kernel,
                                   .ramdisk = ramdisk,
                                   .seq = seq};
    made_path(&ctx->build, path);
    if (hd_xs_watch(ctx->xs, path, "made", err))
        return -1;
    hd_image_prepare(kernel);
    if (ramdisk >= 0)
        hd_image_prepare(ramdisk);
    if (!start(&ctx->build, err))
        return 0;
    wait_no_more(ctx);
    return -1;
}

/* The ledger knows it from now on by its domid, too. */
static int take_made(struct hd_context *ctx, struct hd_err *err)
{
    uint32_t domid;
    int rc;

    hd_context_leave(ctx);
    rc = await_made(ctx, &domid, err);
    hd_context_enter(ctx);
    wait_no_more(ctx);
    return rc || hd_ledger_set_domid(ctx->ledger, ctx->build.seq, domid, err)
               ? -1
               : 0;
}

int hd_build_domain(struct hd_context *ctx, const char *guest,
                    const struct hd_effect **ret, struct hd_err *err)
{
    struct hd_err ended;

    if (ctx->build.begun && !ctx->build.made && take_made(ctx, err)) {
        /* What libxl says is the cause. */
        if (hd_build_end(ctx, &ended) && err)
            *err = ended;
        return -1;
    }
    *ret = hd_context_domain(ctx, guest);
    if (*ret && (*ret)->domid >= 0)
        return 0;
    return hd_fail(err, HD_E_FAILED, "guest %s has no domain yet", guest);
}

int hd_build_end(struct hd_context *ctx, struct hd_err *err)
{
    struct hd_build *b = &ctx->build;

    if (!b->begun)
        return 0;
    hd_context_leave(ctx);
    pthread_join(b->thread, NULL);
    if (b->has_beside)
        pthread_join(b->beside, NULL);
    hd_context_enter(ctx);
    if (!b->made && b->rc)
        wait_no_more(ctx);
    else if (!b->made)
        b->rc = take_made(ctx, &b->err);
    b->begun = false;
    if (b->rc && err)
        *err = b->err;
    return b->rc;
}
