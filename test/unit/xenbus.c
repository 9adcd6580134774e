/* SPDX-License-Identifier: MIT */
/* Tests pv-drivers/bus/xenbus, block/vbd, fs9p and net/vif against a xenstore
 * in memory: nodes and rights, drivers that answer, give up or stall, and a
 * xenstored that refuses. */
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/paths.h"
#include "../../pv-drivers/block/vbd.h"
#include "../../pv-drivers/bus/xenbus_state.h"
#include "../../pv-drivers/fs9p/fs9p.h"
#include "../../pv-drivers/net/vif.h"
#include "unit.h"
#include "xs_kit.h"

#define BACK_VIF  "/local/domain/0/backend/vif/7/0"
#define BACK_VBD  "/local/domain/0/backend/vbd/7/51712"
#define FRONT_VBD "/local/domain/7/device/vbd/51712"
#define LIBXL_VBD "/libxl/7/device/vbd/51712"
#define LIBXL_VIF "/libxl/7/device/vif/0"

static const struct hd_vif vif = {
    .domid = 7,
    .devid = 0,
    .bridge = "xenbr0",
    .mac = {0x00, 0x16, 0x3e, 1, 2, 3},
    .mtu = 1400,
    .rate = 1000000,
};

/* A disk and a nic of domain 7. */
static struct hd_xs *two(struct hd_xenbus_device devices[2])
{
    struct hd_xs *xs = NULL;

    xs_kit_reset();
    hd_xenbus_init(&devices[0], "vbd", 7, 51712);
    hd_xenbus_back(&devices[0], "mode", "r");
    hd_vif_describe(&vif, &devices[1]);
    CU_ASSERT_EQUAL_FATAL(hd_xs_open(&xs, NULL), 0);
    return xs;
}

static void a_device_has_both_ends_and_libxls_record(void)
{
    struct hd_xenbus_device d[2];
    hd_auto(hd_xs) xs = two(d);
    struct hd_err err = {0};

    CHECK_OK(hd_xenbus_add(xs, d, 2, NULL, &err), &err);
    CU_ASSERT_PTR_NULL(xs_kit_get(LIBXL_VBD "/mode"));
    CHECK_OK(hd_xenbus_record(xs, d, 2, &err), &err);
    CU_ASSERT_TRUE(xs_kit_is(BACK_VBD "/frontend", FRONT_VBD));
    CU_ASSERT_TRUE(xs_kit_is(BACK_VBD "/state", "1"));
    CU_ASSERT_TRUE(xs_kit_is(BACK_VBD "/mode", "r"));
    CU_ASSERT_TRUE(xs_kit_is(FRONT_VBD "/backend", BACK_VBD));
    CU_ASSERT_TRUE(xs_kit_is(LIBXL_VBD "/backend", BACK_VBD));
    CU_ASSERT_TRUE(xs_kit_is(LIBXL_VBD "/mode", "r"));
    CU_ASSERT_TRUE(xs_kit_is(BACK_VIF "/mac", "00:16:3e:01:02:03"));
    CU_ASSERT_TRUE(xs_kit_is(BACK_VIF "/mtu", "1400"));
    CU_ASSERT_TRUE(xs_kit_is(BACK_VIF "/rate", "50000,50000"));
    CU_ASSERT_EQUAL(xs_kit.ends, 1);
}

/* Each node at an end is a turn of its kernel's. */
static void what_xl_alone_reads_is_in_its_record_alone(void)
{
    struct hd_xenbus_device d[2];
    hd_auto(hd_xs) xs = two(d);
    struct hd_err err = {0};

    CHECK_OK(hd_xenbus_add(xs, d, 2, NULL, &err), &err);
    CHECK_OK(hd_xenbus_record(xs, d, 2, &err), &err);
    CU_ASSERT_TRUE(xs_kit_is(LIBXL_VIF "/bridge", "xenbr0"));
    CU_ASSERT_TRUE(xs_kit_is(LIBXL_VIF "/mac", "00:16:3e:01:02:03"));
    CU_ASSERT_PTR_NULL(xs_kit_get(BACK_VIF "/bridge"));
    CU_ASSERT_PTR_NULL(xs_kit_get(LIBXL_VIF "/state"));
}

