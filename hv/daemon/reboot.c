/* SPDX-License-Identifier: MIT */
/* Asks a guest's kernel for something, through xenstore; never in the loop, and
 * does not wait for the guest. */
#include "reboot.h"

#include <stdlib.h>

#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/mem.h"
#include "../domain/shutdown.h"

struct ask {
    uv_work_t work;
    uint32_t domid;
    int rc;
    struct hd_err err;
};

/* In a thread, with a connection of its own. */
static void on_work(uv_work_t *work)
{
    struct ask *ask = work->data;
    hd_auto(hd_xs) xs = NULL;

    ask->rc = hd_xs_open(&xs, &ask->err);
    if (ask->rc)
        return;
    ask->rc = hd_shutdown_order(xs, ask->domid, "reboot", &ask->err);
    if (!ask->rc)
        hd_fail(&ask->err, HD_E_NO_GUEST, "it is not there any more");
}

static void on_done(uv_work_t *work, int status)
{
    struct ask *ask = work->data;

    if (status || ask->rc <= 0)
        hd_log(HD_LOG_WARNING, "domain %u was not asked to reboot: %s",
               ask->domid, status ? uv_strerror(status) : ask->err.msg);
    free(ask);
}

int hd_reboot_ask(uv_loop_t *loop, uint32_t domid, struct hd_err *err)
{
    hd_autofree struct ask *ask = calloc(1, sizeof(*ask));
    int rc;

    if (!ask)
        return hd_fail_errno(err, HD_E_FAILED, "ask domain %u", domid);
    ask->work.data = ask;
    ask->domid = domid;
    rc = uv_queue_work(loop, &ask->work, on_work, on_done);
    if (rc)
        return hd_fail(err, HD_E_FAILED, "ask domain %u: %s", domid,
                       uv_strerror(rc));
    (void)hd_steal(&ask);
    return 0;
}
