/* SPDX-License-Identifier: MIT */
/* Waits for both ends of paravirtual devices; what a guest says only ends a
 * wait, and never makes one longer. */
#include "xenbus_live.h"

#include <stdio.h>

#include "../base/io.h"

/* Nobody watches the guest's nodes, for it could write them without end: they
 * are looked at, the more often the nearer it is. */
#define LOOK_MS 250
#define NEAR_MS 20

static int watch(struct hd_xs *xs, const struct hd_xenbus_device *dev, bool on,
                 struct hd_err *err)
{
    char path[HD_XENBUS_PATH];

    hd_xenbus_back_path(dev, path);
    if (on)
        return hd_xs_watch(xs, path, "live", err);
    hd_xs_unwatch(xs, path, "live");
    return 0;
}

/* ---- connect */

/* 1: both are there, 0: not yet, -1: they never will be. */
static int look(struct hd_xs *xs, const struct hd_xenbus_device *dev,
                struct hd_err *err)
{
    enum hd_xenbus_state back = hd_xenbus_back_state(xs, dev),
                         front = hd_xenbus_front_state(xs, dev);

    if (back == HD_XENBUS_NONE || back >= HD_XENBUS_CLOSING)
        return hd_xenbus_gave_up(xs, dev, err);
    if (front == HD_XENBUS_NONE || front >= HD_XENBUS_CLOSING)
        return hd_fail(err, HD_E_FAILED, "domain %u refuses %s %u", dev->domid,
                       dev->class, dev->devid);
    return back == HD_XENBUS_CONNECTED && front == HD_XENBUS_CONNECTED;
}

static int too_late(struct hd_xs *xs, const struct hd_xenbus_device *dev,
                    struct hd_err *err)
{
    if (hd_xenbus_front_state(xs, dev) < HD_XENBUS_INITIALISED)
        return hd_fail(err, HD_E_TIMEOUT,
                       "the frontend of %s %u of domain %u does not connect; "
                       "does the guest run, and has it a driver?",
                       dev->class, dev->devid, dev->domid);
    return hd_fail(err, HD_E_TIMEOUT,
                   "the backend of %s %u of domain %u does not answer",
                   dev->class, dev->devid, dev->domid);
}

static int connect_one(struct hd_xs *xs, const struct hd_xenbus_device *dev,
                       uint64_t deadline_ms, struct hd_err *err)
{
    int rc;

    while (!(rc = look(xs, dev, err))) {
        bool near = hd_xenbus_back_state(xs, dev) == HD_XENBUS_CONNECTED;

        if (!hd_io_left_ms(deadline_ms))
            return too_late(xs, dev, err);
        if (hd_xs_wait(xs,
                       hd_io_within_ms(near ? NEAR_MS : LOOK_MS, deadline_ms),
                       err))
            return -1;
    }
    return rc < 0 ? -1 : 0;
}

int hd_xenbus_connect(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                      size_t n, uint64_t deadline_ms, struct hd_err *err)
{
    for (size_t i = 0; i < n; i++) {
        int rc = watch(xs, &devices[i], true, err);

        if (!rc)
            rc = connect_one(xs, &devices[i], deadline_ms, err);
        (void)watch(xs, &devices[i], false, NULL);
        if (rc)
            return -1;
    }
    return 0;
}

/* ---- part */

static bool is_closed(struct hd_xs *xs, const struct hd_xenbus_device *dev)
{
    enum hd_xenbus_state is = hd_xenbus_back_state(xs, dev);

    return is == HD_XENBUS_NONE || is == HD_XENBUS_CLOSED;
}

/* To the guest, through the backend's nodes; its driver does not read them. */
static int say(struct hd_xs *xs, const struct hd_xenbus_device *dev,
               const char *online, enum hd_xenbus_state state,
               struct hd_err *err)
{
    char path[HD_XENBUS_PATH], nodes[2][HD_XENBUS_PATH + 8];
    char text[2] = {(char)('0' + state), '\0'};

    hd_xenbus_back_path(dev, path);
    snprintf(nodes[0], sizeof(nodes[0]), "%s/online", path);
    snprintf(nodes[1], sizeof(nodes[1]), "%s/state", path);
    return hd_xs_write(
        xs, (struct hd_xs_node[]){{nodes[0], online}, {nodes[1], text}}, 2,
        err);
}

/* As if nobody had asked: a driver that had not looked yet sees the backend as
 * it was, and one that is paused never knows. */
static int put_back(struct hd_xs *xs, const struct hd_xenbus_device *dev,
                    enum hd_xenbus_state was, struct hd_err *err)
{
    enum hd_xenbus_state front = hd_xenbus_front_state(xs, dev);

    if (front == HD_XENBUS_NONE || front >= HD_XENBUS_CLOSING)
        return hd_fail(err, HD_E_TIMEOUT,
                       "domain %u has begun to let go of %s %u and still "
                       "uses it",
                       dev->domid, dev->class, dev->devid);
    if (say(xs, dev, "1", was, err))
        return -1;
    return hd_fail(err, HD_E_BUSY, "domain %u does not let go of %s %u",
                   dev->domid, dev->class, dev->devid);
}

int hd_xenbus_part(struct hd_xs *xs, const struct hd_xenbus_device *dev,
                   uint64_t deadline_ms, struct hd_err *err)
{
    enum hd_xenbus_state was = hd_xenbus_back_state(xs, dev);
    int rc;

    if (is_closed(xs, dev))
        return 0;
    if (say(xs, dev, "0", HD_XENBUS_CLOSING, err) || watch(xs, dev, true, err))
        return -1;
    do {
        rc = hd_xs_wait(xs, hd_io_within_ms(LOOK_MS, deadline_ms), err);
    } while (!rc && !is_closed(xs, dev) && hd_io_left_ms(deadline_ms));
    (void)watch(xs, dev, false, NULL);
    if (rc || is_closed(xs, dev))
        return rc;
    return put_back(xs, dev, was, err);
}