static void what_a_process_serves_already_is_ready_from_the_first_moment(void)
{
    struct hd_xenbus_device d;
    hd_auto(hd_xs) xs = NULL;
    enum hd_xenbus_state back, front;
    struct hd_err err = {0};

    xs_kit_reset();
    hd_fs9p_describe(7, &d);
    CU_ASSERT_EQUAL_FATAL(hd_xs_open(&xs, NULL), 0);
    CHECK_OK(hd_xenbus_add(xs, &d, 1, NULL, &err), &err);
    CHECK_OK(hd_xenbus_back_state(xs, &d, &back, &err), &err);
    CHECK_OK(hd_xenbus_front_state(xs, &d, &front, &err), &err);
    CU_ASSERT_EQUAL(back, HD_XENBUS_INIT_WAIT);
    CU_ASSERT_EQUAL(front, HD_XENBUS_INITIALISING);
}

static void the_guest_owns_its_end_and_reads_the_other(void)
{
    struct hd_xenbus_device d[2];
    hd_auto(hd_xs) xs = two(d);
    struct hd_err err = {0};

    CHECK_OK(hd_xenbus_add(xs, d, 2, NULL, &err), &err);
    CU_ASSERT_STRING_EQUAL(xs_kit_rights(FRONT_VBD "/state"), "n7,r0");
    CU_ASSERT_STRING_EQUAL(xs_kit_rights(BACK_VBD "/state"), "n0,r7");
    CU_ASSERT_STRING_EQUAL(xs_kit_rights(LIBXL_VBD "/state"), "");
}

static void a_device_that_is_there_is_not_replaced(void)
{
    struct hd_xenbus_device d[2];
    hd_auto(hd_xs) xs = two(d);
    struct hd_err err = {0};
    size_t n;

    CHECK_OK(hd_xenbus_add(xs, d, 1, NULL, &err), &err);
    n = xs_kit_count();
    CHECK_FAILS(hd_xenbus_add(xs, d, 2, NULL, &err), &err, HD_E_EXISTS,
                FRONT_VBD);
    CU_ASSERT_EQUAL(xs_kit_count(), n);
}

static void a_lost_race_is_run_again(void)
{
    struct hd_xenbus_device d[2];
    hd_auto(hd_xs) xs = two(d);
    struct hd_err err = {0};

    xs_kit.races = 3;
    CHECK_OK(hd_xenbus_add(xs, d, 2, NULL, &err), &err);
    CU_ASSERT_EQUAL(xs_kit.ends, 4);
    CU_ASSERT_TRUE(xs_kit_is(BACK_VIF "/script", HD_HOTPLUG));
}

static void a_race_that_is_always_lost_ends(void)
{
    struct hd_xenbus_device d[2];
    hd_auto(hd_xs) xs = two(d);
    struct hd_err err = {0};

    xs_kit.races = 100000;
    CHECK_FAILS(hd_xenbus_add(xs, d, 2, NULL, &err), &err, HD_E_IO,
                "xenstored dropped it 100 times");
    CU_ASSERT_EQUAL(xs_kit_count(), 0);
}

static int add_and_record(struct hd_xs *xs, const struct hd_xenbus_device d[2],
                          struct hd_err *err)
{
    return hd_xenbus_add(xs, d, 2, NULL, err) || hd_xenbus_record(xs, d, 2, err)
               ? -1
               : 0;
}

/* Both ends are there or neither; what is for libxl alone comes behind them. */
static void a_full_quota_leaves_no_half_device_wherever_it_is_met(void)
{
    struct hd_xenbus_device d[2];
    hd_auto(hd_xs) xs = two(d);
    struct hd_err err = {0};
    int writes;

    CHECK_OK(add_and_record(xs, d, &err), &err);
    writes = xs_kit.writes;
    for (int i = 1; i <= writes; i++) {
        xs_kit_reset();
        xs_kit.fail_at = i;
        xs_kit.fail_errno = ENOSPC; /* xs_wire.h: EQUOTA travels as this */
        CHECK_FAILS(add_and_record(xs, d, &err), &err, HD_E_IO,
                    "a quota of xenstored's is used up");
        CU_ASSERT_EQUAL(!xs_kit_get(FRONT_VBD "/state"),
                        !xs_kit_get(BACK_VIF "/state"));
        CU_ASSERT_TRUE(i > writes / 2 || !xs_kit_count());
        CHECK_OK(hd_xenbus_remove(xs, d, 2, &err), &err);
        CU_ASSERT_EQUAL(xs_kit_count(), 0);
    }
}

/* ---- drivers */

static void ready_one_by_one(void)
{
    if (xs_kit_is(BACK_VBD "/state", "1"))
        xs_kit_put(BACK_VBD "/state", "2");
    else
        xs_kit_put(BACK_VIF "/state", "2");
}

