/* SPDX-License-Identifier: MIT */
/* Tests dom-guest/view against the running kernel's mounts, in a namespace of
 * their own where no file of this machine is written. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../dom-guest/folder.h"
#include "../../dom-guest/mounted.h"
#include "../../dom-guest/paths.h"
#include "../../dom-guest/placed.h"
#include "../../dom-guest/view.h"
#include "../../pv-drivers/base/io.h"
#include "apart_kit.h"
#include "unit.h"

#define HOUR_MS 3600000

static struct hd_view *view;
static struct hd_view_outcome out;
static uint64_t now_ms = 1000;

static bool memory_at(const char *path)
{
    return !hd_folder_make(path, NULL) &&
           !mount("guest", path, "tmpfs", 0, "mode=755");
}

static bool write_file(const char *path, const char *text)
{
    hd_autofd int fd = -1;

    if (hd_folder_make_above(path, NULL))
        return false;
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    return fd >= 0 && !hd_io_write(fd, text, strlen(text), NULL);
}

static bool holds(const char *path, const char *text)
{
    hd_autofree char *found = NULL;

    return !hd_io_read_file(path, 4096, &found, NULL, NULL) &&
           !strcmp(found, text);
}

/* A guest's disk on /srv, with a file of its own. */
static bool cover(void)
{
    return memory_at("/srv") && write_file("/srv/disk", "disk");
}

static bool compose(const char *tables, size_t made)
{
    hd_view_compose(view, tables, &out);
    return !out.why.code && out.made == made;
}

/* How many hidden layers a look shows again. */
static size_t look(void)
{
    hd_view_look(view, now_ms, &out);
    return out.made;
}

/* Mounts are shared, as systemd has them. */
static bool make_guest(void)
{
    return !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
           memory_at("/run") && memory_at("/var/lib") && memory_at("/srv") &&
           memory_at("/mnt") && memory_at(HD_GUEST_HOST) &&
           write_file(HD_GUEST_HOST "/srv/agent/file", "host") &&
           write_file(HD_GUEST_HOST "/srv/agent/own/file", "host") &&
           write_file(HD_GUEST_HOST "/srv/motd", "host") &&
           write_file(HD_GUEST_HOST "/mnt/other/file", "host") &&
           !mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL);
}

static const char *prepare(void)
{
    if (geteuid() || unshare(CLONE_NEWNS))
        return "skipped: only root may mount here";
    if (!make_guest())
        return "a guest's mounts cannot be made";
    view = hd_view_new(NULL);
    EXPECT(view && hd_view_bell(view) >= 0);
    hd_view_compose(view, "+/srv/agent\n", &out);
    if (out.why.code && (out.why.sys == ENODEV || out.why.sys == EPERM))
        return "skipped: this machine has no overlay";
    EXPECT(!out.why.code && out.made == 1);
    EXPECT(holds("/srv/agent/file", "host"));
    return NULL;
}

/* And a folder of the guest's own where the host has one too. */
static const char *prepare_own(void)
{
    const char *why = prepare();

    EXPECT(why || (compose("", 0) && write_file("/srv/agent/own/mine", "own") &&
                   compose("+/srv/agent\n", 1)));
    return why;
}

static const char *shown_again(void)
{
    EXPECT(write_file("/srv/agent/mine", "mine"));
    EXPECT(look() == 0 && out.wanted == 0);
    EXPECT(cover());
    EXPECT(access("/srv/agent/file", F_OK));
    EXPECT(look() == 1 && out.wanted == 1 && !out.why.code);
    EXPECT(holds("/srv/agent/file", "host"));
    EXPECT(holds("/srv/agent/mine", "mine"));
    EXPECT(holds("/srv/disk", "disk"));
    EXPECT(look() == 0 && out.wanted == 0 && !out.why.code);
    return NULL;
}

static void a_layer_that_a_mount_above_hides_is_shown_again(void)
{
    apart_kit_run(prepare, shown_again);
}

