/* SPDX-License-Identifier: MIT */
/* Tests dom-guest/points: what is left on the guest's root of the places that
 * exceptions were laid at. */
#include "../../dom-guest/points.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../../dom-guest/paths.h"
#include "apart_kit.h"
#include "unit.h"
#include "view_kit.h"

#define POINTS HD_GUEST_WRITES "/points"
#define ALL    "+/opt/agent\n+/opt/deep/motd\n"

static bool is_gone(const char *path)
{
    return access(path, F_OK) && errno == ENOENT;
}

/* The guest's root is a file system of its own, in memory. */
static bool change_root(void)
{
    return !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
           !mount("root", "/tmp", "tmpfs", 0, "mode=755") &&
           !mkdir("/tmp/proc", 0755) &&
           !mount("/proc", "/tmp/proc", NULL, MS_BIND | MS_REC, NULL) &&
           !chroot("/tmp") && !chdir("/");
}

/* The host has two paths that the guest lacks. */
static const char *prepare(void)
{
    const char *why;

    if (geteuid() || unshare(CLONE_NEWNS))
        return "skipped: only root may mount here";
    EXPECT(change_root());
    why = view_kit_prepare();
    EXPECT(why ||
           (view_kit_write(HD_GUEST_HOST "/opt/agent/file", "host") &&
            view_kit_write(HD_GUEST_HOST "/opt/deep/motd", "host") &&
            view_kit_compose("", 0) && is_gone("/opt") && is_gone(POINTS)));
    return why;
}

/* As one that begins: nothing is mounted, and nobody knows of the one before.
 */
static bool start_again(void)
{
    hd_view_free(view_kit);
    view_kit = hd_view_new(NULL);
    while (!umount2("/opt/agent", MNT_DETACH) ||
           !umount2("/opt/deep/motd", MNT_DETACH))
        ;
    return view_kit && (!unlink(HD_GUEST_MOUNTS) || is_gone(HD_GUEST_MOUNTS)) &&
           (!unlink(HD_GUEST_TABLES) || is_gone(HD_GUEST_TABLES));
}

static const char *gone_with_it(void)
{
    EXPECT(view_kit_compose(ALL, 2));
    EXPECT(view_kit_holds("/opt/agent/file", "host") &&
           view_kit_holds("/opt/deep/motd", "host"));
    EXPECT(view_kit_compose("+/opt/agent\n", 1));
    EXPECT(view_kit_holds("/opt/agent/file", "host") && is_gone("/opt/deep"));
    EXPECT(view_kit_compose("", 0));
    EXPECT(is_gone("/opt") && is_gone(POINTS));
    return NULL;
}

static void a_mount_point_goes_with_its_exception(void)
{
    apart_kit_run(prepare, gone_with_it);
}

static bool rings(void)
{
    struct pollfd p = {.fd = hd_view_bell(view_kit), .events = POLLPRI};

    return poll(&p, 1, 0) == 1;
}

/* On a host that has one of the two; what is mounted rings, and whoever looks
 * then tidies. */
static const char *at_next_start(void)
{
    struct stat before, now;

    EXPECT(view_kit_compose(ALL, 2) && start_again());
    EXPECT(!is_gone("/opt/agent") && !is_gone("/opt/deep/motd"));
    EXPECT(!unlink(HD_GUEST_HOST "/opt/deep/motd"));
    EXPECT(view_kit_compose(ALL, 1) && rings());
    EXPECT(view_kit_look() == 0 && is_gone("/opt/deep"));
    EXPECT(!stat(POINTS, &before) && start_again());
    EXPECT(view_kit_compose(ALL, 1) && rings());
    EXPECT(view_kit_look() == 0 && !stat(POINTS, &now));
    /* Where all is as it was the volume is not written to. */
    EXPECT(now.st_ino == before.st_ino);
    EXPECT(start_again() && view_kit_compose("", 0) && is_gone("/opt"));
    return NULL;
}

static void
a_mount_point_that_the_guest_s_end_has_left_is_gone_at_the_next_start(void)
{
    apart_kit_run(prepare, at_next_start);
}

static const char *own(void)
{
    EXPECT(!mkdir("/opt", 0755) && !mkdir("/opt/agent", 0755));
    EXPECT(view_kit_compose(ALL, 2) && view_kit_compose("", 0));
    EXPECT(!is_gone("/opt/agent") && is_gone("/opt/deep"));
    /* It uses one of the agent's, which is its own from then on. */
    EXPECT(view_kit_compose(ALL, 2) && !umount("/opt/deep/motd"));
    EXPECT(view_kit_write("/opt/deep/motd", "mine") && view_kit_compose("", 0));
    EXPECT(view_kit_holds("/opt/deep/motd", "mine") && is_gone(POINTS));
    EXPECT(view_kit_write("/opt/deep/motd", "") && start_again());
    EXPECT(view_kit_compose("", 0) && !is_gone("/opt/deep/motd"));
    return NULL;
}

static void what_the_guest_has_there_itself_stays(void)
{
    apart_kit_run(prepare, own);
}

/* Its empty folder is not the one that is noted. */
static const char *covered(void)
{
    EXPECT(view_kit_compose(ALL, 2));
    EXPECT(view_kit_memory_at("/opt") && !mkdir("/opt/agent", 0755));
    EXPECT(view_kit_compose("", 0) && !is_gone("/opt/agent"));
    EXPECT(!umount("/opt") && view_kit_compose("", 0) && is_gone("/opt"));
    return NULL;
}

static void what_is_on_a_disk_that_hides_it_stays(void)
{
    apart_kit_run(prepare, covered);
}

