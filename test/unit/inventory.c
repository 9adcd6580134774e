/* SPDX-License-Identifier: MIT */
/* The host scan against folders that look like sysfs; the hypercalls and the
 * real host are the bed's. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../../hv/host/scan.h"
#include "../../hv/host/sysfs.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/net/links.h"
#include "sysfs_kit.h"
#include "unit.h"

#define DISKS "sys/devices/pci0000:00/0000:00:1c.4/0000:03:00.0/block/"

static void disks_are_named_with_their_bus_and_size(void)
{
    hd_autofree struct hd_inventory *inv = calloc(1, sizeof(*inv));
    struct hd_kit_tree t;

    hd_kit_tree_init(&t);
    hd_kit_put(&t, "sys/devices/pci0/usb2/2-1/host4/block/sdb/size",
               "62521344\n");
    hd_kit_put(&t, "sys/devices/pci0/usb2/2-1/host4/block/sdb/removable",
               "1\n");
    hd_kit_put(&t, "sys/devices/pci0/usb2/2-1/host4/block/sdb/device/model",
               "Ultra Fit       \n");
    hd_kit_put(&t, "sys/devices/pci0/usb2/2-1/host4/block/sdb/sdb1/partition",
               "1\n");
    hd_kit_put(&t, "sys/devices/virtual/block/dm-0/size", "8\n");
    hd_kit_point(&t, "sys/class/block/sdb",
                 "../../devices/pci0/usb2/2-1/host4/block/sdb");
    hd_kit_point(&t, "sys/class/block/sdb1",
                 "../../devices/pci0/usb2/2-1/host4/block/sdb/sdb1");
    hd_kit_point(&t, "sys/class/block/dm-0",
                 "../../devices/virtual/block/dm-0");
    hd_scan_disks(inv, t.root);
    CU_ASSERT_EQUAL_FATAL(inv->n_disks, 1);
    CU_ASSERT_STRING_EQUAL(inv->disks[0].name, "sdb");
    CU_ASSERT_STRING_EQUAL(inv->disks[0].bus, "usb");
    CU_ASSERT_STRING_EQUAL(inv->disks[0].model, "Ultra Fit");
    CU_ASSERT_EQUAL(inv->disks[0].size, 62521344ull * 512);
    CU_ASSERT_TRUE(inv->disks[0].removable);
    CU_ASSERT_FALSE(inv->disks[0].root);
    hd_kit_tree_fini(&t);
}

/* sdb is mounted, sdd below a dm device, sde a store, sdf free. */
static void disks_that_the_host_uses_are_marked(void)
{
    static const char *const disks[] = {"sdb", "sdd", "sde", "sdf"};
    hd_autofree struct hd_inventory *inv = calloc(1, sizeof(*inv));
    char path[256], to[200];
    struct hd_kit_tree t;

    hd_kit_tree_init(&t);
    for (size_t i = 0; i < HD_ARRAY_LEN(disks); i++) {
        snprintf(to, sizeof(to), DISKS "%s", disks[i]);
        snprintf(path, sizeof(path), "%s/size", to);
        hd_kit_put(&t, path, "8\n");
        snprintf(path, sizeof(path), "%s/%s1/partition", to, disks[i]);
        hd_kit_put(&t, path, "1\n");
        snprintf(path, sizeof(path), "sys/class/block/%s", disks[i]);
        snprintf(to, sizeof(to),
                 "../../devices/pci0000:00/0000:00:1c.4/"
                 "0000:03:00.0/block/%s",
                 disks[i]);
        hd_kit_point(&t, path, to);
        snprintf(path, sizeof(path), "sys/class/block/%s1", disks[i]);
        snprintf(to + strlen(to), 16, "/%s1", disks[i]);
        hd_kit_point(&t, path, to);
    }
    hd_kit_put(&t, DISKS "sdb/diskseq", "17\n");
    hd_kit_point(&t, "sys/dev/block/8:17", "../../class/block/sdb1");
    hd_kit_put(&t, "proc/self/mountinfo",
               "30 1 8:17 / /mnt rw - ext4 /dev/none rw\n");
    hd_kit_put(&t, DISKS "sdd/sdd1/holders/dm-0/x", "");
    hd_kit_put(&t, DISKS "sde/sde1/uevent",
               "MAJOR=8\nPARTN=1\nPARTNAME=hotdom:travel\n");
    hd_kit_put(&t, DISKS "sdf/sdf1/uevent", "PARTN=1\nPARTNAME=photos\n");
    hd_scan_disks(inv, t.root);
    CU_ASSERT_EQUAL_FATAL(inv->n_disks, 4);
    CU_ASSERT_EQUAL(inv->disks[0].diskseq, 17);
    for (uint32_t i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL(inv->disks[i].in_use, i < 2);
        CU_ASSERT_EQUAL(inv->disks[i].store, i == 2);
        CU_ASSERT_STRING_EQUAL(inv->disks[i].pci, "0000:00:1c.4/0000:03:00.0/");
        CU_ASSERT_FALSE(inv->disks[i].root);
    }
    hd_kit_tree_fini(&t);
}

