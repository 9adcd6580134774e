/* SPDX-License-Identifier: MIT */
/* Tests pv-drivers/console: its rings against guests that lie, its states, its
 * nodes. */
#include <errno.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/bus/backend.h"
#include "../../pv-drivers/console/console.h"
#include "../../pv-drivers/console/ring.h"
#include "unit.h"
#include "xs_kit.h"

static void what_the_guest_writes_is_read_once_and_in_order(void)
{
    struct xencons_interface ring = {0};
    char buf[64] = "";

    /* Across the end of the ring, and of the numbers. */
    ring.out_cons = UINT32_MAX - 2;
    ring.out_prod = 4;
    for (uint32_t i = 0; i < 7; i++)
        ring.out[(UINT32_MAX - 2 + i) % sizeof(ring.out)] = "console"[i];
    CU_ASSERT_EQUAL(hd_console_ring_peek(&ring, buf, 3), 3);
    CU_ASSERT_EQUAL(memcmp(buf, "con", 3), 0);
    CU_ASSERT_EQUAL(hd_console_ring_peek(&ring, buf, sizeof(buf)), 7);
    CU_ASSERT_EQUAL(memcmp(buf, "console", 7), 0);
    hd_console_ring_done(&ring, 5);
    CU_ASSERT_EQUAL(hd_console_ring_peek(&ring, buf, sizeof(buf)), 2);
    CU_ASSERT_EQUAL(memcmp(buf, "le", 2), 0);
    hd_console_ring_done(&ring, 2);
    CU_ASSERT_EQUAL(hd_console_ring_peek(&ring, buf, sizeof(buf)), 0);
}

static void what_the_guest_is_given_fits_its_ring(void)
{
    struct xencons_interface ring = {0};
    char text[sizeof(ring.in)];

    memset(text, 'x', sizeof(text));
    CU_ASSERT_EQUAL(hd_console_ring_room(&ring), sizeof(ring.in));
    hd_console_ring_put(&ring, text, sizeof(text) - 1);
    CU_ASSERT_EQUAL(hd_console_ring_room(&ring), 1);
    ring.in_cons += 3;
    hd_console_ring_put(&ring, "abc", 3);
    CU_ASSERT_EQUAL(hd_console_ring_room(&ring), 1);
    CU_ASSERT_EQUAL(ring.in[sizeof(ring.in) - 1], 'a');
    CU_ASSERT_EQUAL(ring.in[1], 'c');
    CU_ASSERT_EQUAL(ring.in_prod, sizeof(text) + 2);
}

static void indices_that_cannot_be_are_no_console(void)
{
    static const uint32_t bad[][2] = {
        {0, 2049}, {1, 0}, {0, UINT32_MAX}, {UINT32_MAX, 2048}};
    struct xencons_interface ring = {0};
    char buf[4096];

    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++) {
        ring.out_cons = ring.in_cons = bad[i][0];
        ring.out_prod = ring.in_prod = bad[i][1];
        CU_ASSERT_EQUAL(hd_console_ring_peek(&ring, buf, sizeof(buf)), -1);
        CU_ASSERT_EQUAL(hd_console_ring_room(&ring), -1);
    }
    /* A guest that writes behind our back to what is ours. */
    ring.in_prod = 0;
    ring.in_cons = 1025;
    CU_ASSERT_EQUAL(hd_console_ring_room(&ring), -1);
}

