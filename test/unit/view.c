/* SPDX-License-Identifier: MIT */
/* Tests dom-guest/view: what becomes of layers that the guest's mounts hide. */
#include "../../dom-guest/view.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../dom-guest/news.h"
#include "../../dom-guest/paths.h"
#include "../../dom-guest/placed.h"
#include "../../pv-drivers/base/mem.h"
#include "apart_kit.h"
#include "unit.h"
#include "view_kit.h"

#define HOUR_MS 3600000

static const char *shown_again(void)
{
    EXPECT(view_kit_write("/srv/agent/mine", "mine"));
    EXPECT(view_kit_look() == 0 && view_kit_out.wanted == 0);
    EXPECT(view_kit_cover());
    EXPECT(access("/srv/agent/file", F_OK));
    EXPECT(view_kit_look() == 1 && view_kit_out.wanted == 1 &&
           !view_kit_out.why.code);
    EXPECT(view_kit_holds("/srv/agent/file", "host"));
    EXPECT(view_kit_holds("/srv/agent/mine", "mine"));
    EXPECT(view_kit_holds("/srv/disk", "disk"));
    EXPECT(view_kit_look() == 0 && view_kit_out.wanted == 0 &&
           !view_kit_out.why.code);
    return NULL;
}

static void a_layer_that_a_mount_above_hides_is_shown_again(void)
{
    apart_kit_run(view_kit_prepare, shown_again);
}

static const char *file_again(void)
{
    EXPECT(view_kit_compose("+/srv/motd\n", 1));
    EXPECT(view_kit_write("/srv/motd", "mine"));
    EXPECT(view_kit_cover());
    EXPECT(view_kit_look() == 1 && !view_kit_out.why.code);
    EXPECT(view_kit_holds("/srv/motd", "mine"));
    return NULL;
}

static void a_file_that_a_mount_above_hides_is_shown_again(void)
{
    apart_kit_run(view_kit_prepare, file_again);
}

static const char *inclusion_again(void)
{
    EXPECT(view_kit_write("/srv/agent/own/file", "unseen"));
    EXPECT(view_kit_compose("", 0));
    EXPECT(view_kit_write("/srv/agent/own/file", "guest"));
    EXPECT(view_kit_compose("+/srv/agent\n-/srv/agent/own\n", 2));
    EXPECT(view_kit_holds("/srv/agent/own/file", "guest"));
    EXPECT(view_kit_cover() &&
           view_kit_write("/srv/agent/own/file", "the disk's"));
    EXPECT(view_kit_look() == 2 && !view_kit_out.why.code);
    EXPECT(view_kit_holds("/srv/agent/file", "host"));
    EXPECT(view_kit_holds("/srv/agent/own/file", "the disk's"));
    EXPECT(view_kit_look() == 0 && view_kit_out.wanted == 0);
    return NULL;
}

static void an_inclusion_is_the_guest_s_own_of_its_new_place(void)
{
    apart_kit_run(view_kit_prepare, inclusion_again);
}

static const char *others_stay(void)
{
    EXPECT(view_kit_compose("+/srv/agent\n+/mnt/other\n", 2));
    EXPECT(view_kit_memory_at("/mnt/other/disk"));
    EXPECT(view_kit_write("/mnt/other/disk/file", "disk"));
    EXPECT(view_kit_cover());
    EXPECT(view_kit_look() == 1 && view_kit_out.wanted == 1);
    EXPECT(view_kit_holds("/mnt/other/disk/file", "disk"));
    EXPECT(view_kit_holds("/mnt/other/file", "host"));
    return NULL;
}

static void what_the_guest_mounted_below_another_layer_stays(void)
{
    apart_kit_run(view_kit_prepare, others_stay);
}

static const char *upon(void)
{
    EXPECT(view_kit_memory_at("/srv/agent") &&
           view_kit_write("/srv/agent/file", "guest"));
    EXPECT(view_kit_look() == 0 && view_kit_out.wanted == 0);
    EXPECT(view_kit_holds("/srv/agent/file", "guest"));
    EXPECT(view_kit_cover());
    EXPECT(view_kit_memory_at("/srv/agent") &&
           view_kit_write("/srv/agent/file", "disk"));
    EXPECT(view_kit_look() == 0 && view_kit_out.wanted == 0);
    EXPECT(view_kit_holds("/srv/agent/file", "disk"));
    return NULL;
}

static void what_the_guest_mounts_on_a_layer_is_left_alone(void)
{
    apart_kit_run(view_kit_prepare, upon);
}

static const char *taken_away(void)
{
    EXPECT(view_kit_cover() && view_kit_look() == 1);
    EXPECT(!umount("/srv/agent"));
    EXPECT(view_kit_look() == 0 && view_kit_out.wanted == 0);
    EXPECT(!umount("/srv"));
    EXPECT(view_kit_look() == 0 && view_kit_holds("/srv/agent/file", "host"));
    EXPECT(view_kit_cover() && view_kit_look() == 1);
    EXPECT(view_kit_holds("/srv/agent/file", "host"));
    return NULL;
}

