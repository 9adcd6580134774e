/* SPDX-License-Identifier: MIT */
/* Tests pv-drivers/fs9p/links: exceptions behind links of the host's, and links
 * that would lead out of what the policy shows. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../pv-drivers/fs9p/links.h"
#include "fs9p_kit.h"
#include "unit.h"

/* A host as Debian's, /lib a link, whose policy shows `shown`. */
static void set_up(const char *tables, const char *shown)
{
    p9_set_up(tables);
    CU_ASSERT_EQUAL_FATAL(hd_tables_parse(shown, &p9.tree.shown, NULL), 0);
    hd_kit_put(&p9.host, "usr/lib/firmware/card/f", "firmware");
    hd_kit_put(&p9.host, "usr/lib/secret/f", "none of its business");
    hd_kit_point(&p9.host, "lib", "usr/lib");
}

static void tear_down(void)
{
    hd_tables_free(p9.tree.shown);
    p9_tear_down();
}

static void an_exception_behind_a_link_of_the_hosts_is_there(void)
{
    char names[256];
    uint32_t mode = 0;

    set_up("+/lib/firmware\n", "+/lib/firmware\n");
    CU_ASSERT_EQUAL(p9_walk(0, 1, "lib"), 0);
    CU_ASSERT_EQUAL(p9_stat_of(1, &mode), 0);
    CU_ASSERT_EQUAL(mode, S_IFDIR | 0555);
    CU_ASSERT_EQUAL(p9_lopen(1, 0), 0);
    p9_list(1, 4096, names);
    CU_ASSERT_STRING_EQUAL(names, "firmware ");
    CU_ASSERT_EQUAL(p9_walk(0, 2, "lib/firmware"), 0);
    CU_ASSERT_EQUAL(p9_lopen(2, 0), 0);
    p9_list(2, 4096, names);
    CU_ASSERT_PTR_NOT_NULL(strstr(names, "card "));
    CU_ASSERT_EQUAL(p9_walk(0, 3, "lib/firmware/card/f"), 0);
    CU_ASSERT_EQUAL(p9_lopen(3, 0), 0);
    CU_ASSERT_EQUAL(p9_read_at(P9_READ, 3, 0, 4096), 0);
    CU_ASSERT_EQUAL(p9_got(4), 8);
    CU_ASSERT_EQUAL(p9_walk(0, 4, "lib/secret"), -1);
    CU_ASSERT_EQUAL(p9_walk(0, 4, "usr"), ENOENT);
    tear_down();
}

static void a_link_leads_only_to_what_the_policy_shows(void)
{
    set_up("+/srv/shown/deep/c\n+/srv/shown/up/shadow\n", "+/srv/shown\n");
    hd_kit_point(&p9.host, "srv/shown/deep", "/home");
    hd_kit_point(&p9.host, "srv/shown/up", "../../etc");
    CU_ASSERT_EQUAL(p9_walk(0, 1, "srv/shown/deep/c"), -1);
    CU_ASSERT_EQUAL(p9_walk(0, 1, "srv/shown/up/shadow"), -1);
    hd_tables_free(p9.tree.shown);
    CU_ASSERT_EQUAL(
        hd_tables_parse("+/srv/shown\n+/home\n", &p9.tree.shown, NULL), 0);
    CU_ASSERT_EQUAL(p9_walk(0, 1, "srv/shown/deep/c"), 0);
    CU_ASSERT_EQUAL(p9_walk(0, 2, "srv/shown/up/shadow"), -1);
    tear_down();
}

static void a_path_of_the_policy_may_be_a_link_itself(void)
{
    set_up("+/srv/data/card/f\n", "+/srv/data\n");
    hd_kit_point(&p9.host, "srv/data", "../lib/firmware");
    CU_ASSERT_EQUAL(p9_walk(0, 1, "srv/data/card/f"), 0);
    CU_ASSERT_EQUAL(p9_lopen(1, 0), 0);
    /* It is pointed elsewhere: the way is looked at each time. */
    CU_ASSERT_EQUAL(unlinkat(p9.host.root, "srv/data", 0), 0);
    hd_kit_point(&p9.host, "srv/data", "/nowhere");
    CU_ASSERT_EQUAL(p9_walk(0, 2, "srv/data/card/f"), -1);
    tear_down();
}