static const char *file_again(void)
{
    EXPECT(compose("+/srv/motd\n", 1));
    EXPECT(write_file("/srv/motd", "mine"));
    EXPECT(cover());
    EXPECT(look() == 1 && !out.why.code);
    EXPECT(holds("/srv/motd", "mine"));
    return NULL;
}

static void a_file_that_a_mount_above_hides_is_shown_again(void)
{
    apart_kit_run(prepare, file_again);
}

static const char *inclusion_again(void)
{
    EXPECT(write_file("/srv/agent/own/file", "unseen"));
    EXPECT(compose("", 0));
    EXPECT(write_file("/srv/agent/own/file", "guest"));
    EXPECT(compose("+/srv/agent\n-/srv/agent/own\n", 2));
    EXPECT(holds("/srv/agent/own/file", "guest"));
    EXPECT(cover() && write_file("/srv/agent/own/file", "the disk's"));
    EXPECT(look() == 2 && !out.why.code);
    EXPECT(holds("/srv/agent/file", "host"));
    EXPECT(holds("/srv/agent/own/file", "the disk's"));
    EXPECT(look() == 0 && out.wanted == 0);
    return NULL;
}

static void an_inclusion_is_the_guest_s_own_of_its_new_place(void)
{
    apart_kit_run(prepare, inclusion_again);
}

static const char *others_stay(void)
{
    EXPECT(compose("+/srv/agent\n+/mnt/other\n", 2));
    EXPECT(memory_at("/mnt/other/disk"));
    EXPECT(write_file("/mnt/other/disk/file", "disk"));
    EXPECT(cover());
    EXPECT(look() == 1 && out.wanted == 1);
    EXPECT(holds("/mnt/other/disk/file", "disk"));
    EXPECT(holds("/mnt/other/file", "host"));
    return NULL;
}

static void what_the_guest_mounted_below_another_layer_stays(void)
{
    apart_kit_run(prepare, others_stay);
}

static const char *upon(void)
{
    EXPECT(memory_at("/srv/agent") && write_file("/srv/agent/file", "guest"));
    EXPECT(look() == 0 && out.wanted == 0);
    EXPECT(holds("/srv/agent/file", "guest"));
    EXPECT(cover());
    EXPECT(memory_at("/srv/agent") && write_file("/srv/agent/file", "disk"));
    EXPECT(look() == 0 && out.wanted == 0);
    EXPECT(holds("/srv/agent/file", "disk"));
    return NULL;
}

static void what_the_guest_mounts_on_a_layer_is_left_alone(void)
{
    apart_kit_run(prepare, upon);
}

static const char *taken_away(void)
{
    EXPECT(cover() && look() == 1);
    EXPECT(!umount("/srv/agent"));
    EXPECT(look() == 0 && out.wanted == 0);
    EXPECT(!umount("/srv"));
    EXPECT(look() == 0 && holds("/srv/agent/file", "host"));
    EXPECT(cover() && look() == 1);
    EXPECT(holds("/srv/agent/file", "host"));
    return NULL;
}

static void what_the_guest_unmounts_is_left_alone(void)
{
    apart_kit_run(prepare, taken_away);
}

static const char *again_and_again(void)
{
    for (int i = 0; i < HD_PLACED_TIMES; i++)
        EXPECT(cover() && look() == 1);
    EXPECT(cover() && look() == 0 && out.wanted == 1);
    EXPECT(strstr(out.why.msg, "/srv/agent is hidden by a mount above it, "
                               "again and again"));
    now_ms += HOUR_MS;
    EXPECT(look() == 0 && access("/srv/agent/file", F_OK));
    /* New tables are a new beginning. */
    EXPECT(compose("+/srv/agent\n", 1) && cover() && look() == 1);
    return NULL;
}

static void a_layer_that_is_hidden_again_and_again_is_given_up(void)
{
    apart_kit_run(prepare, again_and_again);
}