static void give_up(void)
{
    xs_kit_put(BACK_VBD "/state", "2");
    xs_kit_put("/local/domain/0/error/backend/vif/7/0/error",
               "12 no memory for the hash");
    xs_kit_put(BACK_VIF "/state", "6");
}

static void talk_nonsense(void)
{
    xs_kit_put(BACK_VBD "/state", "-2147483648 and more");
}

static void let_go(void)
{
    xs_kit_put(BACK_VIF "/state", "6");
    if (xs_kit_get(BACK_VBD "/state"))
        xs_kit_put(BACK_VBD "/state", "6");
}

static void all_backends_are_waited_for(void)
{
    struct hd_xenbus_device d[2];
    hd_auto(hd_xs) xs = two(d);
    struct hd_err err = {0};

    CHECK_OK(hd_xenbus_add(xs, d, 2, NULL, &err), &err);
    xs_kit.driver = ready_one_by_one;
    CHECK_OK(hd_xenbus_await(xs, d, 2, HD_XENBUS_INIT_WAIT,
                             hd_io_now_ms() + 10000, &err),
             &err);
    CU_ASSERT_TRUE(xs_kit_is(BACK_VIF "/state", "2"));
}

static void a_backend_that_gives_up_says_why(void)
{
    struct hd_xenbus_device d[2];
    hd_auto(hd_xs) xs = two(d);
    struct hd_err err = {0};

    CHECK_OK(hd_xenbus_add(xs, d, 2, NULL, &err), &err);
    xs_kit.driver = give_up;
    CHECK_FAILS(hd_xenbus_await(xs, d, 2, HD_XENBUS_INIT_WAIT,
                                hd_io_now_ms() + 10000, &err),
                &err, HD_E_FAILED, "gave up: 12 no memory for the hash");
}

static void a_backend_that_never_gets_ready_ends_at_the_deadline(void)
{
    struct hd_xenbus_device d[2];
    hd_auto(hd_xs) xs = two(d);
    struct hd_err err = {0};
    uint64_t begin = hd_io_now_ms();

    CHECK_OK(hd_xenbus_add(xs, d, 2, NULL, &err), &err);
    CHECK_FAILS(
        hd_xenbus_await(xs, d, 2, HD_XENBUS_INIT_WAIT, begin + 50, &err), &err,
        HD_E_TIMEOUT, "vbd 51712 of domain 7 does not answer");
    CU_ASSERT_TRUE(hd_io_now_ms() - begin < 5000);
}

static void a_state_that_is_none_is_a_backend_that_gave_up(void)
{
    struct hd_xenbus_device d[2];
    hd_auto(hd_xs) xs = two(d);
    struct hd_err err = {0};

    CHECK_OK(hd_xenbus_add(xs, d, 2, NULL, &err), &err);
    xs_kit.driver = talk_nonsense;
    CHECK_FAILS(hd_xenbus_await(xs, d, 2, HD_XENBUS_INIT_WAIT,
                                hd_io_now_ms() + 10000, &err),
                &err, HD_E_FAILED, "it says no more");
}

static void by_force_a_frontend_goes_first_and_then_its_backend(void)
{
    struct hd_xenbus_device d[2];
    hd_auto(hd_xs) xs = two(d);
    struct hd_err err = {0};

    CHECK_OK(hd_xenbus_add(xs, d, 2, NULL, &err), &err);
    CHECK_OK(hd_xenbus_close(xs, d, 2, true, &err), &err);
    CU_ASSERT_TRUE(xs_kit_is(FRONT_VBD, NULL));
    CU_ASSERT_TRUE(xs_kit_is(BACK_VBD "/online", "0"));
    CU_ASSERT_TRUE(xs_kit_is(BACK_VBD "/state", "5"));
    xs_kit.driver = let_go;
    CHECK_OK(hd_xenbus_await(xs, d, 2, HD_XENBUS_CLOSED, hd_io_now_ms() + 10000,
                             &err),
             &err);
    CHECK_OK(hd_xenbus_remove(xs, d, 2, &err), &err);
    CU_ASSERT_EQUAL(xs_kit_count(), 0);
}

static void removed_devices_leave_no_node_on_any_side(void)
{
    struct hd_xenbus_device d[2];
    hd_auto(hd_xs) xs = two(d);
    struct hd_err err = {0};

    CHECK_OK(hd_xenbus_add(xs, d, 2, NULL, &err), &err);
    CHECK_OK(hd_xenbus_remove(xs, d, 2, &err), &err);
    CU_ASSERT_EQUAL(xs_kit_count(), 0);
    CHECK_OK(hd_xenbus_remove(xs, d, 2, &err), &err);
}

