/* SPDX-License-Identifier: MIT */
/* Which disks are plugged in, by udev's tag "hotdom"; never opens one. */
#include "monitor.h"

#include <libudev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/log.h"
#include "../../pv-drivers/base/mem.h"
#include "../host/loop.h"
#include "listen.h"

#define TAG       "hotdom" /* 54-hotdom.rules */
#define MAX_DISKS 1024
#define MAX_GONE  64 /* that udev may still have to say something of */

struct hd_monitor {
    struct udev_monitor *netlink, *kernel; /* the latter may be NULL */
    struct udev *udev;                     /* netlink's */
    uv_poll_t poll, kernel_poll;
    uv_timer_t reconcile;
    const struct hd_monitor_ops *ops;
    void *ctx;
    struct hd_device disks[MAX_DISKS];
    size_t n;
    uint64_t gone[MAX_GONE]; /* a ring of diskseqs, none of which comes again */
    size_t next_gone;
};

/* False for what is no disk, or has no diskseq (no medium to tell apart). */
static bool describe(struct udev_device *dev, struct hd_device *ret)
{
    const char *type = udev_device_get_devtype(dev);
    const char *seq = udev_device_get_property_value(dev, "DISKSEQ");
    dev_t num = udev_device_get_devnum(dev);

    if (!seq)
        seq = udev_device_get_sysattr_value(dev, "diskseq");
    if (!seq || !type || strcmp(type, "disk"))
        return false;
    *ret = (struct hd_device){.major = major(num),
                              .minor = minor(num),
                              .diskseq = strtoull(seq, NULL, 10)};
    snprintf(ret->name, sizeof(ret->name), "%s", udev_device_get_sysname(dev));
    return true;
}

static void remove_at(struct hd_monitor *m, size_t i)
{
    struct hd_device gone = m->disks[i];

    m->disks[i] = m->disks[--m->n];
    m->ops->vanished(m->ctx, &gone);
}

static void remove_name(struct hd_monitor *m, const char *name)
{
    for (size_t i = 0; i < m->n; i++)
        if (!strcmp(m->disks[i].name, name)) {
            remove_at(m, i);
            return;
        }
}

static bool has_gone(const struct hd_monitor *m, uint64_t diskseq)
{
    for (size_t i = 0; i < MAX_GONE; i++)
        if (m->gone[i] == diskseq)
            return true;
    return false;
}

static void add(struct hd_monitor *m, const struct hd_device *disk)
{
    const struct hd_device *old = hd_monitor_find(m, disk->name);

    /* They only grow: udev may still have to tell of the medium before. */
    if ((old && disk->diskseq <= old->diskseq) || has_gone(m, disk->diskseq))
        return;
    /* Another medium under the same name: the first one's removal was lost, or
     * it is a reader with a changed card. */
    if (old)
        remove_name(m, disk->name);
    if (m->n == MAX_DISKS) {
        hd_log(HD_LOG_WARNING, "more than %d disks; %s is left alone",
               MAX_DISKS, disk->name);
        return;
    }
    m->disks[m->n++] = *disk;
    m->ops->appeared(m->ctx, disk);
}

/* Now; what once bore the tag bears it as long as it is there, as a loop device
 * does with its next file, which may be anybody's. */
static bool is_tagged(struct udev_device *dev)
{
    return udev_device_has_current_tag(dev, TAG);
}

/* A disk whose file was let go is there still, without a medium. */
static void lose_file(struct hd_monitor *m, const char *name)
{
    const struct hd_device *old = hd_monitor_find(m, name);

    if (old && !strncmp(name, "loop", 4) &&
        !hd_loop_is_there(name, old->diskseq))
        remove_name(m, name);
}

static void add_path(struct hd_monitor *m, const char *syspath,
                     struct hd_device *there, size_t *n_there)
{
    struct udev_device *dev = udev_device_new_from_syspath(m->udev, syspath);

    if (!dev)
        return; /* gone since it was listed */
    if (*n_there < MAX_DISKS && is_tagged(dev) &&
        describe(dev, &there[*n_there]))
        add(m, &there[(*n_there)++]);
    udev_device_unref(dev);
}

static void remove_missing(struct hd_monitor *m, const struct hd_device *there,
                           size_t n_there)
{
    for (size_t i = m->n; i-- > 0;) {
        size_t k = 0;

        while (k < n_there && there[k].diskseq != m->disks[i].diskseq)
            k++;
        /* Of a file's disk, udev may not have heard yet. */
        if (k == n_there &&
            !hd_loop_is_there(m->disks[i].name, m->disks[i].diskseq))
            remove_at(m, i);
    }
}

