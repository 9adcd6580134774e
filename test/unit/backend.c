/* SPDX-License-Identifier: MIT */
/* Tests how the servers of pv-drivers/console and fs9p follow their nodes, from
 * what was there before they waited to the end of it. */
#include "../../pv-drivers/bus/backend.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../pv-drivers/console/console.h"
#include "../../pv-drivers/console/serve.h"
#include "../../pv-drivers/fs9p/serve.h"
#include "unit.h"
#include "xs_kit.h"
#include "xs_kit_store.h"

static char folder[HD_XENBUS_PATH], state[HD_XENBUS_PATH + 8];
static int looks; /* at the node since the server was ready */

/* Behind the read that finds it there, so that only an event tells of it. */
static void take_away(void)
{
    if (xs_kit_is(state, "2") && ++looks == 2)
        (void)xs_kit_rm(folder);
}

/* A device in its first moment, of which each watch has told already. */
static struct hd_xs *begin(const struct hd_xenbus_device *dev)
{
    struct pollfd p = {.events = POLLIN};
    struct hd_xs *xs = NULL;
    char token[8];

    xs_kit_reset();
    looks = 0;
    hd_xenbus_back_path(dev, folder);
    snprintf(state, sizeof(state), "%s/state", folder);
    xs_kit_put(state, "1");
    CU_ASSERT_EQUAL_FATAL(hd_xs_open(&xs, NULL), 0);
    CU_ASSERT_EQUAL(hd_backend_watch(xs, dev, NULL), 0);
    p.fd = hd_xs_fd(xs);
    do {
        while (hd_xs_check(xs, token, sizeof(token), NULL) > 0)
            continue;
    } while (poll(&p, 1, 30) > 0);
    xs_kit.guest = take_away;
    return xs;
}

static void a_serial_port_is_offered_at_once_until_its_nodes_go(void)
{
    struct hd_xenbus_device dev;
    struct hd_err err = {0};
    int ends[2];

    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    hd_console_describe(7, 1, &dev);
    hd_auto(hd_xs) xs = begin(&dev);
    CHECK_OK(hd_console_serve(xs, NULL, 7, 1, ends[0], &err), &err);
    CU_ASSERT_EQUAL(looks, 2);
    CU_ASSERT_TRUE(xs_kit_is(state, NULL));
    close(ends[0]);
    close(ends[1]);
}

static void a_host_view_is_offered_at_once_until_its_nodes_go(void)
{
    struct hd_peer *peers[HD_FS9P_RINGS] = {NULL};
    struct hd_9p_control control;
    struct hd_xenbus_device dev;
    struct hd_err err = {0};

    hd_fs9p_describe(7, &dev);
    hd_9p_control_init(&control, NULL, NULL);
    hd_auto(hd_xs) xs = begin(&dev);
    CHECK_OK(hd_9p_serve(xs, peers, &dev, NULL, &control, &err), &err);
    CU_ASSERT_EQUAL(looks, 2);
    CU_ASSERT_TRUE(xs_kit_is(state, NULL));
}

static const struct hd_test tests[] = {
    HD_TEST(a_serial_port_is_offered_at_once_until_its_nodes_go),
    HD_TEST(a_host_view_is_offered_at_once_until_its_nodes_go),
};
HD_SUITE("bus/backend", tests);
