/* SPDX-License-Identifier: MIT */
/* Tests pv-drivers/block with nodes in a /dev/mapper of its own, which are not
 * what they were. */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xenstore.h>

#include "../../pv-drivers/block/vbd.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/block/vbd_hotplug.h"
#include "../../pv-drivers/bus/xs_bulk.h"
#include "apart_kit.h"
#include "daemon_kit.h"
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

static const char *tell(void)
{
    struct hd_vbd vbd = {
        .domid = 7, .vdev = "xvda", .path = NODE, .device = makedev(252, 3)};
    struct hd_xenbus_device dev;
    struct hd_err err = {0};

    EXPECT(!become(makedev(252, 4)));
    EXPECT(hd_vbd_describe(&vbd, &dev, &err));
    EXPECT(kit_daemon_tells(&err));
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

static void a_node_that_became_another_device_is_an_event_of_the_guest(void)
{
    (void)apart_kit_run(stand, tell);
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

/* ---- killed */

#define BACK "backend/vbd/7/51712"
static const char *const written[] = {BACK "/physical-device",
                                      BACK "/physical-device-path",
                                      BACK "/hotplug-status"};

/* hotdom-hotplug as it takes a disk away: SIGKILL meets it when its `i`th
 * request has been done and it waits to hear of that. */
static void kill_at(int i)
{
    pid_t pid;

    (void)xs_daemon_socket(); /* this process's, not the child's */
    xs_kit.stall_at = i;
    pid = fork();
    if (!pid) {
        const struct hd_backend_path path = {"vbd", 7, 51712};
        struct hd_xs *xs;

        _exit(hd_xs_open(&xs, NULL) || hd_vbd_hotplug_remove(xs, &path, NULL));
    }
    while (__atomic_load_n(&xs_kit.stall_at, __ATOMIC_SEQ_CST) > 1)
        usleep(1000);
    kill(pid, SIGKILL);
    CU_ASSERT_EQUAL(waitpid(pid, NULL, 0), pid);
    /* Who is heard now comes after what it had begun. */
    __atomic_store_n(&xs_kit.stall_at, 0, __ATOMIC_SEQ_CST);
    CU_ASSERT_EQUAL(hd_xs_answers(hd_io_now_ms() + 10000, NULL), 0);
}

static size_t count_written(void)
{
    size_t n = 0;

    for (size_t i = 0; i < HD_ARRAY_LEN(written); i++)
        n += !!xs_kit_get(written[i]);
    return n;
}

/* The start, three nodes, the end. */
static void a_hotplug_program_killed_anywhere_leaves_all_or_nothing(void)
{
    const struct hd_backend_path path = {"vbd", 7, 51712};

    for (int i = 1; i <= 5; i++) {
        hd_auto(hd_xs) xs = NULL;
        struct hd_err err = {0};
        size_t n;

        xs_kit_reset();
        xs_kit_put(BACK "/params", NODE);
        for (size_t k = 0; k < HD_ARRAY_LEN(written); k++)
            xs_kit_put(written[k], "x");
        kill_at(i);
        n = count_written();
        CU_ASSERT_TRUE(n == HD_ARRAY_LEN(written) || (i == 5 && !n));
        /* And again, from there. */
        CHECK_OK(hd_xs_open(&xs, &err), &err);
        CHECK_OK(hd_vbd_hotplug_remove(xs, &path, &err), &err);
        CHECK_OK(hd_vbd_hotplug_remove(xs, &path, &err), &err);
        CU_ASSERT_EQUAL(count_written(), 0);
        CU_ASSERT_PTR_NOT_NULL(xs_kit_get(BACK "/params"));
    }
}

static const struct hd_test tests[] = {
    HD_TEST(a_node_that_became_another_device_is_no_volume),
    HD_TEST(a_node_that_became_another_device_is_an_event_of_the_guest),
    HD_TEST(libxl_is_told_no_other_device_either),
    HD_TEST(a_hotplug_program_killed_anywhere_leaves_all_or_nothing),
};

HD_SUITE("block/vbd", tests);
