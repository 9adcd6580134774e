/* SPDX-License-Identifier: MIT */
/* Tests pv-drivers/block with nodes in a /dev/mapper of its own, which are not
 * what they were. */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <xenstore.h>

#include "../../pv-drivers/block/vbd.h"
#include "../../pv-drivers/block/vbd_hotplug.h"
#include "apart_kit.h"
#include "unit.h"
#include "xs_kit.h"

#define NODE "/dev/mapper/hotdom-travel-desk-root"

static bool put(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");

    return f && fputs(text, f) >= 0 && !fclose(f);
}

/* A /dev and a /sys that nobody else sees: the kernel knows 252:3 as the
 * volume, and 252:4 as another one. */
static const char *stand(void)
{
    if (unshare(CLONE_NEWNS) ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount("none", "/sys", "tmpfs", 0, NULL) ||
        mount("none", "/dev", "tmpfs", 0, NULL) || mkdir("/dev/mapper", 0755) ||
        mknod(NODE, S_IFBLK | 0600, makedev(252, 3)))
        return "skipped: this machine allows no device nodes of one's own";
    EXPECT(!mkdir("/sys/dev", 0755) && !mkdir("/sys/dev/block", 0755));
    EXPECT(!mkdir("/sys/dev/block/252:3", 0755));
    EXPECT(!mkdir("/sys/dev/block/252:3/dm", 0755));
    EXPECT(!mkdir("/sys/dev/block/252:4", 0755));
    EXPECT(!mkdir("/sys/dev/block/252:4/dm", 0755));
    EXPECT(!mkdir("/sys/dev/block/8:0", 0755));
    EXPECT(put("/sys/dev/block/252:3/dm/name", "hotdom-travel-desk-root\n"));
    EXPECT(put("/sys/dev/block/252:4/dm/name", "hotdom-travel-desk-root2\n"));
    return NULL;
}

static const char *become(dev_t device)
{
    EXPECT(!unlink(NODE) && !mknod(NODE, S_IFBLK | 0600, device));
    return NULL;
}

static const char *describe(void)
{
    struct hd_vbd vbd = {.domid = 7,
                         .vdev = "xvda",
                         .path = NODE,
                         .device = makedev(252, 3),
                         .writable = true};
    struct hd_xenbus_device dev;
    struct hd_err err = {0};

    EXPECT(!hd_vbd_describe(&vbd, &dev, &err));
    EXPECT(!become(makedev(252, 4)));
    EXPECT(hd_vbd_describe(&vbd, &dev, &err) && err.code == HD_E_GONE);
    EXPECT(strstr(err.msg, "another device, 252:4"));
    EXPECT(!become(makedev(8, 0)));
    EXPECT(hd_vbd_describe(&vbd, &dev, &err) && err.code == HD_E_GONE);
    EXPECT(!unlink(NODE) && !symlink("/dev/mapper/other", NODE));
    EXPECT(!mknod("/dev/mapper/other", S_IFBLK | 0600, makedev(8, 0)));
    EXPECT(hd_vbd_describe(&vbd, &dev, &err) && err.code == HD_E_GONE);
    return NULL;
}

static const char *hotplug(void)
{
    const struct hd_backend_path path = {"vbd", 7, 51712};
    struct hd_err err = {0};
    hd_auto(hd_xs) xs = NULL;

    EXPECT(!hd_xs_open(&xs, &err));
    EXPECT(!become(makedev(252, 4)));
    EXPECT(hd_vbd_hotplug_add(xs, &path, &err) && err.code == HD_E_GONE);
    EXPECT(!become(makedev(8, 0)));
    EXPECT(hd_vbd_hotplug_add(xs, &path, &err) && err.code == HD_E_GONE);
    EXPECT(!become(makedev(252, 3)));
    EXPECT(!hd_vbd_hotplug_add(xs, &path, &err));
    return NULL;
}

static void a_node_that_became_another_device_is_no_volume(void)
{
    (void)apart_kit_run(stand, describe);
}

static void libxl_is_told_no_other_device_either(void)
{
    const char *number;

    /* Transactions go to its socket, which is this process's, not the child's.
     */
    xs_kit_reset();
    xs_kit_put("backend/vbd/7/51712/params", NODE);
    (void)xs_daemon_socket();
    if (!apart_kit_run(stand, hotplug))
        return;
    number = xs_kit_get("backend/vbd/7/51712/physical-device");
    CU_ASSERT_PTR_NOT_NULL_FATAL(number);
    CU_ASSERT_STRING_EQUAL(number, "fc:3");
}

static const struct hd_test tests[] = {
    HD_TEST(a_node_that_became_another_device_is_no_volume),
    HD_TEST(libxl_is_told_no_other_device_either),
};

HD_SUITE("block/vbd", tests);
