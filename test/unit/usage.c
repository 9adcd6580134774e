/* SPDX-License-Identifier: MIT */
/* Tests hv/host/usage: the kernel's counters of guests' devices. */
#include <string.h>

#include "../../hv/host/usage.h"
#include "../../pv-drivers/base/mem.h"
#include "sysfs_kit.h"
#include "unit.h"

static void disk(const struct hd_kit_tree *t, const char *name,
                 const char *read, const char *written)
{
    static const char *const files[] = {"rd_sect", "wr_sect", "rd_req",
                                        "wr_req"};
    char path[160];

    for (size_t i = 0; i < HD_ARRAY_LEN(files); i++) {
        snprintf(path, sizeof(path),
                 "sys/bus/xen-backend/devices/%s/statistics/%s", name,
                 files[i]);
        hd_kit_put(t, path, i % 2 ? written : read);
    }
}

static void all_disks_and_nics_of_a_domain_are_added_up(void)
{
    struct hd_usage u[8];
    struct hd_kit_tree t;

    hd_kit_tree_init(&t);
    disk(&t, "vbd-12-51712", "100\n", "7\n");
    disk(&t, "vbd-12-51728", "20\n", "3\n");
    disk(&t, "vbd-3-51712", "1\n", "0\n");
    hd_kit_put(&t, "sys/bus/xen-backend/devices/vif-12-1/nodename", "x\n");
    hd_kit_put(&t, "sys/class/net/vif12.1/statistics/rx_bytes", "4096\n");
    hd_kit_put(&t, "sys/class/net/vif12.1/statistics/tx_bytes", "512\n");
    hd_kit_put(&t, "sys/class/net/vif12.1/statistics/rx_packets", "4\n");
    hd_kit_put(&t, "sys/class/net/vif12.1/statistics/tx_packets", "1\n");
    CU_ASSERT_EQUAL_FATAL(hd_usage_scan(t.root, u, 8), 2);
    CU_ASSERT_EQUAL(u[0].domid, 3);
    CU_ASSERT_EQUAL(u[0].disk_read_bytes, 512);
    CU_ASSERT_EQUAL(u[1].domid, 12);
    CU_ASSERT_EQUAL(u[1].n_disks, 2);
    CU_ASSERT_EQUAL(u[1].disk_read_bytes, 120 * 512);
    CU_ASSERT_EQUAL(u[1].disk_written_bytes, 10 * 512);
    CU_ASSERT_EQUAL(u[1].disk_reads, 120);
    CU_ASSERT_EQUAL(u[1].disk_writes, 10);
    CU_ASSERT_EQUAL(u[1].n_nics, 1);
    CU_ASSERT_EQUAL(u[1].net_sent_bytes, 4096);
    CU_ASSERT_EQUAL(u[1].net_received_bytes, 512);
    CU_ASSERT_EQUAL(u[1].net_sent, 4);
    CU_ASSERT_EQUAL(u[1].net_received, 1);
    hd_kit_tree_fini(&t);
}

static void what_is_no_disk_or_nic_of_a_guest_is_left_out(void)
{
    static const char *const others[] = {"vkbd-3-0", "vbd-3", "vbd-3-1-2",
                                         "vbx-3-51712", "console-3-0"};
    struct hd_usage u[8];
    struct hd_kit_tree t;

    hd_kit_tree_init(&t);
    CU_ASSERT_EQUAL(hd_usage_scan(t.root, u, 8), 0); /* no such folder */
    for (size_t i = 0; i < HD_ARRAY_LEN(others); i++)
        disk(&t, others[i], "9\n", "9\n");
    CU_ASSERT_EQUAL(hd_usage_scan(t.root, u, 8), 0);
    hd_kit_tree_fini(&t);
}

static void one_that_goes_meanwhile_has_moved_nothing(void)
{
    struct hd_usage u[8];
    struct hd_kit_tree t;

    hd_kit_tree_init(&t);
    hd_kit_put(&t, "sys/bus/xen-backend/devices/vbd-4-51712/nodename", "x\n");
    CU_ASSERT_EQUAL_FATAL(hd_usage_scan(t.root, u, 8), 1);
    CU_ASSERT_EQUAL(u[0].disk_read_bytes, 0);
    hd_kit_tree_fini(&t);
}

static void no_more_are_taken_than_there_is_room_for(void)
{
    struct hd_usage u[2] = {{0}, {.domid = 77}};
    struct hd_kit_tree t;

    hd_kit_tree_init(&t);
    disk(&t, "vbd-1-51712", "1\n", "1\n");
    disk(&t, "vbd-2-51712", "2\n", "2\n");
    CU_ASSERT_EQUAL(hd_usage_scan(t.root, u, 1), 1);
    CU_ASSERT_EQUAL(u[0].domid, 1);
    CU_ASSERT_EQUAL(u[1].domid, 77);
    hd_kit_tree_fini(&t);
}

static const struct hd_test tests[] = {
    HD_TEST(all_disks_and_nics_of_a_domain_are_added_up),
    HD_TEST(what_is_no_disk_or_nic_of_a_guest_is_left_out),
    HD_TEST(one_that_goes_meanwhile_has_moved_nothing),
    HD_TEST(no_more_are_taken_than_there_is_room_for),
};

HD_SUITE("host/usage", tests);
