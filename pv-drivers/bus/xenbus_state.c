/* SPDX-License-Identifier: MIT */
/* What the ends of paravirtual devices say of themselves, and waiting for the
 * backends; changes no node, and never believes a guest. */
#include "xenbus_state.h"

#include <stdio.h>

#include "../base/io.h"
#include "xs_bulk.h"

#define LOOK_MS 1000 /* a watch event may be lost with xenstored */
#define STATES  16   /* are read at a time */

#define NODE (HD_XENBUS_PATH + 8)

static void node_in(const char *folder, char ret[NODE])
{
    snprintf(ret, NODE, "%s/state", folder);
}

/* ---- read */

static enum hd_xenbus_state state_of(const struct hd_xs_value *v)
{
    if (v->there <= 0 || v->buf[0] < '0' || v->buf[0] > '6' || v->buf[1])
        return HD_XENBUS_NONE;
    return (enum hd_xenbus_state)(v->buf[0] - '0');
}

/* Of at most STATES folders. */
static int states_in(struct hd_xs *xs, char (*folders)[HD_XENBUS_PATH],
                     size_t n, enum hd_xenbus_state *ret, struct hd_err *err)
{
    struct hd_xs_value values[STATES];
    char nodes[STATES][NODE], text[STATES][4];

    for (size_t i = 0; i < n; i++) {
        node_in(folders[i], nodes[i]);
        values[i] = (struct hd_xs_value){
            .path = nodes[i], .buf = text[i], .size = sizeof(text[i])};
    }
    if (hd_xs_read_all(xs, values, n, err))
        return -1;
    for (size_t i = 0; i < n; i++)
        ret[i] = state_of(&values[i]);
    return 0;
}

int hd_xenbus_back_states(struct hd_xs *xs,
                          const struct hd_xenbus_device *devices, size_t n,
                          enum hd_xenbus_state *ret, struct hd_err *err)
{
    char paths[STATES][HD_XENBUS_PATH];

    for (size_t at = 0; at < n; at += STATES) {
        size_t some = n - at < STATES ? n - at : STATES;

        for (size_t i = 0; i < some; i++)
            hd_xenbus_back_path(&devices[at + i], paths[i]);
        if (states_in(xs, paths, some, ret + at, err))
            return -1;
    }
    return 0;
}

int hd_xenbus_ends(struct hd_xs *xs, const struct hd_xenbus_device *dev,
                   struct hd_xenbus_ends *ret, struct hd_err *err)
{
    char paths[2][HD_XENBUS_PATH];
    enum hd_xenbus_state states[2];

    hd_xenbus_back_path(dev, paths[0]);
    hd_xenbus_front_path(dev, paths[1]);
    if (states_in(xs, paths, 2, states, err))
        return -1;
    *ret = (struct hd_xenbus_ends){states[0], states[1]};
    return 0;
}

/* HD_E_FAILED is a node that holds something else. */
static int state_in(struct hd_xs *xs, const char *folder,
                    enum hd_xenbus_state *ret, struct hd_err *err)
{
    char node[NODE], text[4];
    struct hd_xs_value value = {.buf = text};
    struct hd_err why = {0};

    node_in(folder, node);
    value.there = hd_xs_read(xs, node, text, sizeof(text), &why);
    if (value.there < 0 && why.code != HD_E_FAILED) {
        if (err)
            *err = why;
        return -1;
    }
    *ret = state_of(&value);
    return 0;
}

int hd_xenbus_back_state(struct hd_xs *xs, const struct hd_xenbus_device *dev,
                         enum hd_xenbus_state *ret, struct hd_err *err)
{
    char path[HD_XENBUS_PATH];

    hd_xenbus_back_path(dev, path);
    return state_in(xs, path, ret, err);
}

int hd_xenbus_front_state(struct hd_xs *xs, const struct hd_xenbus_device *dev,
                          enum hd_xenbus_state *ret, struct hd_err *err)
{
    char path[HD_XENBUS_PATH];

    hd_xenbus_front_path(dev, path);
    return state_in(xs, path, ret, err);
}

/* What its driver wrote when it gave up: xenbus_dev_fatal of the kernel. */
int hd_xenbus_gave_up(struct hd_xs *xs, const struct hd_xenbus_device *dev,
                      struct hd_err *err)
{
    char node[HD_XENBUS_PATH], why[256] = "it says no more";

