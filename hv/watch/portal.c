/* SPDX-License-Identifier: MIT */
/* Watches the sessions of LUNs that stores are on; a disk that has been silent
 * for too long is removed, and then it is as any that was pulled. */
#include "portal.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/log.h"
#include "../daemon/life.h"
#include "../host/lun.h"
#include "listen.h"

#define GROUP 1 /* ISCSI_NL_GRP_ISCSID of linux/iscsi_if.h */

struct hd_portal {
    struct hd_daemon *daemon;
    uv_poll_t poll;
    uv_timer_t timer;
    int sock, sys; /* -1: not yet */
};

/* ---- one that is lost */

struct removal {
    uv_work_t work;
    int sys; /* the portal's, which lives as long as the process */
    struct hd_device device;
    struct hd_err err;
};

static void on_work(uv_work_t *work)
{
    struct removal *r = work->data;

    (void)hd_lun_remove(r->sys, r->device.name, r->device.diskseq, &r->err);
}

static void on_done(uv_work_t *work, int status)
{
    struct removal *r = work->data;

    if (!status && r->err.code)
        hd_log(HD_LOG_ERROR, "%s", r->err.msg);
    free(r);
}

/* Its removal is an event of the kernel's, which the monitor hears. */
static void pull(struct hd_portal *p, const struct hd_store *store)
{
    hd_autofree struct removal *r = calloc(1, sizeof(*r));

    hd_log(HD_LOG_WARNING,
           "%s: the portal of %s does not answer; its disk is removed, and "
           "`iscsiadm -m session --rescan` brings it back when it does",
           hd_store_title(store), store->device.name);
    if (!r)
        return;
    r->sys = p->sys;
    r->device = store->device;
    r->work.data = r;
    if (!uv_queue_work(p->daemon->loop, &r->work, on_work, on_done))
        (void)hd_steal(&r);
}

/* ---- looking */

bool hd_portal_is_lost(uint64_t *since_ms, bool silent, uint64_t now_ms)
{
    if (!silent)
        *since_ms = 0;
    else if (!*since_ms)
        *since_ms = now_ms;
    return silent && now_ms - *since_ms >= HD_LIMIT_SILENT;
}

/* Whether it is silent. */
static bool look_at(struct hd_portal *p, struct hd_store *store)
{
    const char *disk = store->device.name;
    bool silent = store->present && hd_lun_is_one(p->sys, disk) &&
                  hd_lun_state(p->sys, disk) == HD_LUN_SILENT;

    if (hd_portal_is_lost(&store->silent_ms, silent, hd_io_now_ms())) {
        store->silent_ms = 0;
        pull(p, store);
    }
    return silent;
}

static void on_time(uv_timer_t *timer)
{
    struct hd_portal *p = timer->data;
    bool any = false;

    for (struct hd_store *s = p->daemon->stores.first; s; s = s->next)
        any |= look_at(p, s);
    if (!any)
        uv_timer_stop(timer);
}

/* Whatever it was that happened to a session; what is told of it is left
 * unread. */
static void on_session(uv_poll_t *poll, int status, int events)
{
    struct hd_portal *p = poll->data;

    (void)events;
    hd_io_drain(p->sock);
    hd_listen_on(poll, status, on_session);
    uv_timer_start(&p->timer, on_time, HD_LIMIT_LOOK, HD_LIMIT_LOOK);
}

/* ---- listening */

static int open_session_events(void)
{
    struct sockaddr_nl at = {.nl_family = AF_NETLINK, .nl_groups = GROUP};
    hd_autofd int fd = socket(
        AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ISCSI);

    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)))
        return -1;
    return hd_steal_fd(&fd);
}

void hd_portal_appeared(struct hd_portal *p, const char *disk)
{
    if (p->sock >= 0 || !hd_lun_is_one(p->sys, disk))
        return;
    p->sock = open_session_events();
    if (p->sock < 0) {
        hd_log(HD_LOG_ERROR,
               "cannot listen to iSCSI sessions (%m); that the portal of %s "
               "goes silent is not noticed for two minutes",
               disk);
        return;
    }
    uv_poll_init(p->daemon->loop, &p->poll, p->sock);
    uv_poll_start(&p->poll, UV_READABLE, on_session);
    /* It may be silent already. */
    uv_timer_start(&p->timer, on_time, HD_LIMIT_LOOK, HD_LIMIT_LOOK);
}

struct hd_portal *hd_portal_new(struct hd_daemon *daemon)
{
    struct hd_portal *p = calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    p->daemon = daemon;
    p->sock = -1;
    p->sys = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
    p->poll.data = p->timer.data = p;
    uv_timer_init(daemon->loop, &p->timer);
    return p;
}