static const char *no_room(void)
{
    EXPECT(!mount("guest", "/srv", "tmpfs", MS_RDONLY, "mode=755"));
    for (int i = 0; i <= HD_PLACED_TIMES; i++)
        EXPECT(look() == 0 && out.wanted == 1 && out.why.sys == EROFS);
    EXPECT(!mount(NULL, "/srv", NULL, MS_REMOUNT, NULL));
    EXPECT(look() == 1 && holds("/srv/agent/file", "host"));
    return NULL;
}

static void a_layer_for_which_there_is_no_place_is_shown_when_there_is(void)
{
    apart_kit_run(prepare, no_room);
}

static const char *away(void)
{
    EXPECT(cover() && look() == 1);
    EXPECT(compose("", 0));
    EXPECT(access("/srv/agent/file", F_OK) && holds("/srv/disk", "disk"));
    EXPECT(look() == 0);
    /* The one below has come to light; it was kept in mind. */
    EXPECT(!umount("/srv") && holds("/srv/agent/file", "host"));
    EXPECT(compose("", 0));
    EXPECT(access("/srv/agent/file", F_OK));
    EXPECT(access(HD_GUEST_MOUNTS, F_OK) && errno == ENOENT);
    return NULL;
}

static void hidden_layers_are_taken_away_when_they_come_to_light(void)
{
    apart_kit_run(prepare, away);
}

/* What tells one overlay from another, though both show the same. */
static dev_t device_of(const char *path)
{
    struct stat st;

    return stat(path, &st) ? 0 : st.st_dev;
}

static const char *others_change(void)
{
    uint64_t id = hd_mounted_at("/srv/agent");

    EXPECT(memory_at("/srv/agent/disk"));
    EXPECT(compose("+/srv/agent\n+/mnt/other\n+/srv/motd\n", 3));
    EXPECT(hd_mounted_at("/srv/agent") == id);
    EXPECT(write_file("/srv/agent/disk/file", "disk"));
    id = hd_mounted_at("/srv/motd");
    EXPECT(compose("+/srv/motd\n+/srv/agent\n-/mnt/other\n", 2));
    EXPECT(holds("/srv/agent/disk/file", "disk"));
    EXPECT(hd_mounted_at("/srv/motd") == id);
    EXPECT(access("/mnt/other/file", F_OK));
    EXPECT(look() == 0 && out.wanted == 0);
    return NULL;
}

static void layers_that_no_change_is_of_are_not_touched(void)
{
    apart_kit_run(prepare, others_change);
}

static const char *inclusions_change(void)
{
    static const char inside[] = "+/srv/agent\n-/srv/agent/own\n";
    dev_t before = device_of("/srv/agent");
    hd_autofd int fd = -1;

    EXPECT(write_file("/srv/agent/mine", "mine"));
    fd = open("/srv/agent/mine", O_WRONLY | O_APPEND | O_CLOEXEC);
    EXPECT(compose(inside, 2) && holds("/srv/agent/own/mine", "own"));
    EXPECT(device_of("/srv/agent") == before);
    EXPECT(device_of("/srv/agent/own") != before);
    EXPECT(fd >= 0 && write(fd, "+", 1) == 1);
    EXPECT(holds("/srv/agent/mine", "mine+"));
    EXPECT(compose("+/srv/agent\n-/srv/agent/own\n+/mnt/other\n", 3));
    EXPECT(holds("/srv/agent/own/mine", "own"));
    EXPECT(compose("+/srv/agent\n", 1));
    EXPECT(device_of("/srv/agent") == before);
    EXPECT(holds("/srv/agent/own/file", "host"));
    return NULL;
}

static void a_layer_whose_inclusions_change_is_the_same_overlay(void)
{
    apart_kit_run(prepare_own, inclusions_change);
}

