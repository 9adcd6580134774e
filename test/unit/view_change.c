/* SPDX-License-Identifier: MIT */
/* Tests dom-guest/view: what stays when the tables change, and when another
 * agent begins. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "../../dom-guest/mounted.h"
#include "../../dom-guest/paths.h"
#include "../../dom-guest/view.h"
#include "../../pv-drivers/base/mem.h"
#include "apart_kit.h"
#include "unit.h"
#include "view_kit.h"

static const char *others_change(void)
{
    uint64_t id = hd_mounted_at("/srv/agent");

    EXPECT(view_kit_memory_at("/srv/agent/disk"));
    EXPECT(view_kit_compose("+/srv/agent\n+/mnt/other\n+/srv/motd\n", 3));
    EXPECT(hd_mounted_at("/srv/agent") == id);
    EXPECT(view_kit_write("/srv/agent/disk/file", "disk"));
    id = hd_mounted_at("/srv/motd");
    EXPECT(view_kit_compose("+/srv/motd\n+/srv/agent\n-/mnt/other\n", 2));
    EXPECT(view_kit_holds("/srv/agent/disk/file", "disk"));
    EXPECT(hd_mounted_at("/srv/motd") == id);
    EXPECT(access("/mnt/other/file", F_OK));
    EXPECT(view_kit_look() == 0 && view_kit_out.wanted == 0);
    return NULL;
}

static void layers_that_no_change_is_of_are_not_touched(void)
{
    apart_kit_run(view_kit_prepare, others_change);
}

static const char *inclusions_change(void)
{
    static const char inside[] = "+/srv/agent\n-/srv/agent/own\n";
    dev_t before = view_kit_device_of("/srv/agent");
    hd_autofd int fd = -1;

    EXPECT(view_kit_write("/srv/agent/mine", "mine"));
    fd = open("/srv/agent/mine", O_WRONLY | O_APPEND | O_CLOEXEC);
    EXPECT(view_kit_compose(inside, 2) &&
           view_kit_holds("/srv/agent/own/mine", "own"));
    EXPECT(view_kit_device_of("/srv/agent") == before);
    EXPECT(view_kit_device_of("/srv/agent/own") != before);
    EXPECT(fd >= 0 && write(fd, "+", 1) == 1);
    EXPECT(view_kit_holds("/srv/agent/mine", "mine+"));
    EXPECT(view_kit_compose("+/srv/agent\n-/srv/agent/own\n+/mnt/other\n", 3));
    EXPECT(view_kit_holds("/srv/agent/own/mine", "own"));
    EXPECT(view_kit_compose("+/srv/agent\n", 1));
    EXPECT(view_kit_device_of("/srv/agent") == before);
    EXPECT(view_kit_holds("/srv/agent/own/file", "host"));
    return NULL;
}

static void a_layer_whose_inclusions_change_is_the_same_overlay(void)
{
    apart_kit_run(view_kit_prepare_own, inclusions_change);
}

static const char *own_stays(void)
{
    EXPECT(view_kit_compose("+/srv/agent\n+/mnt/other\n", 2));
    EXPECT(view_kit_memory_at("/srv/agent") &&
           view_kit_write("/srv/agent/file", "guest"));
    EXPECT(!umount("/mnt/other"));
    EXPECT(view_kit_compose("+/srv/agent\n+/mnt/other\n+/srv/motd\n", 3));
    EXPECT(view_kit_holds("/srv/agent/file", "guest"));
    EXPECT(access("/mnt/other/file", F_OK));
    /* It is the tables' again when they have said otherwise. */
    EXPECT(!umount("/srv/agent") && view_kit_compose("+/srv/agent\n", 1));
    EXPECT(view_kit_compose("+/srv/agent\n+/mnt/other\n", 2));
    EXPECT(view_kit_holds("/srv/agent/file", "host"));
    EXPECT(view_kit_holds("/mnt/other/file", "host"));
    return NULL;
}

static void what_the_guest_has_in_a_layer_s_place_stays_at_a_change(void)
{
    apart_kit_run(view_kit_prepare, own_stays);
}

