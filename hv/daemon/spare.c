/* SPDX-License-Identifier: MIT */
/* Keeps some hotdom-jobs ahead of need; never gives one a request. */
#include "spare.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/paths.h"
#include "../run/job.h"
#include "child.h"

/* Who gives a guest a disk often gives it another thing at once. */
#define MOST 2

/* Longer than a start takes, so that the next job does not get in its way, nor
 * in that of the guest that boots then; and when another has ended. */
#define LATER_MS 8000
#define SOON_MS  300

struct waiting {
    struct hd_spare *spare;
    struct hd_child *child; /* NULL: none waits here */
    int sock;
};

struct hd_spare {
    uv_loop_t *loop;
    uv_timer_t later;
    struct waiting waiting[MOST];
};

/* It waited in vain; the next one is started when it is needed. */
static void on_ended(void *ctx, int status, bool timed_out)
{
    struct waiting *w = ctx;
    char how[64];

    (void)timed_out;
    hd_child_describe(status, how, sizeof(how));
    hd_log(HD_LOG_WARNING, "a waiting hotdom-job %s", how);
    close(w->sock);
    w->child = NULL;
}

/* Messages keep their bounds, and a job's reports wait when we are slow. */
static int start(struct waiting *w, struct hd_err *err)
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
    if (hd_child_start(w->spare->loop, &spec, on_ended, w, &w->child, err))
        return -1;
    w->sock = hd_steal_fd(&ours);
    return 0;
}

static struct waiting *find(struct hd_spare *spare, bool there)
{
    for (size_t i = 0; i < MOST; i++)
        if (!spare->waiting[i].child != there)
            return &spare->waiting[i];
    return NULL;
}

static void on_later(uv_timer_t *timer);

/* What is due sooner stays so: orders that come one after the other would put
 * it off for ever, and each of them would wait for its job. */
static void arm(struct hd_spare *spare, uint64_t ms)
{
    uv_timer_t *timer = &spare->later;

    if (!uv_is_active((uv_handle_t *)timer) || uv_timer_get_due_in(timer) > ms)
        uv_timer_start(timer, on_later, ms, 0);
}

/* One at a time. */
static void on_later(uv_timer_t *timer)
{
    struct hd_spare *spare = timer->data;
    struct waiting *w = find(spare, false);
    struct hd_err err;

    if (w && start(w, &err))
        hd_log(HD_LOG_WARNING, "no job waits: %s", err.msg);
    else if (find(spare, false))
        arm(spare, SOON_MS);
}

struct hd_spare *hd_spare_new(uv_loop_t *loop)
{
    struct hd_spare *spare = calloc(1, sizeof(*spare));

    if (!spare)
        return NULL;
    spare->loop = loop;
    for (size_t i = 0; i < MOST; i++)
        spare->waiting[i].spare = spare;
    spare->later.data = spare;
    uv_timer_init(loop, &spare->later);
    arm(spare, LATER_MS);
    return spare;
}

uv_loop_t *hd_spare_loop(struct hd_spare *spare)
{
    return spare->loop;
}

/* None waits: one is started for it, and waits no longer than it takes. */
int hd_spare_take(struct hd_spare *spare, struct hd_child **ret, int *ret_sock,
                  struct hd_err *err)
{
    struct waiting *w = find(spare, true);

    if (!w) {
        w = find(spare, false);
        if (start(w, err))
            return -1;
    }
    *ret = hd_steal(&w->child);
    *ret_sock = w->sock;
    arm(spare, LATER_MS);
    return 0;
}

void hd_spare_refill(struct hd_spare *spare)
{
    if (find(spare, false))
        arm(spare, SOON_MS);
}

void hd_spare_stop(struct hd_spare *spare)
{
    struct waiting *w;

    uv_timer_stop(&spare->later);
    while ((w = find(spare, true))) {
        hd_child_abandon(hd_steal(&w->child));
        close(w->sock);
    }
}