static void a_backend_goes_through_its_states(void)
{
    enum { NONE, INIT, WAIT, INITIALISED, CONNECTED, CLOSING, CLOSED };
    static const struct {
        uint32_t back, front;
        bool seen, connected;
        enum hd_backend_act act;
    } cases[] = {
        {NONE, NONE, false, false, HD_BACKEND_WAIT},
        {INIT, INIT, true, false, HD_BACKEND_READY},
        {WAIT, INIT, true, false, HD_BACKEND_WAIT},
        {WAIT, INITIALISED, true, false, HD_BACKEND_CONNECT},
        {CONNECTED, INITIALISED, true, true, HD_BACKEND_WAIT},
        {CONNECTED, CONNECTED, true, true, HD_BACKEND_WAIT},
        {CONNECTED, CLOSING, true, true, HD_BACKEND_DISCONNECT},
        {CONNECTED, NONE, true, true, HD_BACKEND_DISCONNECT},
        {CLOSED, CLOSED, true, false, HD_BACKEND_WAIT},
        {CLOSED, INITIALISED, true, false, HD_BACKEND_WAIT},
        {CLOSED, INIT, true, false, HD_BACKEND_READY},
        {CLOSING, CONNECTED, true, true, HD_BACKEND_END},
        {CLOSING, INIT, true, false, HD_BACKEND_END},
        {NONE, CONNECTED, true, true, HD_BACKEND_GONE},
        /* What no driver says. */
        {WAIT, 4711, true, false, HD_BACKEND_WAIT},
        {CONNECTED, 4711, true, true, HD_BACKEND_DISCONNECT},
    };

    for (size_t i = 0; i < HD_ARRAY_LEN(cases); i++)
        CU_ASSERT_EQUAL(hd_backend_next(cases[i].back, cases[i].front,
                                        cases[i].seen, cases[i].connected),
                        cases[i].act);
}

/* QEMU serves what is called "console", and takes its word from the guest. */
static void only_the_guest_calls_it_a_console(void)
{
    struct hd_xenbus_device dev;
    hd_auto(hd_xs) xs = NULL;
    struct hd_err err = {0};

    xs_kit_reset();
    CHECK_OK(hd_xs_open(&xs, &err), &err);
    hd_console_describe(7, 1, &dev);
    CHECK_OK(hd_xenbus_add(xs, &dev, 1, NULL, &err), &err);
    CU_ASSERT_PTR_NULL(xs_kit_get("/local/domain/0/backend/console/7/1/state"));
    CU_ASSERT_TRUE(xs_kit_is("/local/domain/0/backend/serial/7/1/state", "2"));
    CU_ASSERT_TRUE(xs_kit_is("/local/domain/7/device/console/1/backend",
                             "/local/domain/0/backend/serial/7/1"));
    CU_ASSERT_PTR_NULL(xs_kit_get("/libxl/7/device/console/1/backend"));
}

/* A domain may be gone before its backend says something. */
static void a_node_that_is_gone_is_not_made_again(void)
{
    hd_auto(hd_xs) xs = NULL;
    struct hd_err err = {0};

    xs_kit_reset();
    CHECK_OK(hd_xs_open(&xs, &err), &err);
    CU_ASSERT_EQUAL(hd_xs_update(xs, "/a/state", "2", &err), 0);
    CU_ASSERT_EQUAL(xs_kit_count(), 0);
    xs_kit_put("/a/state", "1");
    xs_kit.races = 2;
    CU_ASSERT_EQUAL(hd_xs_update(xs, "/a/state", "2", &err), 1);
    CU_ASSERT_TRUE(xs_kit_is("/a/state", "2"));
    xs_kit.fail_at = xs_kit.writes + 1;
    xs_kit.fail_errno = EACCES;
    CHECK_FAILS(hd_xs_update(xs, "/a/state", "3", &err), &err, HD_E_IO,
                "cannot write xenstore /a/state");
}

static const struct hd_test tests[] = {
    HD_TEST(what_the_guest_writes_is_read_once_and_in_order),
    HD_TEST(what_the_guest_is_given_fits_its_ring),
    HD_TEST(indices_that_cannot_be_are_no_console),
    HD_TEST(a_backend_goes_through_its_states),
    HD_TEST(only_the_guest_calls_it_a_console),
    HD_TEST(a_node_that_is_gone_is_not_made_again),
};

HD_SUITE("console/console", tests);
