/* SPDX-License-Identifier: MIT */
/* Lets go of files that were stores; the loop never waits for a disk. */
#include "file.h"

#include <stdlib.h>

#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/mem.h"
#include "../host/loop.h"

struct release {
    uv_work_t work;
    struct hd_loop loop;
    struct hd_conn *waiter; /* NULL: nobody waits any more */
    struct hd_err err;
};

static void on_work(uv_work_t *work)
{
    struct release *r = work->data;

    (void)hd_loop_free(&r->loop, &r->err);
}

static void on_done(uv_work_t *work, int status)
{
    struct release *r = work->data;

    (void)status;
    if (r->err.code)
        hd_log(HD_LOG_WARNING, "%s; losetup -d /dev/%s", r->err.msg,
               r->loop.name);
    hd_control_finish(&r->waiter, r->err.code ? &r->err : NULL, NULL);
    free(r);
}

static struct release *release_new(const struct hd_device *disk,
                                   struct hd_conn *waiter)
{
    struct release *r = calloc(1, sizeof(*r));

    if (!r)
        return NULL;
    snprintf(r->loop.name, sizeof(r->loop.name), "%.*s", HD_LOOP_NAME - 1,
             disk->name);
    r->loop.diskseq = disk->diskseq;
    if (waiter)
        hd_conn_hold(waiter, &r->waiter);
    r->work.data = r;
    return r;
}

void hd_file_release(uv_loop_t *loop, const struct hd_device *disk,
                     struct hd_conn *waiter)
{
    struct release *r = release_new(disk, waiter);
    struct hd_err err = {0};

    if (r && !uv_queue_work(loop, &r->work, on_work, on_done))
        return;
    hd_fail(&err, HD_E_FAILED, "cannot let go of the file of %s", disk->name);
    hd_control_finish(r ? &r->waiter : &waiter, &err, NULL);
    free(r);
}
