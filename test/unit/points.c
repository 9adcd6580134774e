/* SPDX-License-Identifier: MIT */
/* Tests dom-guest/points: what is left of the places that the guest's own files
 * were put at. */
#include "../../dom-guest/points.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "../../dom-guest/paths.h"
#include "apart_kit.h"
#include "power.h"
#include "unit.h"
#include "view_kit.h"

#define UPPER  HD_GUEST_WRITES "/!srv!agent/upper"
#define POINTS HD_GUEST_WRITES "/!srv!agent/points"

#define NO_MORE "+/srv/agent\n"
#define OWN     NO_MORE "-/srv/agent/note\n-/srv/agent/deep/own\n"

static bool is_gone(const char *path)
{
    return access(path, F_OK) && errno == ENOENT;
}

/* A file and a folder of the guest's own where the host has none. */
static const char *prepare(void)
{
    const char *why = view_kit_prepare();

    EXPECT(why || (view_kit_compose("", 0) &&
                   view_kit_write("/srv/agent/note", "own") &&
                   view_kit_write("/srv/agent/deep/own/file", "own") &&
                   view_kit_compose(OWN, 3) &&
                   view_kit_holds("/srv/agent/note", "own") &&
                   view_kit_holds("/srv/agent/deep/own/file", "own") &&
                   !is_gone(UPPER "/note") && !is_gone(UPPER "/deep/own")));
    return why;
}

static const char *gone_with_it(void)
{
    EXPECT(view_kit_write("/srv/agent/deep/mine", "mine"));
    EXPECT(view_kit_compose(NO_MORE "-/srv/agent/deep/own\n", 2));
    EXPECT(is_gone("/srv/agent/note") && is_gone(UPPER "/note"));
    EXPECT(view_kit_holds("/srv/agent/deep/own/file", "own"));
    EXPECT(view_kit_compose(NO_MORE, 1));
    EXPECT(is_gone("/srv/agent/deep/own"));
    EXPECT(view_kit_holds("/srv/agent/deep/mine", "mine"));
    EXPECT(is_gone(POINTS));
    /* The guest's own are as they were. */
    EXPECT(view_kit_compose("", 0) && view_kit_holds("/srv/agent/note", "own"));
    return NULL;
}

static void a_mount_point_goes_with_its_inclusion(void)
{
    apart_kit_run(prepare, gone_with_it);
}

/* As one that begins: nothing is mounted, and nobody knows of the one before.
 */
static bool start_again(void)
{
    hd_view_free(view_kit);
    view_kit = hd_view_new(NULL);
    while (!umount2("/srv/agent", MNT_DETACH))
        ;
    return view_kit && (!unlink(HD_GUEST_MOUNTS) || is_gone(HD_GUEST_MOUNTS)) &&
           (!unlink(HD_GUEST_TABLES) || is_gone(HD_GUEST_TABLES));
}

static const char *at_next_start(void)
{
    EXPECT(start_again() && !is_gone(UPPER "/note"));
    EXPECT(view_kit_compose(OWN, 3));
    EXPECT(view_kit_holds("/srv/agent/note", "own"));
    /* On a host that has such a file. */
    EXPECT(start_again() &&
           view_kit_write(HD_GUEST_HOST "/srv/agent/note", "host"));
    EXPECT(view_kit_compose(NO_MORE, 1));
    EXPECT(view_kit_holds("/srv/agent/note", "host"));
    EXPECT(is_gone(UPPER "/note") && is_gone(UPPER "/deep"));
    return NULL;
}

static void a_mount_point_that_a_pull_has_left_is_gone_at_the_next_start(void)
{
    apart_kit_run(prepare, at_next_start);
}

static const char *written(void)
{
    EXPECT(!umount("/srv/agent/note") && !umount("/srv/agent/deep/own"));
    EXPECT(view_kit_write("/srv/agent/note", "mine"));
    EXPECT(view_kit_write("/srv/agent/deep/own/more", "mine"));
    EXPECT(view_kit_compose(NO_MORE, 1));
    EXPECT(view_kit_holds("/srv/agent/note", "mine"));
    EXPECT(view_kit_holds("/srv/agent/deep/own/more", "mine"));
    /* And it is from now on, also where the guest makes it empty. */
    EXPECT(view_kit_write("/srv/agent/note", "") && start_again());
    EXPECT(view_kit_compose(NO_MORE, 1) && !is_gone("/srv/agent/note"));
    return NULL;
}

static void what_the_guest_has_written_there_stays(void)
{
    apart_kit_run(prepare, written);
}