static void a_root_below_other_devices_is_found(void)
{
    hd_autofree struct hd_inventory *inv = calloc(1, sizeof(*inv));
    struct hd_kit_tree t;

    hd_kit_tree_init(&t);
    hd_kit_put(&t, DISKS "sdb/sdb2/partition", "2\n");
    hd_kit_put(&t, "sys/devices/virtual/block/dm-0/slaves/sdb2/x", "");
    hd_kit_point(&t, "sys/class/block/sdb",
                 "../../devices/pci0000:00/"
                 "0000:00:1c.4/0000:03:00.0/block/sdb");
    hd_kit_point(&t, "sys/class/block/sdb2",
                 "../../devices/pci0000:00/"
                 "0000:00:1c.4/0000:03:00.0/block/sdb/sdb2");
    hd_kit_point(&t, "sys/class/block/dm-0",
                 "../../devices/virtual/block/dm-0");
    hd_kit_point(&t, "sys/dev/block/254:0", "../../devices/virtual/block/dm-0");
    hd_kit_put(&t, "proc/self/mountinfo",
               "22 1 254:0 / / rw,noatime shared:1 - ext4 /dev/none rw\n");
    hd_scan_disks(inv, t.root);
    CU_ASSERT_EQUAL_FATAL(inv->n_disks, 1);
    CU_ASSERT_TRUE(inv->disks[0].root);
    CU_ASSERT_TRUE(inv->disks[0].in_use);
    hd_kit_tree_fini(&t);
}

static void a_path_gives_the_pci_devices_on_it(void)
{
    static const struct {
        const char *path, *want;
    } cases[] = {
        {"../../devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/host4",
         "0000:00:14.0/"},
        {"../../devices/pci10000:e0/10000:e0:06.0/10000:e1:00.0/nvme/nvme0",
         "10000:e0:06.0/10000:e1:00.0/"},
        {"../../devices/virtual/block/dm-0", ""},
        {"0000:00:14", ""},
        {"0000:00:14.0x/0000:00:1.0/:::/.", ""},
        {"", ""},
    };
    char ret[HD_HOST_PATH], small[16];

    for (size_t i = 0; i < HD_ARRAY_LEN(cases); i++) {
        hd_sysfs_pci(cases[i].path, ret, sizeof(ret));
        CU_ASSERT_STRING_EQUAL(ret, cases[i].want);
    }
    hd_sysfs_pci("0000:00:1c.0/0000:03:00.0", small, sizeof(small));
    CU_ASSERT_STRING_EQUAL(small, "0000:03:00.0/");
}

