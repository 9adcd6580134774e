/* SPDX-License-Identifier: MIT */
/* Builds a domain beside what else its guest needs: libxl copies the kernel for
 * most of a start, and waits for nothing then; never uses it from two threads.
 */
#include "build.h"

#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "context.h"

#define LOOK_MS 50 /* a build that fails early touches no node */

static void *build(void *arg)
{
    struct hd_build *b = arg;

    b->rc = hd_domain_build(b->ts, b->step, b->kernel, b->ramdisk, &b->err);
    atomic_store(&b->over, true);
    return NULL;
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

int hd_build_begin(struct hd_context *ctx, const struct hd_step_domain *step,
                   int kernel, int ramdisk, uint32_t *ret_domid,
                   struct hd_err *err)
{
    char id[HD_UUID_SIZE], vm[HD_UUID_SIZE + 8];
    struct hd_err ended;
    int rc;

    ctx->build = (struct hd_build){
        .ts = ctx->ts, .step = step, .kernel = kernel, .ramdisk = ramdisk};
    hd_uuid_format(&step->uuid, id);
    snprintf(vm, sizeof(vm), "/vm/%s", id);
    if (hd_xs_watch(ctx->xs, vm, "made", err))
        return -1;
    hd_context_leave(ctx);
    rc = start(&ctx->build, err) || await_made(ctx, ret_domid, err) ? -1 : 0;
    hd_context_enter(ctx);
    hd_xs_unwatch(ctx->xs, vm, "made");
    /* What libxl says is the cause. */
    if (rc && hd_build_end(ctx, &ended) && err)
        *err = ended;
    return rc;
}

int hd_build_end(struct hd_context *ctx, struct hd_err *err)
{
    struct hd_build *b = &ctx->build;

    if (!b->begun)
        return 0;
    hd_context_leave(ctx);
    pthread_join(b->thread, NULL);
    hd_context_enter(ctx);
    b->begun = false;
    if (b->rc && err)
        *err = b->err;
    return b->rc;
}