static const char *removed(void)
{
    EXPECT(view_kit_compose("", 0));
    EXPECT(view_kit_write("/srv/agent/file", "own"));
    EXPECT(view_kit_compose(NO_MORE, 1) && !unlink("/srv/agent/file"));
    EXPECT(view_kit_compose(NO_MORE "-/srv/agent/file\n", 2));
    EXPECT(view_kit_holds("/srv/agent/file", "own"));
    EXPECT(view_kit_compose(NO_MORE, 1));
    EXPECT(!view_kit_holds("/srv/agent/file", "host"));
    EXPECT(start_again() && view_kit_compose(NO_MORE, 1));
    EXPECT(!view_kit_holds("/srv/agent/file", "host"));
    return NULL;
}

static void what_the_guest_has_removed_of_the_host_s_stays_unseen(void)
{
    apart_kit_run(prepare, removed);
}

/* A note may say anything: the volume was in other hands. */
static const char *hostile(void)
{
    EXPECT(view_kit_write("/srv/other", "") && view_kit_write("/mnt/x", ""));
    EXPECT(view_kit_write(POINTS, "/srv/other\n/srv/agent/../other\n\n"
                                  "/srv/agent\nsrv/agent/note\n/mnt/x\nnone"));
    EXPECT(view_kit_compose(NO_MORE, 1));
    EXPECT(!is_gone("/srv/other") && !is_gone("/mnt/x"));
    EXPECT(view_kit_holds("/srv/agent/file", "host"));
    return NULL;
}

static void notes_of_other_places_take_nothing_away(void)
{
    apart_kit_run(prepare, hostile);
}

/* One cannot be taken away: the guest uses it. */
static const char *one_stays(void)
{
    EXPECT(view_kit_compose(NO_MORE "-/srv/agent/note\n-/srv/agent/deep/own\n",
                            3) &&
           start_again());
    EXPECT(view_kit_memory_at(UPPER "/deep/own"));
    hd_view_compose(view_kit, NO_MORE, &view_kit_out);
    EXPECT(view_kit_out.made == 1 && view_kit_out.why.code == HD_E_IO);
    EXPECT(strstr(view_kit_out.why.msg, "/srv/agent/deep/own"));
    EXPECT(view_kit_holds("/srv/agent/file", "host"));
    EXPECT(is_gone(UPPER "/note") && !is_gone(UPPER "/deep/own"));
    /* Of the other nobody speaks any more: an empty one is the guest's. */
    EXPECT(view_kit_holds(POINTS, "/srv/agent/deep\n/srv/agent/deep/own\n"));
    EXPECT(view_kit_write("/srv/agent/note", "") && start_again());
    EXPECT(!umount(UPPER "/deep/own") && view_kit_compose(NO_MORE, 1));
    EXPECT(!is_gone("/srv/agent/note") && is_gone(UPPER "/deep"));
    return NULL;
}

static void one_that_cannot_be_taken_away_is_named_and_the_others_are_gone(void)
{
    apart_kit_run(prepare, one_stays);
}

/* Each moment of a pull: the note stands there, whole or half, and nothing is
 * made yet. */
static const char *pulled(void)
{
    EXPECT(start_again() && !unlink(UPPER "/note") &&
           !rmdir(UPPER "/deep/own") && !rmdir(UPPER "/deep"));
    EXPECT(view_kit_write(POINTS, "\n/srv/agent/note\n\n/srv/age"));
    EXPECT(view_kit_compose(OWN, 3) && start_again());
    EXPECT(view_kit_compose(NO_MORE, 1) && is_gone(UPPER "/deep"));
    EXPECT(is_gone("/srv/agent/note") && is_gone(POINTS));
    return NULL;
}

static void a_pull_between_a_note_and_its_mount_point_leaves_neither(void)
{
    apart_kit_run(prepare, pulled);
}

/* ---- for good */

static unsigned synced; /* folders, of what has gone and is noted still */
static bool fails;

static bool see_sync(int fd)
{
    char link[32], path[64] = "";

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    if (readlink(link, path, sizeof(path) - 1) < 0 || is_gone(POINTS) ||
        !is_gone(UPPER "/note") ||
        (strcmp(path, UPPER) && strcmp(path, "/srv/agent")))
        return false;
    synced++;
    return fails;
}

static const char *for_good(void)
{
    power_fails_fsync = see_sync;
    EXPECT(view_kit_compose(NO_MORE "-/srv/agent/deep/own\n", 2));
    EXPECT(synced == 1 && !is_gone(POINTS));
    /* At the next start it is the upper folder itself. */
    EXPECT(view_kit_compose(OWN, 3) && start_again());
    EXPECT(view_kit_compose(NO_MORE, 1) && is_gone(POINTS) && synced > 1);
    return NULL;
}

static void a_mount_point_has_gone_for_good_before_its_note_goes(void)
{
    apart_kit_run(prepare, for_good);
}

static const char *not_for_good(void)
{
    EXPECT(start_again());
    power_fails_fsync = see_sync;
    fails = true;
    hd_view_compose(view_kit, NO_MORE, &view_kit_out);
    EXPECT(view_kit_out.made == 1 && view_kit_out.why.sys == EIO);
    EXPECT(strstr(view_kit_out.why.msg, "/srv/agent/note"));
    EXPECT(is_gone(UPPER "/deep") &&
           view_kit_holds(POINTS, "/srv/agent/note\n"));
    fails = false;
    EXPECT(start_again() && view_kit_compose(NO_MORE, 1) && is_gone(POINTS));
    return NULL;
}