    snprintf(node, sizeof(node), "/local/domain/0/error/backend/%s/%u/%u/error",
             dev->class, dev->domid, dev->devid);
    (void)hd_xs_read(xs, node, why, sizeof(why), NULL);
    return hd_fail(err, HD_E_FAILED,
                   "the backend of %s %u of domain %u gave up: %s", dev->class,
                   dev->devid, dev->domid, why);
}

/* ---- waited for */

/* 1: it is there, 0: not yet, -1: it never will. */
static int judge(struct hd_xs *xs, const struct hd_xenbus_device *dev,
                 enum hd_xenbus_state is, enum hd_xenbus_state want,
                 struct hd_err *err)
{
    if (is == want || (want == HD_XENBUS_CLOSED && is == HD_XENBUS_NONE) ||
        (want < HD_XENBUS_CLOSING && is > want && is < HD_XENBUS_CLOSING))
        return 1;
    if (want != HD_XENBUS_CLOSED &&
        (is == HD_XENBUS_NONE || is >= HD_XENBUS_CLOSING))
        return hd_xenbus_gave_up(xs, dev, err);
    return 0;
}

/* Adds how many from the first on are there to `*at`: 1 with some of those that
 * were looked at, 0: wait, -1. */
static int look(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                size_t n, enum hd_xenbus_state want, size_t *at,
                struct hd_err *err)
{
    enum hd_xenbus_state states[STATES];
    size_t some = n - *at < STATES ? n - *at : STATES;

    if (hd_xenbus_back_states(xs, devices + *at, some, states, err))
        return -1;
    for (size_t i = 0; i < some; i++) {
        int rc = judge(xs, devices + *at, states[i], want, err);

        if (rc <= 0)
            return rc;
        ++*at;
    }
    return 1;
}

/* xenstored's own silence has an errno: xs.h. */
bool hd_xenbus_is_late(const struct hd_err *err)
{
    return err->code == HD_E_TIMEOUT && !err->sys;
}

int hd_xenbus_wait(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                   size_t n, enum hd_xenbus_state state, uint64_t deadline_ms,
                   struct hd_err *err)
{
    size_t at = 0;

    while (at < n) {
        uint64_t until = hd_io_now_ms() + LOOK_MS;
        int rc = look(xs, devices, n, state, &at, err);

        if (rc < 0)
            return -1;
        if (rc)
            continue;
        if (!hd_io_left_ms(deadline_ms))
            return hd_xs_answers(hd_io_now_ms() + HD_XS_LAST_MS, err)
                       ? -1
                       : hd_fail(err, HD_E_TIMEOUT,
                                 "the backend of %s %u of domain %u does not "
                                 "answer",
                                 devices[at].class, devices[at].devid,
                                 devices[at].domid);
        if (hd_xs_wait(xs, until < deadline_ms ? until : deadline_ms, err))
            return -1;
    }
    return 0;
}

static void back_node(const struct hd_xenbus_device *dev, char ret[NODE])
{
    char path[HD_XENBUS_PATH];

    hd_xenbus_back_path(dev, path);
    node_in(path, ret);
}

/* The event that comes with each watch says nothing, and is taken here: who
 * waits for it later only looks once more. */
static int watch(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                 size_t n, const char *token, struct hd_err *err)
{
    char node[NODE];

    for (size_t i = 0; i < n; i++) {
        back_node(&devices[i], node);
        if (hd_xs_watch(xs, node, token, err) ||
            hd_xs_wait(xs, hd_io_now_ms() + LOOK_MS, err))
            return -1;
    }
    return 0;
}

/* hd_xenbus_await may follow, and ends its own alone: its token is another. */
int hd_xenbus_watch(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                    size_t n, struct hd_err *err)
{
    return watch(xs, devices, n, "live", err);
}

static void unwatch(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                    size_t n)
{
    char node[NODE];

    for (size_t i = 0; i < n; i++) {
        back_node(&devices[i], node);
        hd_xs_unwatch(xs, node, "backend");
    }
}

int hd_xenbus_await(struct hd_xs *xs, const struct hd_xenbus_device *devices,
                    size_t n, enum hd_xenbus_state state, uint64_t deadline_ms,
                    struct hd_err *err)
{
    int rc;

    if (watch(xs, devices, n, "backend", err))
        return -1;
    rc = hd_xenbus_wait(xs, devices, n, state, deadline_ms, err);
    unwatch(xs, devices, n);
    return rc;
}