/* Where the agent begins the next time the disk may not be there yet. */
static const char *on_a_disk(void)
{
    EXPECT(view_kit_memory_at("/opt") && view_kit_compose(ALL, 2));
    EXPECT(is_gone(POINTS) && view_kit_compose("", 0));
    EXPECT(!is_gone("/opt/agent"));
    return NULL;
}

static void one_that_is_not_on_the_root_is_not_noted(void)
{
    apart_kit_run(prepare, on_a_disk);
}

static const char *behind_link(void)
{
    EXPECT(!mkdir("/usr", 0755) && !symlink("usr", "/opt"));
    EXPECT(view_kit_compose(ALL, 2));
    EXPECT(view_kit_holds("/usr/agent/file", "host"));
    EXPECT(view_kit_compose("", 0));
    EXPECT(is_gone("/usr/agent") && is_gone("/usr/deep") && !is_gone("/opt"));
    return NULL;
}

static void a_mount_point_behind_a_link_goes_too(void)
{
    apart_kit_run(prepare, behind_link);
}

/* For its place is known among the mounts, which have no links. */
static const char *hidden_behind_link(void)
{
    EXPECT(!mkdir("/usr", 0755) && !symlink("usr", "/opt"));
    EXPECT(view_kit_compose(ALL, 2) && view_kit_memory_at("/usr"));
    EXPECT(is_gone("/opt/agent/file") && view_kit_look() == 2);
    EXPECT(view_kit_holds("/opt/agent/file", "host") &&
           view_kit_holds("/opt/deep/motd", "host"));
    return NULL;
}

static void an_exception_behind_a_link_is_shown_again_when_it_is_hidden(void)
{
    apart_kit_run(prepare, hidden_behind_link);
}

/* As init finds it, which lets it take writes later. */
static const char *read_only(void)
{
    EXPECT(view_kit_compose(ALL, 2) && start_again());
    EXPECT(!mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
    EXPECT(view_kit_compose("", 0) && !is_gone("/opt/agent") && rings());
    EXPECT(view_kit_look() == 0 && !view_kit_out.why.code && !rings());
    EXPECT(!mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL) && rings());
    EXPECT(view_kit_look() == 0 && !view_kit_out.why.code && is_gone("/opt"));
    return NULL;
}

static void a_root_that_takes_no_writes_yet_is_rid_of_them_when_it_does(void)
{
    apart_kit_run(prepare, read_only);
}

/* How many more files there may be where the notes are. */
static bool leave_room(unsigned long files)
{
    char options[40];
    struct statfs fs;

    if (statfs("/var/lib", &fs))
        return false;
    snprintf(options, sizeof(options), "nr_inodes=%lu",
             fs.f_files - fs.f_ffree + files);
    return !mount(NULL, "/var/lib", NULL, MS_REMOUNT, options);
}

/* The notes cannot be written anew, and later they can. */
static const char *full(void)
{
    EXPECT(view_kit_compose(ALL, 2) && start_again());
    EXPECT(!unlink(HD_GUEST_HOST "/opt/deep/motd"));
    EXPECT(view_kit_compose(ALL, 1) && leave_room(0));
    for (int i = 0; i < 2; i++)
        EXPECT(view_kit_look() == 0 && view_kit_out.why.sys == ENOSPC);
    EXPECT(leave_room(9));
    EXPECT(view_kit_look() == 0 && !view_kit_out.why.code);
    EXPECT(is_gone("/opt/deep"));
    return NULL;
}

static void a_full_volume_is_rid_of_them_when_it_has_room(void)
{
    apart_kit_run(prepare, full);
}

/* A note may say anything: the volume was in other hands. */
static const char *hostile(void)
{
    EXPECT(view_kit_write("/etc/conf", "mine") && !mkdir("/etc/dir", 0755) &&
           !symlink("dir", "/etc/link") && !mkdir("/etc/dir/in", 0755));
    EXPECT(view_kit_write(POINTS, "/etc/conf\n/etc\n/etc/link\n/etc/link/in\n"
                                  "/etc/../etc/dir/in\n/\n\n/proc/sys\n"
                                  "/etc/dir/in"));
    EXPECT(view_kit_compose("", 0) && view_kit_holds(POINTS, "/proc/sys\n"));
    EXPECT(view_kit_holds("/etc/conf", "mine") && !is_gone("/etc/link/in"));
    EXPECT(!unlink(POINTS));
    EXPECT(view_kit_write("/etc/note", "/etc/dir/in\n") &&
           !symlink("/etc/note", POINTS));
    EXPECT(view_kit_compose(ALL, 2) && view_kit_compose("", 0));
    EXPECT(!is_gone("/etc/dir/in"));
    EXPECT(view_kit_holds("/etc/note", "/etc/dir/in\n"));
    return NULL;
}

static void notes_take_no_more_away_than_what_is_empty(void)
{
    apart_kit_run(prepare, hostile);
}

static const struct hd_test tests[] = {
    HD_TEST(a_full_volume_is_rid_of_them_when_it_has_room),
    HD_TEST(a_mount_point_goes_with_its_exception),
    HD_TEST(
        a_mount_point_that_the_guest_s_end_has_left_is_gone_at_the_next_start),
    HD_TEST(what_the_guest_has_there_itself_stays),
    HD_TEST(what_is_on_a_disk_that_hides_it_stays),
    HD_TEST(one_that_is_not_on_the_root_is_not_noted),
    HD_TEST(a_mount_point_behind_a_link_goes_too),
    HD_TEST(an_exception_behind_a_link_is_shown_again_when_it_is_hidden),
    HD_TEST(a_root_that_takes_no_writes_yet_is_rid_of_them_when_it_does),
    HD_TEST(notes_take_no_more_away_than_what_is_empty),
};
HD_SUITE("dom-guest/points_root", tests);