static void what_the_guest_unmounts_is_left_alone(void)
{
    apart_kit_run(view_kit_prepare, taken_away);
}

static const char *again_and_again(void)
{
    for (int i = 0; i < HD_PLACED_TIMES; i++)
        EXPECT(view_kit_cover() && view_kit_look() == 1);
    EXPECT(view_kit_cover() && view_kit_look() == 0 &&
           view_kit_out.wanted == 1);
    EXPECT(strstr(view_kit_out.why.msg,
                  "/srv/agent is hidden by a mount above it, "
                  "again and again"));
    view_kit_now_ms += HOUR_MS;
    EXPECT(view_kit_look() == 0 && access("/srv/agent/file", F_OK));
    /* New tables are a new beginning. */
    EXPECT(view_kit_compose("+/srv/agent\n", 1) && view_kit_cover() &&
           view_kit_look() == 1);
    return NULL;
}

static void a_layer_that_is_hidden_again_and_again_is_given_up(void)
{
    apart_kit_run(view_kit_prepare, again_and_again);
}

static const char *no_room(void)
{
    EXPECT(!mount("guest", "/srv", "tmpfs", MS_RDONLY, "mode=755"));
    for (int i = 0; i <= HD_PLACED_TIMES; i++)
        EXPECT(view_kit_look() == 0 && view_kit_out.wanted == 1 &&
               view_kit_out.why.sys == EROFS);
    EXPECT(!mount(NULL, "/srv", NULL, MS_REMOUNT, NULL));
    EXPECT(view_kit_look() == 1 && view_kit_holds("/srv/agent/file", "host"));
    return NULL;
}

static void a_layer_for_which_there_is_no_place_is_shown_when_there_is(void)
{
    apart_kit_run(view_kit_prepare, no_room);
}

static const char *away(void)
{
    EXPECT(view_kit_cover() && view_kit_look() == 1);
    EXPECT(view_kit_compose("", 0));
    EXPECT(access("/srv/agent/file", F_OK) &&
           view_kit_holds("/srv/disk", "disk"));
    EXPECT(view_kit_look() == 0);
    /* The one below has come to light; it was kept in mind. */
    EXPECT(!umount("/srv") && view_kit_holds("/srv/agent/file", "host"));
    EXPECT(view_kit_compose("", 0));
    EXPECT(access("/srv/agent/file", F_OK));
    EXPECT(access(HD_GUEST_MOUNTS, F_OK) && errno == ENOENT);
    return NULL;
}

static void hidden_layers_are_taken_away_when_they_come_to_light(void)
{
    apart_kit_run(view_kit_prepare, away);
}

static bool rings(int timeout_ms)
{
    struct pollfd p = {.fd = hd_view_bell(view_kit), .events = POLLPRI};

    return poll(&p, 1, timeout_ms) == 1 && p.revents & POLLPRI;
}

static const char *bell(void)
{
    EXPECT(rings(5000)); /* the composing */
    EXPECT(!rings(0));
    EXPECT(view_kit_cover() && rings(5000) && !rings(0));
    EXPECT(view_kit_look() == 1 && rings(5000));
    /* So it comes to an end. */
    EXPECT(view_kit_look() == 0 && !rings(0));
    return NULL;
}

static void the_bell_rings_for_mounts_and_not_for_looks(void)
{
    apart_kit_run(view_kit_prepare, bell);
}

/* The error of a file that is written there, or 0. */
static int fill(const char *path, size_t kib)
{
    static const char block[1024];
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    int why = fd < 0 ? errno : 0;

    for (size_t i = 0; !why && i < kib; i++)
        if (write(fd, block, sizeof(block)) < 0)
            why = errno;
    if (fd >= 0)
        close(fd);
    return why;
}

static const char *full(void)
{
    EXPECT(view_kit_write("/srv/agent/mine", "mine"));
    EXPECT(!mount(NULL, "/var/lib", NULL, MS_REMOUNT, "size=64k"));
    EXPECT(fill("/srv/agent/big", 1024) == ENOSPC);
    /* A file of the host's is to be copied, and stays the host's. */
    EXPECT(fill("/srv/agent/file", 1) == ENOSPC);
    EXPECT(view_kit_holds("/srv/agent/file", "host"));
    EXPECT(view_kit_holds("/srv/agent/mine", "mine"));
    EXPECT(view_kit_look() == 0 && !view_kit_out.why.code);
    EXPECT(view_kit_cover() && view_kit_look() == 1);
    EXPECT(view_kit_compose("", 0) && view_kit_compose("+/srv/agent\n", 1));
    EXPECT(view_kit_holds("/srv/agent/file", "host"));
    EXPECT(!unlink("/srv/agent/big") && !fill("/srv/agent/file", 1));
    EXPECT(view_kit_holds(HD_GUEST_HOST "/srv/agent/file", "host"));
    return NULL;
}

static void a_full_volume_takes_no_writes_and_shows_what_there_is(void)
{
    apart_kit_run(view_kit_prepare, full);
}