static void enumerate(struct hd_monitor *m)
{
    hd_autofree struct hd_device *there = calloc(MAX_DISKS, sizeof(*there));
    struct udev_enumerate *e = udev_enumerate_new(m->udev);
    struct udev_list_entry *entry;
    size_t n = 0;

    if (!there || !e)
        return;
    udev_enumerate_add_match_subsystem(e, "block");
    udev_enumerate_add_match_tag(e, TAG);
    udev_enumerate_add_match_is_initialized(e);
    if (udev_enumerate_scan_devices(e) >= 0) {
        udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(e))
            add_path(m, udev_list_entry_get_name(entry), there, &n);
        remove_missing(m, there, n);
    }
    udev_enumerate_unref(e);
}

/* Some were lost.  A list tells the same as those that were not, which would
 * hold up what comes next. */
static void catch_up(struct hd_monitor *m)
{
    hd_log(HD_LOG_WARNING, "udev's events came too fast; looking anew");
    hd_io_drain(udev_monitor_get_fd(m->netlink));
    enumerate(m);
}

static void on_event(uv_poll_t *poll, int status, int events)
{
    struct hd_monitor *m = poll->data;
    struct udev_device *dev = udev_monitor_receive_device(m->netlink);
    struct hd_device disk;

    (void)events;
    if (!dev && errno == ENOBUFS)
        catch_up(m);
    hd_listen_on(poll, status, on_event);
    if (!dev)
        return;
    if (!strcmp(udev_device_get_action(dev), "remove"))
        remove_name(m, udev_device_get_sysname(dev));
    else if (!is_tagged(dev))
        lose_file(m, udev_device_get_sysname(dev));
    else if (describe(dev, &disk))
        add(m, &disk);
    udev_device_unref(dev);
}

/* A pulled plug as the kernel tells it, without the time that udev takes to
 * look at its rules; what udev says of that disk later is old. */
static void on_kernel(uv_poll_t *poll, int status, int events)
{
    struct hd_monitor *m = poll->data;
    struct udev_device *dev = udev_monitor_receive_device(m->kernel);
    const struct hd_device *old;
    struct hd_device disk;

    (void)events;
    hd_listen_on(poll, status, on_kernel);
    if (!dev)
        return;
    if (!strcmp(udev_device_get_action(dev), "remove") &&
        describe(dev, &disk) && (old = hd_monitor_find(m, disk.name)) &&
        old->diskseq == disk.diskseq) {
        m->gone[m->next_gone++ % MAX_GONE] = disk.diskseq;
        remove_name(m, disk.name);
    }
    udev_device_unref(dev);
}

/* In case an event was lost all the same. */
static void on_reconcile(uv_timer_t *timer)
{
    enumerate(timer->data);
    uv_timer_start(timer, on_reconcile, hd_io_to_minute(hd_io_now_ms()), 0);
}

/* Without it, udev tells the same, later. */
static void subscribe_kernel(struct hd_monitor *m, uv_loop_t *loop)
{
    struct hd_err err;

    m->kernel = hd_listen_disks("kernel", NULL, &err);
    if (!m->kernel) {
        hd_log(HD_LOG_WARNING, "%s", err.msg);
        return;
    }
    m->kernel_poll.data = m;
    uv_poll_init(loop, &m->kernel_poll, udev_monitor_get_fd(m->kernel));
    uv_poll_start(&m->kernel_poll, UV_READABLE, on_kernel);
}

int hd_monitor_start(uv_loop_t *loop, const struct hd_monitor_ops *ops,
                     void *ctx, struct hd_monitor **ret, struct hd_err *err)
{
    hd_autofree struct hd_monitor *m = calloc(1, sizeof(*m));

    if (!m)
        return hd_fail_errno(err, HD_E_FAILED, "listen to udev");
    m->netlink = hd_listen_disks("udev", TAG, err);
    if (!m->netlink)
        return -1;
    m->udev = udev_monitor_get_udev(m->netlink);
    m->ops = ops;
    m->ctx = ctx;
    m->poll.data = m->reconcile.data = m;
    uv_poll_init(loop, &m->poll, udev_monitor_get_fd(m->netlink));
    uv_poll_start(&m->poll, UV_READABLE, on_event);
    subscribe_kernel(m, loop);
    uv_timer_init(loop, &m->reconcile);
    /* Only now, so that nothing falls between the list and the events. */
    on_reconcile(&m->reconcile);
    *ret = hd_steal(&m);
    return 0;
}

void hd_monitor_take(struct hd_monitor *monitor, const char *name)
{
    struct udev_device *dev =
        udev_device_new_from_subsystem_sysname(monitor->udev, "block", name);
    struct hd_device disk;

    if (dev && describe(dev, &disk))
        add(monitor, &disk);
    udev_device_unref(dev);
}

const struct hd_device *hd_monitor_find(const struct hd_monitor *monitor,
                                        const char *name)
{
    for (size_t i = 0; i < monitor->n; i++)
        if (!strcmp(monitor->disks[i].name, name))
            return &monitor->disks[i];
    return NULL;
}
