/* SPDX-License-Identifier: MIT */
/* Tests hv/host/disk_user with folders that look like sysfs and procfs. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "../../hv/host/disk_user.h"
#include "sysfs_kit.h"
#include "unit.h"

#define DISK "sys/devices/pci0/usb2/2-1/host4/block/"

static void put_disk(const struct hd_kit_tree *t, const char *name)
{
    char path[160], to[160];

    for (int i = 0; i < 3; i++) {
        snprintf(to, sizeof(to), "../../devices/pci0/usb2/2-1/host4/block/%s",
                 name);
        snprintf(path, sizeof(path), "sys/class/block/%s", name);
        if (i) {
            snprintf(path + strlen(path), 8, "%d", i);
            snprintf(to + strlen(to), 16, "/%s%d", name, i);
        }
        hd_kit_point(t, path, to);
    }
    for (int i = 1; i < 3; i++) {
        snprintf(path, sizeof(path), DISK "%s/%s%d/partition", name, name, i);
        hd_kit_put(t, path, i == 1 ? "1\n" : "2\n");
    }
}

/* dm-N, which `part` of sda is a part of; its uuid, when it has one. */
static void put_holder(const struct hd_kit_tree *t, const char *part,
                       const char *holder, const char *name, const char *uuid)
{
    char path[160];

    snprintf(path, sizeof(path), DISK "%s/holders/%s", part, holder);
    hd_kit_point(t, path, "../../nowhere");
    snprintf(path, sizeof(path), "sys/class/block/%s/dm/name", holder);
    hd_kit_put(t, path, name);
    snprintf(path, sizeof(path), "sys/class/block/%s/dm/uuid", holder);
    hd_kit_put(t, path, uuid);
}

static void check(const struct hd_kit_tree *t, const char *want)
{
    char who[HD_DISK_USER_TEXT];

    CU_ASSERT_EQUAL(hd_disk_user_find(t->root, "sda", who), *want != '\0');
    CU_ASSERT_STRING_EQUAL(who, want);
    CU_ASSERT_EQUAL(hd_disk_user_share(t->root, "sda", who),
                    strstr(want, "part of") || strstr(want, "path of"));
}

static void begin(struct hd_kit_tree *t)
{
    hd_kit_tree_init(t);
    put_disk(t, "sda");
    put_disk(t, "sdaa");
    hd_kit_point(t, "sys/dev/block/8:0", "../../class/block/sda");
    hd_kit_point(t, "sys/dev/block/8:2", "../../class/block/sda2");
    hd_kit_point(t, "sys/dev/block/65:162", "../../class/block/sdaa2");
}

static void who_has_a_disk_is_named(void)
{
    struct hd_kit_tree t;

    begin(&t);
    check(&t, "");
    hd_kit_put(&t, "proc/self/mountinfo",
               "22 1 254:0 / / rw shared:1 - ext4 /dev/none rw\n"
               "30 22 65:162 / /other rw - ext4 /dev/none rw\n");
    check(&t, "");
    hd_kit_put(&t, "proc/self/mountinfo",
               "30 22 8:2 / /mnt/a\\040b ro - ext4 /dev/none ro\n"
               "31 22 8:0 / /later rw - ext4 /dev/none rw\n");
    check(&t, "/dev/sda2 is mounted on /mnt/a\\040b");
    hd_kit_put(&t, "proc/self/mountinfo",
               "31 22 8:0 / /mnt\033[2J rw - ext4 /dev/none rw\n");
    check(&t, "/dev/sda is mounted on /mnt?[2J");
    hd_kit_tree_fini(&t);
}

static void dm_devices_are_named_unless_they_are_hotdoms(void)
{
    struct hd_kit_tree t;

    begin(&t);
    put_holder(&t, "sda", "dm-0", "hotdom-travel-desk\n", "HOTDOM-5c0e\n");
    put_holder(&t, "sdaa", "dm-1", "theirs\n", "");
    check(&t, "");
    put_holder(&t, "sda", "dm-2", "vg-home\n", "LVM-HOTDOM-\n");
    check(&t, "/dev/sda is part of dm-2 (vg-home)");
    hd_kit_tree_fini(&t);
    begin(&t);
    put_holder(&t, "sda/sda2", "dm-3", "", "");
    check(&t, "/dev/sda2 is part of dm-3");
    hd_kit_tree_fini(&t);
}

static void a_holder_that_has_let_go_meanwhile_has_nothing(void)
{
    struct hd_kit_tree t;
    char link[128];

    begin(&t);
    put_holder(&t, "sda", "dm-4", "vg-home\n", "LVM-home\n");
    snprintf(link, sizeof(link), "%s/" DISK "sda/holders/dm-4", t.path);
    hd_kit_victim = link;
    check(&t, "");
    hd_kit_victim = NULL;
    hd_kit_tree_fini(&t);
}

static void a_path_of_dm_multipath_is_told_with_the_way_out(void)
{
    struct hd_kit_tree t;

    begin(&t);
    put_holder(&t, "sda", "dm-6", "mpatha\n", "mpath-3600508b400105e21\n");
    check(&t, "/dev/sda is a path of dm-6 (mpatha); `multipath -f mpatha` lets "
              "go of it, and a blacklist in /etc/multipath.conf keeps it so");
    hd_kit_tree_fini(&t);
}

/* Needs a node of its own. */
static void swap_is_named(void)
{
    struct hd_kit_tree t;
    char node[96];

    begin(&t);
    hd_kit_put(&t, "dev/x", "");
    snprintf(node, sizeof(node), "%s/dev/sda2", t.path);
    if (mknod(node, S_IFBLK | 0600, makedev(8, 2))) {
        puts("skipped: this machine allows no device nodes");
        hd_kit_tree_fini(&t);
        return;
    }
    hd_kit_put(&t, "proc/swaps",
               "Filename Type Size Used Priority\n"
               "/dev/sda2 partition 8 0 -2\n");
    check(&t, "/dev/sda2 is swap");
    hd_kit_tree_fini(&t);
}

static const struct hd_test tests[] = {
    HD_TEST(who_has_a_disk_is_named),
    HD_TEST(dm_devices_are_named_unless_they_are_hotdoms),
    HD_TEST(a_holder_that_has_let_go_meanwhile_has_nothing),
    HD_TEST(a_path_of_dm_multipath_is_told_with_the_way_out),
    HD_TEST(swap_is_named),
};

HD_SUITE("host/disk_user", tests);