static const char *host_has_it_now(void)
{
    EXPECT(view_kit_compose("+/srv/agent\n-/srv/agent/new\n", 1));
    EXPECT(access("/srv/agent/new", F_OK) && errno == ENOENT);
    EXPECT(view_kit_write(HD_GUEST_HOST "/srv/agent/new/file", "host"));
    EXPECT(view_kit_compose("+/srv/agent\n", 1));
    EXPECT(view_kit_holds("/srv/agent/new/file", "host"));
    return NULL;
}

static void what_an_inclusion_hid_is_seen_when_that_has_gone(void)
{
    apart_kit_run(view_kit_prepare, host_has_it_now);
}

static const char *host_has_none(void)
{
    EXPECT(view_kit_compose("+/srv/agent\n+/srv/motd\n", 2));
    EXPECT(!unlink(HD_GUEST_HOST "/srv/motd"));
    EXPECT(view_kit_compose("+/srv/agent\n+/srv/motd\n", 1) &&
           view_kit_out.wanted == 1);
    EXPECT(!view_kit_holds("/srv/motd", "host"));
    return NULL;
}

static void what_the_host_has_no_more_is_the_guest_s_at_the_next_change(void)
{
    apart_kit_run(view_kit_prepare, host_has_none);
}

static const char *comes_again(void)
{
    dev_t before = view_kit_device_of("/srv/agent");
    hd_autofd int fd = open("/srv/agent", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    EXPECT(view_kit_compose("+/srv/motd\n", 1));
    EXPECT(access("/srv/agent/file", F_OK));
    EXPECT(view_kit_compose("+/srv/agent\n", 1));
    EXPECT(fd >= 0 && view_kit_device_of("/srv/agent") == before);
    EXPECT(view_kit_holds("/srv/agent/file", "host"));
    EXPECT(view_kit_compose("+/srv/motd\n", 1) &&
           view_kit_holds("/srv/motd", "host"));
    return NULL;
}

static void a_layer_that_comes_again_is_the_same_overlay(void)
{
    apart_kit_run(view_kit_prepare, comes_again);
}

static const char *another_agent(void)
{
    static const char tables[] = "+/srv/agent\n+/srv/motd\n";
    hd_autofd int fd = -1;
    dev_t folder, file;

    EXPECT(view_kit_compose(tables, 2));
    fd = open("/srv/agent", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    folder = view_kit_device_of("/srv/agent");
    file = view_kit_device_of("/srv/motd");
    EXPECT(view_kit_write("/srv/motd", "mine"));
    hd_view_free(view_kit);
    view_kit = hd_view_new(NULL);
    EXPECT(fd >= 0 && view_kit && view_kit_compose(tables, 2));
    EXPECT(view_kit_device_of("/srv/agent") == folder);
    EXPECT(view_kit_device_of("/srv/motd") == file &&
           view_kit_holds("/srv/motd", "mine"));
    EXPECT(view_kit_compose("", 0) && access("/srv/agent/file", F_OK));
    EXPECT(access(HD_GUEST_MOUNTS, F_OK) && errno == ENOENT);
    return NULL;
}

static void another_agent_goes_on_with_the_same_overlays(void)
{
    apart_kit_run(view_kit_prepare, another_agent);
}

static const char *adopted(void)
{
    static const char inside[] = "+/srv/agent\n-/srv/agent/own\n+/mnt/other\n";
    uint64_t id;

    EXPECT(view_kit_compose(inside, 3) &&
           view_kit_memory_at("/srv/agent/disk"));
    EXPECT(view_kit_write("/srv/agent/disk/file", "disk"));
    EXPECT(view_kit_memory_at("/mnt/other") &&
           view_kit_write("/mnt/other/file", "mine"));
    id = hd_mounted_at("/srv/agent");
    hd_view_free(view_kit);
    view_kit = hd_view_new(NULL);
    EXPECT(view_kit && view_kit_compose(inside, 3) &&
           hd_mounted_at("/srv/agent") == id);
    EXPECT(view_kit_holds("/srv/agent/disk/file", "disk"));
    EXPECT(view_kit_holds("/srv/agent/own/mine", "own"));
    EXPECT(view_kit_holds("/mnt/other/file", "mine"));
    EXPECT(view_kit_cover() &&
           view_kit_write("/srv/agent/own/mine", "the disk's"));
    EXPECT(view_kit_look() == 2 && view_kit_holds("/srv/agent/file", "host"));
    EXPECT(view_kit_holds("/srv/agent/own/mine", "the disk's"));
    return NULL;
}

static void another_agent_leaves_what_is_mounted_and_what_is_in_it(void)
{
    apart_kit_run(view_kit_prepare_own, adopted);
}

static const char *used(void)
{
    static const char inside[] = "+/srv/agent\n-/srv/agent/own\n";

    EXPECT(view_kit_memory_at("/srv/agent/disk"));
    EXPECT(view_kit_write("/srv/agent/disk/file", "disk"));
    hd_view_compose(view_kit, inside, &view_kit_out);
    EXPECT(view_kit_out.why.code == HD_E_BUSY && view_kit_out.made == 1 &&
           view_kit_out.wanted == 2);
    EXPECT(strstr(view_kit_out.why.msg,
                  "mounted something in /srv/agent, which stays"));
    EXPECT(view_kit_holds("/srv/agent/disk/file", "disk"));
    EXPECT(view_kit_holds("/srv/agent/own/file", "host"));
    EXPECT(view_kit_compose("+/srv/agent\n", 1));
    EXPECT(view_kit_holds("/srv/agent/disk/file", "disk"));
    EXPECT(!umount("/srv/agent/disk") && view_kit_compose(inside, 2));
    EXPECT(view_kit_holds("/srv/agent/own/mine", "own"));
    /* And it goes, where that of the guest's is in it still. */
    EXPECT(view_kit_memory_at("/srv/agent/disk") &&
           view_kit_write("/srv/agent/disk/a", ""));
    EXPECT(view_kit_compose("+/srv/agent\n", 1));
    EXPECT(view_kit_holds("/srv/agent/own/file", "host"));
    EXPECT(view_kit_holds("/srv/agent/disk/a", ""));
    return NULL;
}

static void a_layer_that_the_guest_has_mounted_in_is_not_laid_anew(void)
{
    apart_kit_run(view_kit_prepare_own, used);
}

static const char *used_no_more(void)
{
    static const char inside[] = "+/srv/agent\n-/srv/agent/own\n";

    EXPECT(view_kit_memory_at("/srv/agent/disk"));
    EXPECT(view_kit_write("/srv/agent/disk/file", "disk"));
    for (int i = 0; i < 3; i++) {
        hd_view_compose(view_kit, inside, &view_kit_out);
        EXPECT(view_kit_out.why.code == HD_E_BUSY && view_kit_out.made == 1 &&
               view_kit_out.wanted == 2);
        EXPECT(view_kit_holds("/srv/agent/disk/file", "disk"));
    }
    EXPECT(!umount("/srv/agent/disk") && view_kit_compose(inside, 2));
    EXPECT(view_kit_holds("/srv/agent/own/mine", "own"));
    return NULL;
}

static void a_layer_that_the_guest_had_mounted_in_is_laid_when_that_is_gone(
    void)
{
    apart_kit_run(view_kit_prepare_own, used_no_more);
}

static const char *host_has_folder_now(void)
{
    EXPECT(view_kit_compose("", 0));
    EXPECT(view_kit_write("/srv/agent/new/in/mine", "own"));
    EXPECT(view_kit_compose("+/srv/agent\n-/srv/agent/new/in\n", 2));
    EXPECT(view_kit_holds("/srv/agent/new/in/mine", "own"));
    EXPECT(view_kit_write(HD_GUEST_HOST "/srv/agent/new/in/file", "host"));
    EXPECT(view_kit_write(HD_GUEST_HOST "/srv/agent/new/file", "host"));
    EXPECT(view_kit_compose("+/srv/agent\n", 1));
    EXPECT(view_kit_holds("/srv/agent/new/in/file", "host"));
    EXPECT(view_kit_holds("/srv/agent/new/file", "host"));
    return NULL;
}

static void an_inclusion_s_mount_point_hides_nothing_when_that_has_gone(void)
{
    apart_kit_run(view_kit_prepare, host_has_folder_now);
}

static const char *behind_link(void)
{
    EXPECT(view_kit_compose("", 0) &&
           view_kit_write("/mnt/deep/own/mine", "own"));
    EXPECT(view_kit_write("/mnt/deep/too/mine", "too"));
    EXPECT(view_kit_write(HD_GUEST_HOST "/srv/link/file", "host"));
    EXPECT(!symlink("/mnt/deep", "/srv/link"));
    EXPECT(view_kit_compose("+/srv/link\n-/srv/link/own\n", 2));
    EXPECT(view_kit_holds("/mnt/deep/own/mine", "own"));
    EXPECT(view_kit_compose("+/srv/link\n-/srv/link/own\n-/srv/link/too\n", 3));
    EXPECT(view_kit_holds("/mnt/deep/own/mine", "own"));
    EXPECT(view_kit_holds("/mnt/deep/too/mine", "too"));
    EXPECT(view_kit_holds("/mnt/deep/file", "host"));
    return NULL;
}

static void an_inclusion_behind_a_link_is_the_agent_s_own_mount(void)
{
    apart_kit_run(view_kit_prepare, behind_link);
}

static const char *version_before(void)
{
    hd_autofd int fd = open("/srv/agent", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    dev_t before = view_kit_device_of("/srv/agent");
    char line[64];

    snprintf(line, sizeof(line), "%llu /srv/agent\n",
             (unsigned long long)hd_mounted_at("/srv/agent"));
    EXPECT(fd >= 0 && view_kit_write(HD_GUEST_MOUNTS, line));
    EXPECT(!unlink(HD_GUEST_TABLES));
    hd_view_free(view_kit);
    view_kit = hd_view_new(NULL);
    EXPECT(view_kit && view_kit_compose("+/srv/agent\n", 1));
    EXPECT(view_kit_device_of("/srv/agent") == before);
    EXPECT(view_kit_compose("", 0) && access("/srv/agent/file", F_OK));
    return NULL;
}

static void an_agent_goes_on_with_what_the_version_before_it_has_noted(void)
{
    apart_kit_run(view_kit_prepare, version_before);
}

/* The guest's own mount, which has the number of one that has gone. */
static bool take_number(uint64_t id)
{
    for (int i = 0; i < 1000; i++) {
        if (mount("/srv", "/mnt/own", NULL, MS_BIND, NULL))
            return false;
        if (hd_mounted_at("/mnt/own") == id)
            return true;
        (void)umount("/mnt/own");
    }
    return false;
}

static const char *same_number(void)
{
    uint64_t id;

    EXPECT(view_kit_memory_at("/mnt/own") &&
           view_kit_write("/srv/mine", "mine"));
    id = hd_mounted_at("/mnt/own");
    EXPECT(!hd_mounted_note("/mnt/own", "", NULL));
    hd_mounted_tidy();
    EXPECT(!umount("/mnt/own"));
    if (!take_number(id))
        return "skipped: a mount's number did not come again";
    hd_mounted_drop(NULL, 0);
    EXPECT(view_kit_holds("/mnt/own/mine", "mine"));
    EXPECT(access(HD_GUEST_MOUNTS, F_OK) && errno == ENOENT);
    return NULL;
}

static void a_mount_of_the_guest_with_a_noted_number_stays(void)
{
    apart_kit_run(view_kit_prepare, same_number);
}

static const struct hd_test tests[] = {
    HD_TEST(layers_that_no_change_is_of_are_not_touched),
    HD_TEST(a_layer_whose_inclusions_change_is_the_same_overlay),
    HD_TEST(what_the_guest_has_in_a_layer_s_place_stays_at_a_change),
    HD_TEST(what_an_inclusion_hid_is_seen_when_that_has_gone),
    HD_TEST(what_the_host_has_no_more_is_the_guest_s_at_the_next_change),
    HD_TEST(a_layer_that_comes_again_is_the_same_overlay),
    HD_TEST(another_agent_goes_on_with_the_same_overlays),
    HD_TEST(another_agent_leaves_what_is_mounted_and_what_is_in_it),
    HD_TEST(a_layer_that_the_guest_has_mounted_in_is_not_laid_anew),
    HD_TEST(a_layer_that_the_guest_had_mounted_in_is_laid_when_that_is_gone),
    HD_TEST(an_inclusion_s_mount_point_hides_nothing_when_that_has_gone),
    HD_TEST(an_inclusion_behind_a_link_is_the_agent_s_own_mount),
    HD_TEST(an_agent_goes_on_with_what_the_version_before_it_has_noted),
    HD_TEST(a_mount_of_the_guest_with_a_noted_number_stays),
};
HD_SUITE("dom-guest/view_change", tests);