static void a_backend_that_is_gone_does_not_come_back_as_two_nodes(void)
{
    struct hd_xenbus_device d[2];
    hd_auto(hd_xs) xs = two(d);
    struct hd_err err = {0};

    CHECK_OK(hd_xenbus_close(xs, d, 2, false, &err), &err);
    CU_ASSERT_EQUAL(xs_kit_count(), 0);
    CHECK_OK(hd_xenbus_await(xs, d, 2, HD_XENBUS_CLOSED, hd_io_now_ms(), &err),
             &err);
    CHECK_OK(hd_xenbus_remove(xs, d, 2, &err), &err);
}

/* One that is silent, one that tears its answer off, one that refuses. */
static void spoil(int how)
{
    if (how == 0) {
        xs_kit.silent_ms = 50;
        xs_kit.stall_at = 1;
    } else if (how == 1) {
        xs_kit.torn_at = 1;
    } else {
        xs_kit.read_errno = EACCES;
    }
}

static void mend(void)
{
    xs_kit.stall_at = xs_kit.silent_ms = xs_kit.read_errno = 0;
}

static void what_xenstored_does_not_say_is_no_backend_that_is_gone(void)
{
    static const int want[] = {HD_E_TIMEOUT, HD_E_IO, HD_E_IO};

    for (int how = 0; how < 3; how++) {
        struct hd_xenbus_device d[2];
        hd_auto(hd_xs) xs = two(d);
        struct hd_err err = {0};

        CHECK_OK(hd_xenbus_add(xs, d, 2, NULL, &err), &err);
        CHECK_OK(hd_xenbus_watch(xs, d, 2, &err), &err);
        spoil(how);
        CHECK_FAILS(hd_xenbus_wait(xs, d, 2, HD_XENBUS_CLOSED,
                                   hd_io_now_ms() + 10000, &err),
                    &err, want[how], "cannot read xenstore " BACK_VBD);
        mend();
        spoil(how);
        CHECK_FAILS(hd_xenbus_wait(xs, d, 2, HD_XENBUS_INIT_WAIT,
                                   hd_io_now_ms() + 10000, &err),
                    &err, want[how], "cannot read xenstore " BACK_VBD);
        mend();
    }
}

static void what_xenstored_does_not_say_is_not_closed(void)
{
    for (int how = 0; how < 3; how++) {
        struct hd_xenbus_device d[2];
        hd_auto(hd_xs) xs = two(d);
        struct hd_err err = {0};

        CHECK_OK(hd_xenbus_add(xs, d, 2, NULL, &err), &err);
        spoil(how);
        CU_ASSERT_EQUAL(hd_xenbus_close(xs, d, 2, true, &err), -1);
        mend();
        CU_ASSERT_TRUE(xs_kit_is(FRONT_VBD "/state", "1"));
        CU_ASSERT_TRUE(xs_kit_is(BACK_VBD "/online", "1"));
        CHECK_OK(hd_xenbus_close(xs, d, 2, true, &err), &err);
        CU_ASSERT_TRUE(xs_kit_is(BACK_VBD "/online", "0"));
    }
}

static void an_end_that_cannot_be_read_has_no_state(void)
{
    struct hd_xenbus_device d[2];
    hd_auto(hd_xs) xs = two(d);
    enum hd_xenbus_state state = HD_XENBUS_CONNECTED;
    struct hd_err err = {0};

    CHECK_OK(hd_xenbus_add(xs, d, 2, NULL, &err), &err);
    xs_kit.read_errno = EIO;
    CHECK_FAILS(hd_xenbus_back_state(xs, d, &state, &err), &err, HD_E_IO,
                "cannot read xenstore " BACK_VBD "/state");
    CHECK_FAILS(hd_xenbus_front_state(xs, d, &state, &err), &err, HD_E_IO,
                "cannot read xenstore " FRONT_VBD "/state");
    CU_ASSERT_EQUAL(state, HD_XENBUS_CONNECTED);
    /* What a guest writes there is its own affair. */
    xs_kit.read_errno = 0;
    xs_kit_put(FRONT_VBD "/state", "\x1b and more");
    CHECK_OK(hd_xenbus_front_state(xs, d, &state, &err), &err);
    CU_ASSERT_EQUAL(state, HD_XENBUS_NONE);
}

