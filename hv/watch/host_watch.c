/* SPDX-License-Identifier: MIT */
/* Tells of devices that come to the host and go.  Messages of the kernel and of
 * udev are only bells: what changed is seen by looking, so that none that is
 * lost or odd matters, and a flood costs few looks. */
#include "host_watch.h"

#include <libudev.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/net/links.h"
#include "../host/changes.h"
#include "listen.h"

/* From the first bell to the look; each further look within QUIET_MS waits
 * twice as long as the one before, so that a flapping interface does not push
 * what happened to stores out of the kept events. */
#define LOOK_MS  300
#define QUIET_MS 10000

/* While a job runs a look waits, so many times LOOK_MS: it would hold up both
 * the job and what it reports, and the job's own devices ring most. */
#define MOST_WAITS 30

struct watch {
    struct hd_daemon *daemon;
    struct udev *udev;
    struct udev_monitor *monitor;
    int netlink;
    uv_poll_t on_udev, on_links;
    uv_timer_t timer;
    uint64_t wait_ms, looked_ms;
    unsigned waits;
    struct hd_changes *changes;
};

static void on_change(void *ctx, const char *what)
{
    struct hd_daemon *d = ctx;

    hd_log(HD_LOG_DEBUG, "%s", what);
    hd_events_add_host(d->events, what);
}

static bool any_job(const struct hd_daemon *d)
{
    for (const struct hd_store *s = d->stores.first; s; s = s->next)
        if (s->task)
            return true;
    return false;
}

static void on_timer(uv_timer_t *timer)
{
    struct watch *w = timer->data;
    struct hd_err err;

    if (any_job(w->daemon) && w->waits++ < MOST_WAITS) {
        uv_timer_start(&w->timer, on_timer, LOOK_MS, 0);
        return;
    }
    w->waits = 0;
    if (hd_changes_look(w->changes, on_change, w->daemon, &err))
        hd_log(HD_LOG_WARNING, "%s", err.msg);
    w->looked_ms = hd_io_now_ms();
}

static void ring(struct watch *w)
{
    if (uv_is_active((uv_handle_t *)&w->timer))
        return;
    if (hd_io_now_ms() - w->looked_ms > QUIET_MS)
        w->wait_ms = LOOK_MS;
    else if (w->wait_ms < QUIET_MS / 2)
        w->wait_ms *= 2;
    uv_timer_start(&w->timer, on_timer, w->wait_ms, 0);
}

static void on_udev(uv_poll_t *poll, int status, int events)
{
    struct watch *w = poll->data;

    (void)events;
    hd_io_drain(udev_monitor_get_fd(w->monitor));
    hd_listen_on(poll, status, on_udev);
    ring(w);
}

static void on_links(uv_poll_t *poll, int status, int events)
{
    struct watch *w = poll->data;

    (void)events;
    hd_io_drain(w->netlink);
    hd_listen_on(poll, status, on_links);
    ring(w);
}

static int subscribe(struct watch *w, struct hd_err *err)
{
    w->udev = udev_new();
    if (w->udev)
        w->monitor = udev_monitor_new_from_netlink(w->udev, "udev");
    if (!w->monitor ||
        udev_monitor_filter_add_match_subsystem_devtype(w->monitor, "block",
                                                        "disk") < 0 ||
        udev_monitor_filter_add_match_subsystem_devtype(w->monitor, "usb",
                                                        "usb_device") < 0 ||
        udev_monitor_enable_receiving(w->monitor) < 0)
        return hd_fail_errno(err, HD_E_FAILED, "cannot listen to udev");
    return hd_links_subscribe(&w->netlink, err);
}

static void watch_free(struct watch *w)
{
    udev_monitor_unref(w->monitor);
    udev_unref(w->udev);
    if (w->netlink >= 0)
        close(w->netlink);
    free(w);
}
HD_DEFINE_AUTO(watch)

int hd_host_watch_start(struct hd_daemon *d, struct hd_err *err)
{
    hd_auto(watch) w = calloc(1, sizeof(*w));

    if (!w)
        return hd_fail_errno(err, HD_E_FAILED, "watch the host");
    w->daemon = d;
    w->netlink = -1;
    w->wait_ms = LOOK_MS;
    /* First the bells, so that nothing falls between them and the look. */
    if (subscribe(w, err) || hd_changes_new(&w->changes, err))
        return -1;
    w->on_udev.data = w->on_links.data = w->timer.data = w;
    uv_timer_init(d->loop, &w->timer);
    uv_poll_init(d->loop, &w->on_udev, udev_monitor_get_fd(w->monitor));
    uv_poll_start(&w->on_udev, UV_READABLE, on_udev);
    uv_poll_init(d->loop, &w->on_links, w->netlink);
    uv_poll_start(&w->on_links, UV_READABLE, on_links);
    (void)hd_steal(&w); /* the loop has it */
    return 0;
}
