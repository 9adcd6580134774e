/* SPDX-License-Identifier: MIT */
/* What udev tells of stores' volumes: blocks that dm-verity refused to give,
 * and volumes of which dm-multipath holds something back. */
#include <errno.h>
#include <libudev.h>
#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/mem.h"
#include "../daemon/life.h"
#include "held.h"
#include "listen.h"

#define TAG       "hotdom-volume"          /* 54-hotdom.rules */
#define BAD_BLOCK "DM_VERITY_ERR_BLOCK_NR" /* dm-verity-target.c */
#define ACTION    "DM_ACTION"              /* dm-uevent.c */

/* A socket of its own: of a disk that was missed a list tells later, of a bad
 * block nothing does. */
struct watch {
    struct hd_daemon *daemon;
    struct udev_monitor *udev;
    uv_poll_t poll;
};

static void on_bad_block(struct hd_daemon *d, struct udev_device *dev,
                         const char *bad, const char *name)
{
    struct hd_bad_block block;
    struct hd_err err;

    if (hd_corrupt_parse(bad, &block, &err))
        hd_log(HD_LOG_WARNING, "%s: %s=%.40s is not understood",
               udev_device_get_sysname(dev), BAD_BLOCK, bad);
    else
        hd_corrupt_told(d, name, &block);
}

static void on_volume(struct hd_daemon *d, struct udev_device *dev)
{
    const char *bad = udev_device_get_property_value(dev, BAD_BLOCK);
    const char *action = udev_device_get_property_value(dev, ACTION);
    const char *name = udev_device_get_property_value(dev, "DM_NAME");

    if (!name)
        name = udev_device_get_sysattr_value(dev, "dm/name");
    if (!name)
        return;
    if (bad)
        on_bad_block(d, dev, bad, name);
    if (action && !strcmp(action, "PATH_FAILED"))
        hd_held_watch(d, name);
}

static void on_event(uv_poll_t *poll, int status, int events)
{
    struct watch *w = poll->data;
    struct udev_device *dev = udev_monitor_receive_device(w->udev);

    (void)events;
    /* Said once; those that came before are still there to be read. */
    if (!dev && errno == ENOBUFS) {
        hd_log(HD_LOG_WARNING, "udev's events of volumes came too fast; bad "
                               "blocks may be among those that are lost");
        hd_held_watch_all(w->daemon);
    }
    hd_listen_on(poll, status, on_event);
    if (!dev)
        return;
    on_volume(w->daemon, dev);
    udev_device_unref(dev);
}

int hd_volumes_listen(struct hd_daemon *d, struct hd_err *err)
{
    hd_autofree struct watch *w = calloc(1, sizeof(*w));

    if (!w)
        return hd_fail_errno(err, HD_E_FAILED, "listen to volumes");
    w->daemon = d;
    w->udev = hd_listen_disks("udev", TAG, err);
    if (!w->udev)
        return -1;
    w->poll.data = w;
    uv_poll_init(d->loop, &w->poll, udev_monitor_get_fd(w->udev));
    uv_poll_start(&w->poll, UV_READABLE, on_event);
    (void)hd_steal(&w); /* the loop has it */
    return 0;
}