static void a_link_below_an_exception_is_the_guests_to_follow(void)
{
    set_up("+/lib/firmware\n", "+/lib/firmware\n");
    hd_kit_point(&p9.host, "usr/lib/firmware/other", "card");
    CU_ASSERT_EQUAL(p9_walk(0, 1, "lib/firmware/other"), 0);
    CU_ASSERT_EQUAL(p9_simple(P9_READLINK, 1), 0);
    CU_ASSERT_EQUAL(p9_got(2), 4);
    CU_ASSERT_EQUAL(p9_walk(0, 2, "lib/firmware/other/f"), -1);
    tear_down();
}

static void a_link_of_another_user_leads_nowhere(void)
{
    char path[HD_9P_PATH], real[HD_9P_PATH];
    int root = open("/", O_PATH | O_DIRECTORY);

    set_up("+/lib/firmware\n", "+/lib/firmware\n");
    if (geteuid() == 0) {
        CU_ASSERT_EQUAL(
            fchownat(p9.host.root, "lib", 1, 1, AT_SYMLINK_NOFOLLOW), 0);
        CU_ASSERT_EQUAL(p9_walk(0, 1, "lib/firmware"), -1);
    }
    /* The root of this machine is root's, and the link whose it may be. */
    snprintf(path, sizeof(path), "%s/lib/firmware", p9.host.path);
    CU_ASSERT_EQUAL(hd_links_resolve(root, path, false, real), ELOOP);
    close(root);
    tear_down();
}

static void links_that_turn_around_end(void)
{
    static const struct {
        const char *path;
        int rc;
        const char *real;
    } want[] = {
        {"/lib/firmware", 0, "/usr/lib/firmware"},
        {"/lib", 0, "/lib"},
        {"/up/etc/fonts", 0, "/etc/fonts"},
        {"/a/x", ELOOP, NULL},
        {"/self/x", ELOOP, NULL},
        {"/grows/x", ELOOP, NULL},
        {"/dots/shadow", 0, "/etc/shadow"},
        {"/none/x", ENOENT, NULL},
    };
    char real[HD_9P_PATH];

    set_up("+/lib/firmware\n", "+/lib/firmware\n");
    hd_kit_point(&p9.host, "up", "../../../..");
    hd_kit_point(&p9.host, "a", "b");
    hd_kit_point(&p9.host, "b", "/a");
    hd_kit_point(&p9.host, "self", "self");
    hd_kit_point(&p9.host, "grows", "grows/grows/./grows");
    hd_kit_point(&p9.host, "dots", "./usr/../etc//.");
    for (size_t i = 0; i < HD_ARRAY_LEN(want); i++) {
        CU_ASSERT_EQUAL(
            hd_links_resolve(p9.host.root, want[i].path, false, real),
            want[i].rc);
        if (!want[i].rc)
            CU_ASSERT_STRING_EQUAL(real, want[i].real);
    }
    CU_ASSERT_EQUAL(hd_links_resolve(p9.host.root, "/lib", true, real), 0);
    CU_ASSERT_STRING_EQUAL(real, "/usr/lib");
    tear_down();
}

static void what_grows_too_long_on_its_way_is_refused(void)
{
    char target[700], path[HD_9P_PATH], real[HD_9P_PATH];

    set_up("+/lib/firmware\n", "+/lib/firmware\n");
    for (size_t i = 0; i + 2 < sizeof(target); i += 2)
        memcpy(target + i, "./", 2);
    strcpy(target + sizeof(target) - 2, "x");
    hd_kit_point(&p9.host, "long", target);
    strcpy(path, "/long");
    for (size_t len = 5; len + 3 < sizeof(path); len += 2)
        memcpy(path + len, "/y", 3);
    CU_ASSERT_EQUAL(hd_links_resolve(p9.host.root, path, false, real),
                    ENAMETOOLONG);
    tear_down();
}

static const struct hd_test tests[] = {
    HD_TEST(an_exception_behind_a_link_of_the_hosts_is_there),
    HD_TEST(a_link_leads_only_to_what_the_policy_shows),
    HD_TEST(a_path_of_the_policy_may_be_a_link_itself),
    HD_TEST(a_link_below_an_exception_is_the_guests_to_follow),
    HD_TEST(a_link_of_another_user_leads_nowhere),
    HD_TEST(links_that_turn_around_end),
    HD_TEST(what_grows_too_long_on_its_way_is_refused),
};
HD_SUITE("fs9p/links", tests);