static void what_libxl_has_recorded_is_found_again(void)
{
    struct hd_xenbus_device d[2], found[4];
    hd_auto(hd_xs) xs = two(d);
    struct hd_err err = {0};
    size_t n = 99;

    CHECK_OK(hd_xenbus_add(xs, d, 2, NULL, &err), &err);
    xs_kit_put("/libxl/7/device/vbd/no-number/backend", "x");
    CHECK_OK(hd_xenbus_list(xs, "vbd", 7, found, 4, &n, &err), &err);
    CU_ASSERT_EQUAL_FATAL(n, 1);
    CU_ASSERT_EQUAL(found[0].devid, 51712);
    CHECK_OK(hd_xenbus_list(xs, "vbd", 8, found, 4, &n, &err), &err);
    CU_ASSERT_EQUAL(n, 0);
}

static void who_looks_elsewhere_rests_as_long_without_xenstored(void)
{
    struct hd_xenbus_device d[2];
    hd_auto(hd_xs) xs = two(d);
    struct hd_err err = {0};
    uint64_t began = hd_io_now_ms();

    CHECK_OK(hd_xs_watch(xs, "@releaseDomain", "ended", &err), &err);
    hd_xs_rest(xs, began + 5000); /* an event waits */
    CU_ASSERT(hd_io_now_ms() < began + 4000);
    xs_kit.lost = true;
    began = hd_io_now_ms();
    CHECK_FAILS(hd_xs_wait(xs, began + 60, &err), &err, HD_E_IO, "went away");
    hd_xs_rest(xs, began + 60);
    CU_ASSERT(hd_io_now_ms() >= began + 59);
}

/* ---- disks */

static void a_disks_number_comes_from_its_letter(void)
{
    CU_ASSERT_EQUAL(hd_vbd_devid("xvda"), 51712);
    CU_ASSERT_EQUAL(hd_vbd_devid("xvdp"), 51952);
    CU_ASSERT_EQUAL(hd_vbd_devid("xvdq"), 0);
    CU_ASSERT_EQUAL(hd_vbd_devid("sda"), 0);
    CU_ASSERT_EQUAL(hd_vbd_devid("xvda1"), 0);
    CU_ASSERT_EQUAL(hd_vbd_devid(""), 0);
}

static void only_volumes_of_ours_become_disks(void)
{
    struct hd_vbd vbd = {.domid = 7, .vdev = "xvda", .path = "/dev/sda"};
    struct hd_xenbus_device d;
    struct hd_err err = {0};

    CHECK_FAILS(hd_vbd_describe(&vbd, &d, &err), &err, HD_E_DENIED, "/dev/sda");
    vbd.path = "/dev/mapper/hotdom-no-such";
    CHECK_FAILS(hd_vbd_describe(&vbd, &d, &err), &err, HD_E_GONE, "no-such");
    vbd.vdev = "hda";
    CHECK_FAILS(hd_vbd_describe(&vbd, &d, &err), &err, HD_E_USAGE, "hda");
}

static const struct hd_test tests[] = {
    HD_TEST(a_device_has_both_ends_and_libxls_record),
    HD_TEST(what_xl_alone_reads_is_in_its_record_alone),
    HD_TEST(what_a_process_serves_already_is_ready_from_the_first_moment),
    HD_TEST(the_guest_owns_its_end_and_reads_the_other),
    HD_TEST(a_device_that_is_there_is_not_replaced),
    HD_TEST(a_lost_race_is_run_again),
    HD_TEST(a_race_that_is_always_lost_ends),
    HD_TEST(a_full_quota_leaves_no_half_device_wherever_it_is_met),
    HD_TEST(all_backends_are_waited_for),
    HD_TEST(a_backend_that_gives_up_says_why),
    HD_TEST(a_backend_that_never_gets_ready_ends_at_the_deadline),
    HD_TEST(a_state_that_is_none_is_a_backend_that_gave_up),
    HD_TEST(by_force_a_frontend_goes_first_and_then_its_backend),
    HD_TEST(removed_devices_leave_no_node_on_any_side),
    HD_TEST(a_backend_that_is_gone_does_not_come_back_as_two_nodes),
    HD_TEST(what_xenstored_does_not_say_is_no_backend_that_is_gone),
    HD_TEST(what_xenstored_does_not_say_is_not_closed),
    HD_TEST(an_end_that_cannot_be_read_has_no_state),
    HD_TEST(what_libxl_has_recorded_is_found_again),
    HD_TEST(who_looks_elsewhere_rests_as_long_without_xenstored),
    HD_TEST(a_disks_number_comes_from_its_letter),
    HD_TEST(only_volumes_of_ours_become_disks),
};

HD_SUITE("bus/xenbus", tests);
