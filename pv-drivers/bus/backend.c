/* SPDX-License-Identifier: MIT */
/* The states that a backend of ours goes through; never touches what its
 * frontend shares. */
#include "backend.h"

#include <stdio.h>
#include <stdlib.h>

enum hd_backend_act hd_backend_next(uint32_t back, uint32_t front, bool seen,
                                    bool connected)
{
    bool up = front == HD_XENBUS_INITIALISED || front == HD_XENBUS_CONNECTED;

    if (back == HD_XENBUS_NONE)
        return seen ? HD_BACKEND_GONE : HD_BACKEND_WAIT;
    /* Who attached it wants it back, or it failed. */
    if (back == HD_XENBUS_CLOSING)
        return HD_BACKEND_END;
    if (connected)
        return up ? HD_BACKEND_WAIT : HD_BACKEND_DISCONNECT;
    if (up && back == HD_XENBUS_INIT_WAIT)
        return HD_BACKEND_CONNECT;
    /* A frontend that begins, or begins again. */
    if (back == HD_XENBUS_INITIALISING ||
        (back == HD_XENBUS_CLOSED && front == HD_XENBUS_INITIALISING))
        return HD_BACKEND_READY;
    return HD_BACKEND_WAIT;
}

static int watch_state(struct hd_xs *xs, const char *folder, struct hd_err *err)
{
    char node[HD_XENBUS_PATH + 8];

    snprintf(node, sizeof(node), "%s/state", folder);
    return hd_xs_watch(xs, node, "state", err);
}

int hd_backend_watch(struct hd_xs *xs, const struct hd_xenbus_device *dev,
                     struct hd_err *err)
{
    char back[HD_XENBUS_PATH], front[HD_XENBUS_PATH];

    hd_xenbus_back_path(dev, back);
    hd_xenbus_front_path(dev, front);
    return watch_state(xs, back, err) || watch_state(xs, front, err) ? -1 : 0;
}

int hd_backend_say(struct hd_xs *xs, const struct hd_xenbus_device *dev,
                   enum hd_xenbus_state state, struct hd_err *err)
{
    char path[HD_XENBUS_PATH], node[HD_XENBUS_PATH + 8], text[4];

    hd_xenbus_back_path(dev, path);
    snprintf(node, sizeof(node), "%s/state", path);
    snprintf(text, sizeof(text), "%d", state);
    return hd_xs_update(xs, node, text, err) < 0 ? -1 : 0;
}

uint32_t hd_backend_number(struct hd_xs *xs, const struct hd_xenbus_device *dev,
                           const char *key)
{
    char path[HD_XENBUS_PATH], node[HD_XENBUS_PATH + 20], text[16] = "", *end;
    unsigned long n;

    hd_xenbus_front_path(dev, path);
    snprintf(node, sizeof(node), "%s/%s", path, key);
    if (hd_xs_read(xs, node, text, sizeof(text), NULL) != 1 || text[0] < '0' ||
        text[0] > '9')
        return 0;
    n = strtoul(text, &end, 10);
    return *end || n > UINT32_MAX ? 0 : (uint32_t)n;
}
