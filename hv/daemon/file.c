/* SPDX-License-Identifier: MIT */
/* Lets go of files that were stores; the loop never waits for a disk. */
#include "file.h"

#include <stdlib.h>

#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/mem.h"
#include "../host/loop.h"

struct release {
    uv_work_t work;
    char name[HD_LOOP_NAME];
    struct hd_err err;
};

static void on_work(uv_work_t *work)
{
    struct release *r = work->data;

    (void)hd_loop_free(r->name, &r->err);
}

static void on_done(uv_work_t *work, int status)
{
    struct release *r = work->data;

    if (!status && r->err.code)
        hd_log(HD_LOG_WARNING, "%s; losetup -d /dev/%s", r->err.msg, r->name);
    free(r);
}

void hd_file_release(uv_loop_t *loop, const char *name)
{
    hd_autofree struct release *r = NULL;

    if (!hd_loop_is_ours(name))
        return;
    r = calloc(1, sizeof(*r));
    if (!r)
        return;
    snprintf(r->name, sizeof(r->name), "%.*s", HD_LOOP_NAME - 1, name);
    r->work.data = r;
    if (!uv_queue_work(loop, &r->work, on_work, on_done))
        (void)hd_steal(&r);
}