#define MANY 1200 /* more than a process has descriptors by default */

/* And as many inclusions. */
static const char *prepare_many(void)
{
    const char *why = view_kit_prepare();
    struct rlimit files;
    char path[96];

    EXPECT(!getrlimit(RLIMIT_NOFILE, &files));
    if (files.rlim_max < 4 * MANY)
        return "skipped: this machine gives no process descriptors enough";
    files.rlim_cur = 1024;
    EXPECT(!setrlimit(RLIMIT_NOFILE, &files));
    for (unsigned i = 0; !why && i < MANY; i++) {
        snprintf(path, sizeof(path), HD_GUEST_HOST "/srv/many/%u/file", i);
        EXPECT(view_kit_write(path, "host"));
        snprintf(path, sizeof(path), "/srv/many/%u/own/file", i);
        EXPECT(view_kit_write(path, "own"));
    }
    return why;
}

static bool shows_many(const char *host, const char *own)
{
    char path[96];

    for (unsigned i = 0; i < MANY; i++) {
        snprintf(path, sizeof(path), "/srv/many/%u/file", i);
        if (host ? !view_kit_holds(path, host) : !access(path, F_OK))
            return false;
        snprintf(path, sizeof(path), "/srv/many/%u/own/file", i);
        if (!view_kit_holds(path, own))
            return false;
    }
    return true;
}

static const char *many(void)
{
    hd_autofree char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);

    EXPECT(f);
    for (unsigned i = 0; i < MANY; i++)
        fprintf(f, "+/srv/many/%u\n-/srv/many/%u/own\n", i, i);
    EXPECT(!fflush(f));
    hd_view_free(view_kit);
    view_kit = hd_view_new(NULL);
    EXPECT(view_kit && view_kit_compose(text, 2 * MANY));
    EXPECT(shows_many("host", "own"));
    fputs("+/srv/motd\n", f);
    EXPECT(!fclose(f) && view_kit_compose(text, 2 * MANY + 1));
    EXPECT(view_kit_holds("/srv/motd", "host") && shows_many("host", "own"));
    EXPECT(view_kit_compose("", 0) && shows_many(NULL, "own"));
    return NULL;
}

static void thousands_of_entries_are_shown_and_one_more_comes(void)
{
    apart_kit_run(prepare_many, many);
}

static bool is_same(const struct stat *a, const char *path)
{
    struct stat b;

    return !stat(path, &b) && a->st_dev == b.st_dev && a->st_ino == b.st_ino;
}

/* Its registry and what is written over the host's files are one folder, by the
 * path and for whom has had it open before. */
static const char *around_the_agent(void)
{
    static const char *const tables[] = {
        "+/var/lib\n-/var/lib/hotdom-guest\n",
        "+/srv/agent\n+/var/lib\n-/var/lib/hotdom-guest\n"};
    static const char key[] = HD_GUEST_REGISTRY "/key";
    struct stat registry, writes;
    hd_autofd int news = -1;
    struct pollfd p = {.events = POLLIN};

    EXPECT(view_kit_write(key, "set") &&
           view_kit_write(HD_GUEST_HOST "/var/lib/file", "host") &&
           view_kit_write(HD_GUEST_HOST "/var/lib/hotdom-guest/a", "host"));
    p.fd = news = hd_news_open(HD_GUEST_REGISTRY, NULL);
    EXPECT(news >= 0);
    EXPECT(!stat(HD_GUEST_REGISTRY, &registry) &&
           !stat(HD_GUEST_WRITES, &writes));
    for (size_t i = 0; i < HD_ARRAY_LEN(tables); i++) {
        EXPECT(view_kit_compose(tables[i], 2 + i));
        EXPECT(view_kit_holds("/var/lib/file", "host"));
        EXPECT(is_same(&registry, HD_GUEST_REGISTRY));
        EXPECT(is_same(&writes, HD_GUEST_WRITES));
        hd_news_drain(news);
        EXPECT(view_kit_holds(key, "set") && view_kit_write(key, "set") &&
               poll(&p, 1, 0) == 1);
    }
    EXPECT(view_kit_write("/var/lib/mine", "mine"));
    EXPECT(view_kit_holds(HD_GUEST_WRITES "/!var!lib/upper/mine", "mine"));
    EXPECT(view_kit_compose("", 0) && is_same(&registry, HD_GUEST_REGISTRY));
    return NULL;
}

static void an_inclusion_leaves_the_agent_what_it_has_in_an_exception(void)
{
    apart_kit_run(view_kit_prepare, around_the_agent);
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
    HD_TEST(a_full_volume_takes_no_writes_and_shows_what_there_is),
    HD_TEST(the_bell_rings_for_mounts_and_not_for_looks),
    HD_TEST(thousands_of_entries_are_shown_and_one_more_comes),
    HD_TEST(an_inclusion_leaves_the_agent_what_it_has_in_an_exception),
};
HD_SUITE("dom-guest/view", tests);