static void one_that_may_come_back_stays_noted(void)
{
    fails = false;
    apart_kit_run(prepare, not_for_good);
}

/* The volume was in other hands, which have put links there. */
static const char *links_of_notes(void)
{
    EXPECT(start_again());
    EXPECT(view_kit_write("/mnt/x/own", "") && view_kit_write("/mnt/y", ""));
    EXPECT(!unlink(POINTS) && !symlink("/mnt/y", POINTS));
    EXPECT(view_kit_compose(OWN "-/srv/agent/more\n", 3));
    EXPECT(view_kit_holds("/mnt/y", ""));
    EXPECT(start_again() && !unlink(POINTS));
    EXPECT(view_kit_write(POINTS, "/srv/agent/deep/own\n") &&
           !rmdir(UPPER "/deep/own") && !rmdir(UPPER "/deep") &&
           !symlink("/mnt/x", UPPER "/deep"));
    EXPECT(view_kit_compose(NO_MORE, 1));
    EXPECT(!is_gone("/mnt/x/own") && is_gone(POINTS));
    return NULL;
}

static void links_among_the_notes_lead_nowhere(void)
{
    apart_kit_run(prepare, links_of_notes);
}

static const char *links_of_upper(void)
{
    EXPECT(start_again() && view_kit_write("/mnt/x/file", "mine"));
    EXPECT(!rename(UPPER, UPPER ".was") && !symlink("/mnt/x", UPPER));
    hd_view_compose(view_kit, NO_MORE, &view_kit_out);
    EXPECT(view_kit_out.why.code && !view_kit_out.made);
    EXPECT(strstr(view_kit_out.why.msg, "/srv/agent"));
    EXPECT(view_kit_holds("/srv/agent/note", "own"));
    return NULL;
}

static void a_link_in_place_of_the_guest_s_writes_is_refused(void)
{
    apart_kit_run(prepare, links_of_upper);
}

/* `deep` of the host's leads out of the exception, and `near` stays in it. */
static const char *links_of_host(void)
{
    EXPECT(view_kit_compose("", 0) && start_again());
    EXPECT(view_kit_write("/mnt/x/there", "x"));
    EXPECT(view_kit_write("/srv/agent/near/own/file", "own") &&
           view_kit_write("/srv/agent/out/there", "own") &&
           view_kit_write(HD_GUEST_HOST "/srv/agent/in/own/file", "host"));
    EXPECT(!symlink("/mnt/x", HD_GUEST_HOST "/srv/agent/deep") &&
           !symlink("in", HD_GUEST_HOST "/srv/agent/near") &&
           !symlink("../../mnt/x", HD_GUEST_HOST "/srv/agent/out"));
    hd_view_compose(view_kit,
                    OWN "-/srv/agent/near/own\n-/srv/agent/out/there\n",
                    &view_kit_out);
    /* The exception, `note` and what is behind `near`. */
    EXPECT(view_kit_out.made == 3 && view_kit_out.wanted == 5);
    EXPECT(strstr(view_kit_out.why.msg, "/srv/agent/out/there") ||
           strstr(view_kit_out.why.msg, "/srv/agent/deep/own"));
    EXPECT(view_kit_holds("/srv/agent/note", "own") &&
           view_kit_holds("/srv/agent/in/own/file", "own"));
    EXPECT(is_gone("/mnt/x/own") && view_kit_holds("/mnt/x/there", "x"));
    return NULL;
}

static void a_link_inside_of_an_exception_leads_no_inclusion_out_of_it(void)
{
    apart_kit_run(prepare, links_of_host);
}

static const struct hd_test tests[] = {
    HD_TEST(a_mount_point_goes_with_its_inclusion),
    HD_TEST(a_mount_point_that_a_pull_has_left_is_gone_at_the_next_start),
    HD_TEST(what_the_guest_has_written_there_stays),
    HD_TEST(what_the_guest_has_removed_of_the_host_s_stays_unseen),
    HD_TEST(notes_of_other_places_take_nothing_away),
    HD_TEST(one_that_cannot_be_taken_away_is_named_and_the_others_are_gone),
    HD_TEST(a_pull_between_a_note_and_its_mount_point_leaves_neither),
    HD_TEST(a_mount_point_has_gone_for_good_before_its_note_goes),
    HD_TEST(one_that_may_come_back_stays_noted),
    HD_TEST(links_among_the_notes_lead_nowhere),
    HD_TEST(a_link_in_place_of_the_guest_s_writes_is_refused),
    HD_TEST(a_link_inside_of_an_exception_leads_no_inclusion_out_of_it),
};
HD_SUITE("dom-guest/points", tests);