static void usb_devices_are_listed_without_hubs_and_interfaces(void)
{
    hd_autofree struct hd_inventory *inv = calloc(1, sizeof(*inv));
    struct hd_kit_tree t;

    hd_kit_tree_init(&t);
    hd_kit_put(&t, "sys/bus/usb/devices/usb1/bDeviceClass", "09\n");
    hd_kit_put(&t, "sys/bus/usb/devices/1-1/bDeviceClass", "09\n");
    hd_kit_put(&t, "sys/bus/usb/devices/1-1.4/bDeviceClass", "00\n");
    hd_kit_put(&t, "sys/bus/usb/devices/1-1.4/idVendor", "0781\n");
    hd_kit_put(&t, "sys/bus/usb/devices/1-1.4/idProduct", "5583\n");
    hd_kit_put(&t, "sys/bus/usb/devices/1-1.4/manufacturer", "SanDisk\n");
    hd_kit_put(&t, "sys/bus/usb/devices/1-1.4/product", "Ultra Fit\n");
    hd_kit_put(&t, "sys/bus/usb/devices/1-1.4/1-1.4:1.0/bInterfaceClass",
               "08\n");
    hd_kit_point(&t, "sys/bus/usb/devices/1-1.4/1-1.4:1.0/driver",
                 "../../drivers/usb-storage");
    hd_kit_put(&t, "sys/bus/usb/devices/1-1.4:1.0/bInterfaceClass", "08\n");
    hd_scan_usb(inv, t.root);
    CU_ASSERT_EQUAL_FATAL(inv->n_usb, 1);
    CU_ASSERT_STRING_EQUAL(inv->usb[0].address, "1-1.4");
    CU_ASSERT_STRING_EQUAL(inv->usb[0].name, "SanDisk Ultra Fit");
    CU_ASSERT_STRING_EQUAL(inv->usb[0].driver, "usb-storage");
    CU_ASSERT_EQUAL(inv->usb[0].vendor, 0x0781);
    CU_ASSERT_EQUAL(inv->usb[0].product, 0x5583);
    CU_ASSERT_EQUAL(inv->usb[0].class, 8);
    hd_kit_tree_fini(&t);
}

