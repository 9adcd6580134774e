/* SPDX-License-Identifier: MIT */
/* Keeps one hotdom-job ahead of need; never gives one a request. */
#include "spare.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/paths.h"
#include "../run/job.h"
#include "child.h"

/* Longer than a start takes, so that the next job does not get in its way. */
#define LATER_MS 4000

struct hd_spare {
    uv_loop_t *loop;
    uv_timer_t later;
    struct hd_child *child; /* NULL: none waits */
    int sock;
};

/* It waited in vain; the next one is started when it is needed. */
static void on_ended(void *ctx, int status, bool timed_out)
{
    struct hd_spare *spare = ctx;
    char how[64];

    (void)timed_out;
    hd_child_describe(status, how, sizeof(how));
    hd_log(HD_LOG_WARNING, "a waiting hotdom-job %s", how);
    close(spare->sock);
    spare->child = NULL;
}

/* Messages keep their bounds, and a job's reports wait when we are slow. */
static int start(struct hd_spare *spare, struct hd_err *err)
{
    struct hd_child_spec spec = {.path = HD_JOB, .n_fds = 1};
    hd_autofd int ours = -1;
    hd_autofd int theirs = -1;
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
        return hd_fail_errno(err, HD_E_FAILED, "cannot start a job");
    ours = pair[0];
    theirs = pair[1];
    fcntl(ours, F_SETFL, O_NONBLOCK);
    spec.fds[HD_JOB_SOCK - 3] = theirs;
    if (hd_child_start(spare->loop, &spec, on_ended, spare, &spare->child, err))
        return -1;
    spare->sock = hd_steal_fd(&ours);
    return 0;
}

static void on_later(uv_timer_t *timer)
{
    struct hd_spare *spare = timer->data;
    struct hd_err err;

    if (!spare->child && start(spare, &err))
        hd_log(HD_LOG_WARNING, "no job waits: %s", err.msg);
}

struct hd_spare *hd_spare_new(uv_loop_t *loop)
{
    struct hd_spare *spare = calloc(1, sizeof(*spare));

    if (!spare)
        return NULL;
    spare->loop = loop;
    spare->later.data = spare;
    uv_timer_init(loop, &spare->later);
    uv_timer_start(&spare->later, on_later, LATER_MS, 0);
    return spare;
}

uv_loop_t *hd_spare_loop(struct hd_spare *spare)
{
    return spare->loop;
}

int hd_spare_take(struct hd_spare *spare, struct hd_child **ret, int *ret_sock,
                  struct hd_err *err)
{
    if (!spare->child && start(spare, err))
        return -1;
    *ret = hd_steal(&spare->child);
    *ret_sock = spare->sock;
    uv_timer_start(&spare->later, on_later, LATER_MS, 0);
    return 0;
}

void hd_spare_stop(struct hd_spare *spare)
{
    uv_timer_stop(&spare->later);
    if (!spare->child)
        return;
    hd_child_abandon(hd_steal(&spare->child));
    close(spare->sock);
}
