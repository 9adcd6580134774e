/* SPDX-License-Identifier: MIT */
/* Waits for both ends of paravirtual devices; what a guest says only ends a
 * wait, and never makes one longer. */
#include "xenbus_live.h"

#include <stdio.h>

#include "../base/io.h"
#include "xs_bulk.h"

/* Nobody watches the guest's nodes, for it could write them without end: they
 * are looked at, the more often the nearer it is. */
#define LOOK_MS 250
#define NEAR_MS 20

/* ---- connect */

/* 1: both are there, 0: not yet, -1: they never will be. */
static int judge(struct hd_xs *xs, const struct hd_xenbus_device *dev,
                 struct hd_xenbus_ends is, struct hd_err *err)
{
    if (is.back == HD_XENBUS_NONE || is.back >= HD_XENBUS_CLOSING)
        return hd_xenbus_gave_up(xs, dev, err);
    if (is.front == HD_XENBUS_NONE || is.front >= HD_XENBUS_CLOSING)
        return hd_fail(err, HD_E_FAILED, "domain %u refuses %s %u", dev->domid,
                       dev->class, dev->devid);
    return is.back == HD_XENBUS_CONNECTED && is.front == HD_XENBUS_CONNECTED;
}

static int too_late(const struct hd_xenbus_device *dev,
                    enum hd_xenbus_state front, struct hd_err *err)
{
    if (hd_xs_answers(hd_io_now_ms() + HD_XS_LAST_MS, err))
        return -1;
    if (front < HD_XENBUS_INITIALISED)
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
    for (;;) {
        struct hd_xenbus_ends is;
        int rc, most;

        if (hd_xenbus_ends(xs, dev, &is, err))
            return -1;
        rc = judge(xs, dev, is, err);
        if (rc)
            return rc < 0 ? -1 : 0;
        most = is.back == HD_XENBUS_CONNECTED ? NEAR_MS : LOOK_MS;
        if (!hd_io_left_ms(deadline_ms))
            return too_late(dev, is.front, err);
        if (hd_xs_wait(xs, hd_io_within_ms(most, deadline_ms), err))
            return -1;
    }
}

int hd_xenbus_connect(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                      size_t n, uint64_t deadline_ms, struct hd_err *err)
{
    for (size_t i = 0; i < n; i++)
        if (connect_one(xs, &devices[i], deadline_ms, err))
            return -1;
    return 0;
}

/* ---- part */

static bool is_closed(enum hd_xenbus_state back)
{
    return back == HD_XENBUS_NONE || back == HD_XENBUS_CLOSED;
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
                    enum hd_xenbus_state was, bool *ret_begun,
                    struct hd_err *err)
{
    enum hd_xenbus_state front;

    if (hd_xenbus_front_state(xs, dev, &front, err))
        return -1;
    *ret_begun = front == HD_XENBUS_NONE || front >= HD_XENBUS_CLOSING;
    if (*ret_begun)
        return hd_fail(err, HD_E_BUSY,
                       "domain %u has begun to let go of %s %u and still "
                       "uses it",
                       dev->domid, dev->class, dev->devid);
    if (say(xs, dev, "1", was, err))
        return -1;
    return hd_fail(err, HD_E_BUSY, "domain %u does not let go of %s %u",
                   dev->domid, dev->class, dev->devid);
}

int hd_xenbus_part(struct hd_xs *xs, const struct hd_xenbus_device *dev,
                   uint64_t deadline_ms, bool *ret_begun, struct hd_err *err)
{
    enum hd_xenbus_state was, is;

    if (hd_xenbus_back_state(xs, dev, &was, err))
        return -1;
    if (is_closed(was))
        return 0;
    /* Somebody asked already, and was killed. */
    if (was == HD_XENBUS_CLOSING)
        was = HD_XENBUS_CONNECTED;
    if (say(xs, dev, "0", HD_XENBUS_CLOSING, err) ||
        hd_xenbus_watch(xs, dev, 1, err))
        return -1;
    for (;;) {
        if (hd_xenbus_back_state(xs, dev, &is, err))
            return -1;
        if (is_closed(is))
            return 0;
        if (!hd_io_left_ms(deadline_ms))
            return put_back(xs, dev, was, ret_begun, err);
        if (hd_xs_wait(xs, hd_io_within_ms(LOOK_MS, deadline_ms), err))
            return -1;
    }
}