/* What a device says of itself goes to terminals and JSON. */
static void hostile_usb_strings_become_one_printable_line(void)
{
    hd_autofree struct hd_inventory *inv = calloc(1, sizeof(*inv));
    char long_text[4097];
    struct hd_kit_tree t;

    hd_kit_tree_init(&t);
    memset(long_text, 'A', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    hd_kit_put(&t, "sys/bus/usb/devices/1-1/product",
               "a\x1b[2J\xff\xe2\x80\xae b\nc");
    hd_kit_put(&t, "sys/bus/usb/devices/1-2/product", long_text);
    hd_kit_put(&t, "sys/bus/usb/devices/1-2/manufacturer", "\n\n");
    hd_scan_usb(inv, t.root);
    CU_ASSERT_EQUAL_FATAL(inv->n_usb, 2);
    CU_ASSERT_STRING_EQUAL(inv->usb[0].name, "a?[2J?\? b");
    CU_ASSERT_EQUAL(strlen(inv->usb[1].name), HD_HOST_TEXT / 2 - 1);
    hd_kit_tree_fini(&t);
}

static void pci_devices_are_free_assignable_or_in_use(void)
{
    hd_autofree struct hd_inventory *inv = calloc(1, sizeof(*inv));
    struct hd_kit_tree t;

    hd_kit_tree_init(&t);
    hd_kit_put(&t, "sys/bus/pci/devices/0000:00:01.0/class", "0x010000\n");
    hd_kit_put(&t, "sys/bus/pci/devices/0000:00:02.0/vendor", "0x8086\n");
    hd_kit_point(&t, "sys/bus/pci/devices/0000:00:02.0/driver",
                 "../../drivers/e1000e");
    hd_kit_put(&t, "sys/bus/pci/devices/0000:00:03.0/device", "0x10d3\n");
    hd_kit_point(&t, "sys/bus/pci/devices/0000:00:03.0/driver",
                 "../../drivers/pciback");
    hd_scan_pci(inv, t.root);
    CU_ASSERT_EQUAL_FATAL(inv->n_pci, 3);
    CU_ASSERT_EQUAL(inv->pci[0].state, HD_PCI_FREE);
    CU_ASSERT_EQUAL(inv->pci[0].class, 0x010000);
    CU_ASSERT_EQUAL(inv->pci[1].state, HD_PCI_IN_USE);
    CU_ASSERT_EQUAL(inv->pci[1].vendor, 0x8086);
    CU_ASSERT_EQUAL(inv->pci[2].state, HD_PCI_ASSIGNABLE);
    CU_ASSERT_EQUAL(inv->pci[2].device, 0x10d3);
    hd_kit_tree_fini(&t);
}

static void more_devices_than_there_is_room_for_are_counted(void)
{
    hd_autofree struct hd_inventory *inv = calloc(1, sizeof(*inv));
    struct hd_kit_tree t;
    char path[80];

    hd_kit_tree_init(&t);
    for (int i = 0; i < HD_MAX_PCI + 3; i++) {
        snprintf(path, sizeof(path), "sys/bus/pci/devices/0000:%02x:%02x.0/x",
                 i >> 5, i & 31);
        hd_kit_put(&t, path, "");
    }
    hd_scan_pci(inv, t.root);
    CU_ASSERT_EQUAL(inv->n_pci, HD_MAX_PCI);
    CU_ASSERT_EQUAL(inv->left_out, 3);
    hd_kit_tree_fini(&t);
}

static void parts_are_listed_and_absent_serial_ports_are_not(void)
{
    hd_autofree struct hd_inventory *inv = calloc(1, sizeof(*inv));
    struct hd_kit_tree t;

    hd_kit_tree_init(&t);
    hd_kit_put(&t, "sys/class/graphics/fb0/name", "EFI VGA\n");
    hd_kit_put(&t, "sys/class/graphics/fbcon/x", "");
    hd_kit_put(&t, "sys/class/input/input3/name", "AT keyboard\n");
    hd_kit_put(&t, "sys/class/input/mouse0/x", "");
    hd_kit_put(&t, "sys/class/sound/card1/id", "PCH\n");
    hd_kit_put(&t, "sys/class/tty/ttyS0/type", "4\n");
    hd_kit_put(&t, "sys/class/tty/ttyS1/type", "0\n");
    hd_kit_put(&t, "sys/class/tty/tty1/x", "");
    hd_scan_parts(inv, t.root);
    CU_ASSERT_EQUAL_FATAL(inv->n_parts, 4);
    CU_ASSERT_EQUAL(inv->parts[0].class, HD_PART_DISPLAY);
    CU_ASSERT_STRING_EQUAL(inv->parts[0].text, "EFI VGA");
    CU_ASSERT_STRING_EQUAL(inv->parts[1].text, "AT keyboard");
    CU_ASSERT_STRING_EQUAL(hd_host_part_class(inv->parts[2].class), "sound");
    CU_ASSERT_STRING_EQUAL(inv->parts[3].name, "ttyS0");
    hd_kit_tree_fini(&t);
}

static void a_serial_port_says_what_it_hangs_on_and_who_has_it(void)
{
    hd_autofree struct hd_inventory *inv = calloc(1, sizeof(*inv));
    struct hd_kit_tree t;

    hd_kit_tree_init(&t);
    hd_kit_put(&t, "sys/class/tty/console/active", "tty0 ttyUSB1\n");
    hd_kit_put(&t,
               "sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/ttyUSB1/"
               "tty/ttyUSB1/dev",
               "188:1\n");
    hd_kit_point(&t, "sys/class/tty/ttyUSB1",
                 "../../devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/"
                 "ttyUSB1/tty/ttyUSB1");
    hd_kit_put(&t, "sys/class/tty/ttyUSB/x", "");
    hd_kit_put(&t, "sys/class/tty/ttyUSB10/x", "");
    hd_scan_parts(inv, t.root);
    CU_ASSERT_EQUAL_FATAL(inv->n_parts, 3);
    CU_ASSERT_FALSE(inv->parts[0].console);
    CU_ASSERT_STRING_EQUAL(inv->parts[1].name, "ttyUSB1");
    CU_ASSERT_STRING_EQUAL(inv->parts[1].usb, "1-2");
    CU_ASSERT_TRUE(inv->parts[1].console);
    CU_ASSERT_STRING_EQUAL(inv->parts[2].usb, "");
    CU_ASSERT_FALSE(inv->parts[2].console);
    hd_kit_tree_fini(&t);
}

static void a_graphics_card_hides_its_frame_buffer(void)
{
    hd_autofree struct hd_inventory *inv = calloc(1, sizeof(*inv));
    struct hd_kit_tree t;

    hd_kit_tree_init(&t);
    hd_kit_put(&t, "sys/class/graphics/fb0/name", "i915\n");
    hd_kit_put(&t, "sys/class/drm/card0-DP-1/x", "");
    hd_kit_put(&t, "sys/class/drm/renderD128/x", "");
    hd_kit_point(&t, "sys/class/drm/card0/device/driver", "../../drivers/i915");
    hd_scan_parts(inv, t.root);
    CU_ASSERT_EQUAL_FATAL(inv->n_parts, 1);
    CU_ASSERT_STRING_EQUAL(inv->parts[0].name, "card0");
    CU_ASSERT_STRING_EQUAL(inv->parts[0].text, "i915");
    hd_kit_tree_fini(&t);
}

static void the_system_is_known_by_its_files(void)
{
    hd_autofree struct hd_inventory *inv = calloc(1, sizeof(*inv));
    struct hd_kit_tree t;

    hd_kit_tree_init(&t);
    hd_kit_put(&t, "usr/lib/os-release", "NAME=x\nPRETTY_NAME=\"Debian 12\"\n");
    hd_kit_point(&t, "etc/localtime", "/usr/share/zoneinfo/Europe/Berlin");
    hd_kit_put(&t, "etc/default/locale", "#  File\nLANG=de_DE.UTF-8\n");
    hd_kit_put(&t, "etc/default/keyboard",
               "XKBMODEL=\"pc105\"\nXKBLAYOUT=\"de\"\n");
    hd_kit_put(&t, "proc/cpuinfo",
               "processor\t: 0\nmodel name\t: Xeon\nflags\t\t: fpu aes sse4_2\n"
               "flags\t\t: of another\n");
    hd_kit_put(&t, "proc/meminfo",
               "MemTotal:  900 kB\nMemAvailable:  512 kB\n");
    hd_scan_os(inv, t.root);
    hd_scan_cpu(inv, t.root);
    hd_scan_dom0(inv, t.root);
    CU_ASSERT_EQUAL(inv->dom0_available, 512 << 10);
    CU_ASSERT_STRING_EQUAL(inv->os.release, "Debian 12");
    CU_ASSERT_STRING_EQUAL(inv->os.time_zone, "Europe/Berlin");
    CU_ASSERT_STRING_EQUAL(inv->os.locale, "de_DE.UTF-8");
    CU_ASSERT_STRING_EQUAL(inv->os.keyboard, "de");
    CU_ASSERT_STRING_EQUAL(inv->cpu_model, "Xeon");
    CU_ASSERT_STRING_EQUAL(inv->cpu_features, "fpu aes sse4_2");
    hd_kit_tree_fini(&t);
}

static void a_system_without_files_has_the_documented_defaults(void)
{
    hd_autofree struct hd_inventory *inv = calloc(1, sizeof(*inv));
    struct hd_kit_tree t;

    hd_kit_tree_init(&t);
    hd_scan_os(inv, t.root);
    hd_scan_disks(inv, t.root);
    hd_scan_parts(inv, t.root);
    CU_ASSERT_STRING_EQUAL(inv->os.time_zone, "UTC");
    CU_ASSERT_STRING_EQUAL(inv->os.locale, "C.UTF-8");
    CU_ASSERT_STRING_EQUAL(inv->os.keyboard, "");
    CU_ASSERT_EQUAL(inv->n_disks + inv->n_parts, 0);
    hd_kit_tree_fini(&t);
}

static void interfaces_are_listed_with_the_loopback_marked(void)
{
    struct hd_link *links = NULL;
    struct hd_err err = {0};
    size_t n = 0, loopbacks = 0;

    CHECK_OK(hd_links_list(&links, &n, &err), &err);
    for (size_t i = 0; i < n; i++)
        loopbacks += links[i].loopback && !strcmp(links[i].name, "lo");
    CU_ASSERT_EQUAL(loopbacks, 1);
    free(links);
}

/* mountinfo(5) of a host tells the rest; these are what policies go by. */
static void disks_know_the_usb_device_that_they_hang_on(void)
{
    hd_autofree struct hd_inventory *inv = calloc(1, sizeof(*inv));
    struct hd_kit_tree t;

    hd_kit_tree_init(&t);
    hd_kit_put(&t, "sys/devices/pci0/0000:00:1f.2/ata1/host0/block/sda/size",
               "8\n");
    hd_kit_put(&t,
               "sys/devices/pci0/usb2/2-1/2-1.4/2-1.4:1.0/host4/block/sdb/size",
               "8\n");
    hd_kit_point(&t, "sys/class/block/sda",
                 "../../devices/pci0/0000:00:1f.2/ata1/host0/block/sda");
    hd_kit_point(&t, "sys/class/block/sdb",
                 "../../devices/pci0/usb2/2-1/2-1.4/2-1.4:1.0/host4/block/sdb");
    hd_scan_disks(inv, t.root);
    CU_ASSERT_EQUAL_FATAL(inv->n_disks, 2);
    CU_ASSERT_STRING_EQUAL(inv->disks[0].usb, "");
    CU_ASSERT_STRING_EQUAL(inv->disks[1].usb, "2-1.4");
    hd_kit_tree_fini(&t);
}

static void odd_paths_have_no_usb_device(void)
{
    static const char *const paths[] = {
        "",
        "/usb",
        "/usb1",
        "/usb1/",
        "/usb1/1-1/x",
        "/usb1/:1.0",
        "1-1:1.0",
        "/usb1/11111111111111111111111111111111-1:1.0/x",
        "/usb1/12:1.0"};
    char address[32];

    for (size_t i = 0; i < HD_ARRAY_LEN(paths); i++) {
        hd_sysfs_usb(paths[i], address);
        CU_ASSERT_STRING_EQUAL(address, "");
    }
}

static void a_plan_without_wishes_needs_no_device(void)
{
    hd_autofree struct hd_manifest *m = calloc(1, sizeof(*m));

    m->n_guests = 2;
    CU_ASSERT_EQUAL(hd_inventory_needed(m), 0);
    m->guests[1].n_wishes = 1;
    m->guests[1].wishes[0].class = HD_CLASS_TIME;
    CU_ASSERT_EQUAL(hd_inventory_needed(m), 0);
    m->guests[1].wishes[0].class = HD_CLASS_USB;
    CU_ASSERT_EQUAL(hd_inventory_needed(m),
                    HD_SCAN_USB | HD_SCAN_DISKS | HD_SCAN_PARTS);
    m->guests[1].wishes[0].class = 4711;
    CU_ASSERT_EQUAL(hd_inventory_needed(m), 0);
}

static void a_framebuffer_needs_a_qemu_that_can_be_run(void)
{
    hd_autofree struct hd_inventory *inv = calloc(1, sizeof(*inv));
    struct hd_kit_tree t;

    hd_kit_tree_init(&t);
    hd_scan_os(inv, t.root);
    CU_ASSERT_FALSE(inv->has_qemu);
    hd_kit_put(&t, "usr/libexec/xen-qemu-system-i386", "");
    hd_scan_os(inv, t.root);
    CU_ASSERT_FALSE(inv->has_qemu);
    CU_ASSERT_FALSE(
        fchmodat(t.root, "usr/libexec/xen-qemu-system-i386", 0755, 0));
    hd_scan_os(inv, t.root);
    CU_ASSERT_TRUE(inv->has_qemu);
    hd_kit_tree_fini(&t);
}

static const struct hd_test tests[] = {
    HD_TEST(disks_are_named_with_their_bus_and_size),
    HD_TEST(disks_that_the_host_uses_are_marked),
    HD_TEST(a_root_below_other_devices_is_found),
    HD_TEST(a_path_gives_the_pci_devices_on_it),
    HD_TEST(usb_devices_are_listed_without_hubs_and_interfaces),
    HD_TEST(hostile_usb_strings_become_one_printable_line),
    HD_TEST(pci_devices_are_free_assignable_or_in_use),
    HD_TEST(more_devices_than_there_is_room_for_are_counted),
    HD_TEST(a_serial_port_says_what_it_hangs_on_and_who_has_it),
    HD_TEST(parts_are_listed_and_absent_serial_ports_are_not),
    HD_TEST(a_graphics_card_hides_its_frame_buffer),
    HD_TEST(the_system_is_known_by_its_files),
    HD_TEST(a_system_without_files_has_the_documented_defaults),
    HD_TEST(disks_know_the_usb_device_that_they_hang_on),
    HD_TEST(odd_paths_have_no_usb_device),
    HD_TEST(a_plan_without_wishes_needs_no_device),
    HD_TEST(a_framebuffer_needs_a_qemu_that_can_be_run),
    HD_TEST(interfaces_are_listed_with_the_loopback_marked),
};

HD_SUITE("host/inventory", tests);
