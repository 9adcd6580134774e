/* SPDX-License-Identifier: MIT */
/* The host scan while devices are pulled out: what was listed is gone when it
 * is read. */
#include <stdio.h>
#include <stdlib.h>

#include "../../hv/host/scan.h"
#include "../../pv-drivers/base/mem.h"
#include "sysfs_kit.h"
#include "unit.h"

static void put_devices(const struct hd_kit_tree *t)
{
    hd_kit_put(t, "sys/bus/usb/devices/1-1/idVendor", "0781\n");
    hd_kit_put(t, "sys/bus/usb/devices/1-2/idVendor", "0781\n");
    hd_kit_put(t, "sys/bus/pci/devices/0000:00:01.0/vendor", "0x8086\n");
    hd_kit_put(t, "sys/bus/pci/devices/0000:00:02.0/vendor", "0x8086\n");
    hd_kit_put(t, "sys/class/block/sda/size", "8\n");
    hd_kit_put(t, "sys/class/block/sdb/size", "8\n");
    hd_kit_put(t, "sys/class/input/input1/name", "keyboard\n");
    hd_kit_put(t, "sys/class/input/input2/name", "mouse\n");
}

static void scan(struct hd_inventory *inv, const struct hd_kit_tree *t)
{
    hd_scan_usb(inv, t->root);
    hd_scan_pci(inv, t->root);
    hd_scan_disks(inv, t->root);
    hd_scan_parts(inv, t->root);
}

/* Takes `path` away while it is listed and gives what was seen. */
static struct hd_inventory *scan_without(const char *path)
{
    struct hd_inventory *inv = calloc(1, sizeof(*inv));
    struct hd_kit_tree t;
    char full[160];

    hd_kit_tree_init(&t);
    put_devices(&t);
    snprintf(full, sizeof(full), "%s/%s", t.path, path);
    hd_kit_victim = full;
    scan(inv, &t);
    hd_kit_victim = NULL;
    hd_kit_tree_fini(&t);
    return inv;
}

static void a_device_that_vanishes_is_left_out_and_the_others_stay(void)
{
    static const char *const gone[] = {
        "sys/bus/usb/devices/1-1", "sys/bus/pci/devices/0000:00:01.0",
        "sys/class/block/sda", "sys/class/input/input1"};

    for (size_t i = 0; i < HD_ARRAY_LEN(gone); i++) {
        hd_autofree struct hd_inventory *inv = scan_without(gone[i]);

        CU_ASSERT_EQUAL(inv->n_usb, 2 - (i == 0));
        CU_ASSERT_EQUAL(inv->n_pci, 2 - (i == 1));
        CU_ASSERT_EQUAL(inv->n_disks, 2 - (i == 2));
        CU_ASSERT_EQUAL(inv->n_parts, 2 - (i == 3));
        CU_ASSERT_EQUAL(inv->left_out, 0);
    }
}

static void a_folder_that_vanishes_leaves_nothing(void)
{
    hd_autofree struct hd_inventory *inv = scan_without("sys");

    CU_ASSERT_EQUAL(inv->n_usb + inv->n_pci + inv->n_disks + inv->n_parts, 0);
}

static void an_attribute_that_vanishes_is_empty(void)
{
    hd_autofree struct hd_inventory *inv =
        scan_without("sys/bus/usb/devices/1-2/idVendor");

    CU_ASSERT_EQUAL_FATAL(inv->n_usb, 2);
    CU_ASSERT_EQUAL(inv->usb[1].vendor, 0);
}

/* A link of /sys/class outlives its device for a moment. */
static void links_that_lead_nowhere_are_no_devices(void)
{
    hd_autofree struct hd_inventory *inv = calloc(1, sizeof(*inv));
    struct hd_kit_tree t;

    hd_kit_tree_init(&t);
    hd_kit_point(&t, "sys/bus/usb/devices/1-1", "../../../devices/none");
    hd_kit_point(&t, "sys/bus/pci/devices/0000:00:01.0", "../none");
    hd_kit_point(&t, "sys/class/block/sda", "../../devices/none/sda");
    hd_kit_point(&t, "sys/class/input/input1", "input1");
    hd_kit_point(&t, "sys/class/tty/ttyS0", "../../devices/none/ttyS0");
    scan(inv, &t);
    CU_ASSERT_EQUAL(inv->n_usb + inv->n_pci + inv->n_disks + inv->n_parts, 0);
    hd_kit_tree_fini(&t);
}

static const struct hd_test tests[] = {
    HD_TEST(a_device_that_vanishes_is_left_out_and_the_others_stay),
    HD_TEST(a_folder_that_vanishes_leaves_nothing),
    HD_TEST(an_attribute_that_vanishes_is_empty),
    HD_TEST(links_that_lead_nowhere_are_no_devices),
};

HD_SUITE("host/inventory_vanish", tests);
