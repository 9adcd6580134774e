/* SPDX-License-Identifier: MIT */
/* Tests hv/host/lun and hv/watch/portal: which disks are LUNs, and which of
 * them is lost. */
#include <fcntl.h>
#include <string.h>

#include "../../hv/host/lun.h"
#include "../../hv/watch/portal.h"
#include "../../pv-drivers/base/io.h"
#include "sysfs_kit.h"
#include "unit.h"

#define SESSION "devices/platform/host3/session1/target3:0:0/3:0:0:1"
#define USB     "devices/pci0000:00/usb2/2-3/host0/target0:0:0/0:0:0:0"

static void make_disks(struct hd_kit_tree *t)
{
    hd_kit_tree_init(t);
    hd_kit_put(t, SESSION "/block/sdb/diskseq", "7\n");
    hd_kit_put(t, SESSION "/block/sdb/device/state", "running\n");
    hd_kit_put(t, SESSION "/block/sdb/device/delete", "");
    hd_kit_point(t, "block/sdb", "../" SESSION "/block/sdb");
    hd_kit_put(t, USB "/block/sda/device/state", "running\n");
    hd_kit_point(t, "block/sda", "../" USB "/block/sda");
}

static void a_disk_of_a_session_is_a_lun_and_no_other_is(void)
{
    struct hd_kit_tree t;

    make_disks(&t);
    CU_ASSERT_TRUE(hd_lun_is_one(t.root, "sdb"));
    CU_ASSERT_FALSE(hd_lun_is_one(t.root, "sda"));
    CU_ASSERT_FALSE(hd_lun_is_one(t.root, "sdc"));
    hd_kit_tree_fini(&t);
}

static void a_lun_is_silent_while_the_kernel_holds_it_back_or_gave_it_up(void)
{
    static const struct {
        const char *state;
        enum hd_lun_state want;
    } cases[] = {
        {"running\n", HD_LUN_RUNS},
        {"quiesce\n", HD_LUN_RUNS},
        {"blocked\n", HD_LUN_SILENT},
        {"transport-offline\n", HD_LUN_SILENT},
        {"", HD_LUN_RUNS},
    };
    struct hd_kit_tree t;

    make_disks(&t);
    for (size_t i = 0; i < HD_ARRAY_LEN(cases); i++) {
        hd_kit_put(&t, SESSION "/block/sdb/device/state", cases[i].state);
        CU_ASSERT_EQUAL(hd_lun_state(t.root, "sdb"), cases[i].want);
    }
    CU_ASSERT_EQUAL(hd_lun_state(t.root, "sdc"), HD_LUN_RUNS);
    hd_kit_tree_fini(&t);
}

static bool is_deleted(const struct hd_kit_tree *t)
{
    char path[256], c = '0';
    hd_autofd int fd = -1;

    snprintf(path, sizeof(path), SESSION "/block/sdb/device/delete");
    fd = openat(t->root, path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && read(fd, &c, 1) == 1 && c == '1';
}

static void another_disk_of_that_name_is_not_removed(void)
{
    struct hd_err err = {0};
    struct hd_kit_tree t;

    make_disks(&t);
    CHECK_OK(hd_lun_remove(t.root, "sdb", 6, &err), &err);
    CU_ASSERT_FALSE(is_deleted(&t));
    CHECK_OK(hd_lun_remove(t.root, "sdc", 7, &err), &err);
    CHECK_OK(hd_lun_remove(t.root, "sdb", 7, &err), &err);
    CU_ASSERT_TRUE(is_deleted(&t));
    hd_kit_tree_fini(&t);
}

static void a_portal_is_lost_when_it_was_silent_all_the_time(void)
{
    uint64_t since = 0;

    CU_ASSERT_FALSE(hd_portal_is_lost(&since, false, 1000));
    CU_ASSERT_FALSE(hd_portal_is_lost(&since, true, 2000));
    CU_ASSERT_FALSE(hd_portal_is_lost(&since, true, 13999));
    CU_ASSERT_TRUE(hd_portal_is_lost(&since, true, 14000));
    /* One word in between, and it begins anew. */
    CU_ASSERT_FALSE(hd_portal_is_lost(&since, false, 15000));
    CU_ASSERT_FALSE(hd_portal_is_lost(&since, true, 20000));
    CU_ASSERT_FALSE(hd_portal_is_lost(&since, true, 31999));
    CU_ASSERT_TRUE(hd_portal_is_lost(&since, true, 32000));
}

static const struct hd_test tests[] = {
    HD_TEST(a_disk_of_a_session_is_a_lun_and_no_other_is),
    HD_TEST(a_lun_is_silent_while_the_kernel_holds_it_back_or_gave_it_up),
    HD_TEST(another_disk_of_that_name_is_not_removed),
    HD_TEST(a_portal_is_lost_when_it_was_silent_all_the_time),
};

HD_SUITE("host/lun", tests);