static const char *own_stays(void)
{
    EXPECT(compose("+/srv/agent\n+/mnt/other\n", 2));
    EXPECT(memory_at("/srv/agent") && write_file("/srv/agent/file", "guest"));
    EXPECT(!umount("/mnt/other"));
    EXPECT(compose("+/srv/agent\n+/mnt/other\n+/srv/motd\n", 3));
    EXPECT(holds("/srv/agent/file", "guest"));
    EXPECT(access("/mnt/other/file", F_OK));
    /* It is the tables' again when they have said otherwise. */
    EXPECT(!umount("/srv/agent") && compose("+/srv/agent\n", 1));
    EXPECT(compose("+/srv/agent\n+/mnt/other\n", 2));
    EXPECT(holds("/srv/agent/file", "host"));
    EXPECT(holds("/mnt/other/file", "host"));
    return NULL;
}

static void what_the_guest_has_in_a_layer_s_place_stays_at_a_change(void)
{
    apart_kit_run(prepare, own_stays);
}

static const char *host_has_it_now(void)
{
    EXPECT(compose("+/srv/agent\n-/srv/agent/new\n", 1));
    EXPECT(access("/srv/agent/new", F_OK) && errno == ENOENT);
    EXPECT(write_file(HD_GUEST_HOST "/srv/agent/new/file", "host"));
    EXPECT(compose("+/srv/agent\n", 1));
    EXPECT(holds("/srv/agent/new/file", "host"));
    return NULL;
}

static void what_an_inclusion_hid_is_seen_when_that_has_gone(void)
{
    apart_kit_run(prepare, host_has_it_now);
}

static const char *host_has_none(void)
{
    EXPECT(compose("+/srv/agent\n+/srv/motd\n", 2));
    EXPECT(!unlink(HD_GUEST_HOST "/srv/motd"));
    EXPECT(compose("+/srv/agent\n+/srv/motd\n", 1) && out.wanted == 1);
    EXPECT(!holds("/srv/motd", "host"));
    return NULL;
}

static void what_the_host_has_no_more_is_the_guest_s_at_the_next_change(void)
{
    apart_kit_run(prepare, host_has_none);
}

static const char *comes_again(void)
{
    dev_t before = device_of("/srv/agent");
    hd_autofd int fd = open("/srv/agent", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    EXPECT(compose("+/srv/motd\n", 1));
    EXPECT(access("/srv/agent/file", F_OK));
    EXPECT(compose("+/srv/agent\n", 1));
    EXPECT(fd >= 0 && device_of("/srv/agent") == before);
    EXPECT(holds("/srv/agent/file", "host"));
    EXPECT(compose("+/srv/motd\n", 1) && holds("/srv/motd", "host"));
    return NULL;
}

static void a_layer_that_comes_again_is_the_same_overlay(void)
{
    apart_kit_run(prepare, comes_again);
}

static const char *another_agent(void)
{
    static const char tables[] = "+/srv/agent\n+/srv/motd\n";
    hd_autofd int fd = -1;
    dev_t folder, file;

    EXPECT(compose(tables, 2));
    fd = open("/srv/agent", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    folder = device_of("/srv/agent");
    file = device_of("/srv/motd");
    EXPECT(write_file("/srv/motd", "mine"));
    hd_view_free(view);
    view = hd_view_new(NULL);
    EXPECT(fd >= 0 && view && compose(tables, 2));
    EXPECT(device_of("/srv/agent") == folder);
    EXPECT(device_of("/srv/motd") == file && holds("/srv/motd", "mine"));
    EXPECT(compose("", 0) && access("/srv/agent/file", F_OK));
    EXPECT(access(HD_GUEST_MOUNTS, F_OK) && errno == ENOENT);
    return NULL;
}

static void another_agent_goes_on_with_the_same_overlays(void)
{
    apart_kit_run(prepare, another_agent);
}

static const char *adopted(void)
{
    static const char inside[] = "+/srv/agent\n-/srv/agent/own\n+/mnt/other\n";
    uint64_t id;

    EXPECT(compose(inside, 3) && memory_at("/srv/agent/disk"));
    EXPECT(write_file("/srv/agent/disk/file", "disk"));
    EXPECT(memory_at("/mnt/other") && write_file("/mnt/other/file", "mine"));
    id = hd_mounted_at("/srv/agent");
    hd_view_free(view);
    view = hd_view_new(NULL);
    EXPECT(view && compose(inside, 3) && hd_mounted_at("/srv/agent") == id);
    EXPECT(holds("/srv/agent/disk/file", "disk"));
    EXPECT(holds("/srv/agent/own/mine", "own"));
    EXPECT(holds("/mnt/other/file", "mine"));
    EXPECT(cover() && write_file("/srv/agent/own/mine", "the disk's"));
    EXPECT(look() == 2 && holds("/srv/agent/file", "host"));
    EXPECT(holds("/srv/agent/own/mine", "the disk's"));
    return NULL;
}

static void another_agent_leaves_what_is_mounted_and_what_is_in_it(void)
{
    apart_kit_run(prepare_own, adopted);
}

static const char *used(void)
{
    static const char inside[] = "+/srv/agent\n-/srv/agent/own\n";

    EXPECT(memory_at("/srv/agent/disk"));
    EXPECT(write_file("/srv/agent/disk/file", "disk"));
    hd_view_compose(view, inside, &out);
    EXPECT(out.why.code == HD_E_BUSY && out.made == 1 && out.wanted == 2);
    EXPECT(strstr(out.why.msg, "mounted something in /srv/agent, which stays"));
    EXPECT(holds("/srv/agent/disk/file", "disk"));
    EXPECT(holds("/srv/agent/own/file", "host"));
    EXPECT(compose("+/srv/agent\n", 1));
    EXPECT(holds("/srv/agent/disk/file", "disk"));
    EXPECT(!umount("/srv/agent/disk") && compose(inside, 2));
    EXPECT(holds("/srv/agent/own/mine", "own"));
    /* And it goes, where that of the guest's is in it still. */
    EXPECT(memory_at("/srv/agent/disk") && write_file("/srv/agent/disk/a", ""));
    EXPECT(compose("+/srv/agent\n", 1));
    EXPECT(holds("/srv/agent/own/file", "host"));
    EXPECT(holds("/srv/agent/disk/a", ""));
    return NULL;
}

static void a_layer_that_the_guest_has_mounted_in_is_not_laid_anew(void)
{
    apart_kit_run(prepare_own, used);
}

static const char *behind_link(void)
{
    EXPECT(compose("", 0) && write_file("/mnt/deep/own/mine", "own"));
    EXPECT(write_file("/mnt/deep/too/mine", "too"));
    EXPECT(write_file(HD_GUEST_HOST "/srv/link/file", "host"));
    EXPECT(!symlink("/mnt/deep", "/srv/link"));
    EXPECT(compose("+/srv/link\n-/srv/link/own\n", 2));
    EXPECT(holds("/mnt/deep/own/mine", "own"));
    EXPECT(compose("+/srv/link\n-/srv/link/own\n-/srv/link/too\n", 3));
    EXPECT(holds("/mnt/deep/own/mine", "own"));
    EXPECT(holds("/mnt/deep/too/mine", "too"));
    EXPECT(holds("/mnt/deep/file", "host"));
    return NULL;
}

static void an_inclusion_behind_a_link_is_the_agent_s_own_mount(void)
{
    apart_kit_run(prepare, behind_link);
}

static const char *version_before(void)
{
    hd_autofd int fd = open("/srv/agent", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    dev_t before = device_of("/srv/agent");
    char line[64];

    snprintf(line, sizeof(line), "%llu /srv/agent\n",
             (unsigned long long)hd_mounted_at("/srv/agent"));
    EXPECT(fd >= 0 && write_file(HD_GUEST_MOUNTS, line));
    EXPECT(!unlink(HD_GUEST_TABLES));
    hd_view_free(view);
    view = hd_view_new(NULL);
    EXPECT(view && compose("+/srv/agent\n", 1));
    EXPECT(device_of("/srv/agent") == before);
    EXPECT(compose("", 0) && access("/srv/agent/file", F_OK));
    return NULL;
}

static void an_agent_goes_on_with_what_the_version_before_it_has_noted(void)
{
    apart_kit_run(prepare, version_before);
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

    EXPECT(memory_at("/mnt/own") && write_file("/srv/mine", "mine"));
    id = hd_mounted_at("/mnt/own");
    EXPECT(!hd_mounted_note("/mnt/own", "", NULL) && !umount("/mnt/own"));
    if (!take_number(id))
        return "skipped: a mount's number did not come again";
    hd_mounted_drop(NULL, 0);
    EXPECT(holds("/mnt/own/mine", "mine"));
    EXPECT(access(HD_GUEST_MOUNTS, F_OK) && errno == ENOENT);
    return NULL;
}

static void a_mount_of_the_guest_with_a_noted_number_stays(void)
{
    apart_kit_run(prepare, same_number);
}

static bool rings(int timeout_ms)
{
    struct pollfd p = {.fd = hd_view_bell(view), .events = POLLPRI};

    return poll(&p, 1, timeout_ms) == 1 && p.revents & POLLPRI;
}

static const char *bell(void)
{
    EXPECT(rings(5000)); /* the composing */
    EXPECT(!rings(0));
    EXPECT(cover() && rings(5000) && !rings(0));
    EXPECT(look() == 1 && rings(5000));
    /* So it comes to an end. */
    EXPECT(look() == 0 && !rings(0));
    return NULL;
}

static void the_bell_rings_for_mounts_and_not_for_looks(void)
{
    apart_kit_run(prepare, bell);
}

static const struct hd_test tests[] = {
    HD_TEST(a_layer_that_a_mount_above_hides_is_shown_again),
    HD_TEST(a_file_that_a_mount_above_hides_is_shown_again),
    HD_TEST(an_inclusion_is_the_guest_s_own_of_its_new_place),
    HD_TEST(what_the_guest_mounted_below_another_layer_stays),
    HD_TEST(what_the_guest_mounts_on_a_layer_is_left_alone),
    HD_TEST(what_the_guest_unmounts_is_left_alone),
    HD_TEST(a_layer_that_is_hidden_again_and_again_is_given_up),
    HD_TEST(a_layer_for_which_there_is_no_place_is_shown_when_there_is),
    HD_TEST(hidden_layers_are_taken_away_when_they_come_to_light),
    HD_TEST(layers_that_no_change_is_of_are_not_touched),
    HD_TEST(a_layer_whose_inclusions_change_is_the_same_overlay),
    HD_TEST(what_the_guest_has_in_a_layer_s_place_stays_at_a_change),
    HD_TEST(what_an_inclusion_hid_is_seen_when_that_has_gone),
    HD_TEST(what_the_host_has_no_more_is_the_guest_s_at_the_next_change),
    HD_TEST(a_layer_that_comes_again_is_the_same_overlay),
    HD_TEST(another_agent_goes_on_with_the_same_overlays),
    HD_TEST(another_agent_leaves_what_is_mounted_and_what_is_in_it),
    HD_TEST(a_layer_that_the_guest_has_mounted_in_is_not_laid_anew),
    HD_TEST(an_inclusion_behind_a_link_is_the_agent_s_own_mount),
    HD_TEST(an_agent_goes_on_with_what_the_version_before_it_has_noted),
    HD_TEST(a_mount_of_the_guest_with_a_noted_number_stays),
    HD_TEST(the_bell_rings_for_mounts_and_not_for_looks),
};
HD_SUITE("dom-guest/view", tests);
