/* SPDX-License-Identifier: MIT */
/* Tests dom-guest/mountinfo: where a path leads, by the text alone. */
#include <string.h>
#include <sys/sysmacros.h>

#include "../../dom-guest/mountinfo.h"
#include "unit.h"

#define ROOT    "30 1 202:0 / / rw shared:1 - ext4 /dev/xvda rw\n"
#define LAYER   "40 30 0:40 / /srv/agent/deep rw - overlay hostview rw\n"
#define COVER   "50 30 202:16 / /srv rw shared:9 - ext4 /dev/xvdb rw\n"
#define UNTOLD  0
#define NOWHERE 1

/* The number of the mount that `path` leads to in `text`. */
static uint64_t reach(const char *text, const char *path)
{
    hd_auto(hd_mountinfo) m = NULL;
    const struct hd_mount *found;
    struct hd_err err;

    CHECK_OK(hd_mountinfo_parse(text, &m, &err), &err);
    if (!m)
        return NOWHERE;
    found = hd_mountinfo_reach(m, path);
    return found ? found->id : UNTOLD;
}

static void a_line_is_a_mount(void)
{
    hd_auto(hd_mountinfo) m = NULL;
    const struct hd_mount *found;
    struct hd_err err;

    CHECK_OK(hd_mountinfo_parse(ROOT LAYER, &m, &err), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_EQUAL(m->n, 2);
    found = hd_mountinfo_find(m, 40, "/srv/agent/deep");
    CU_ASSERT_PTR_NOT_NULL_FATAL(found);
    CU_ASSERT_EQUAL(found->parent, 30);
    CU_ASSERT_EQUAL(found->dev, makedev(0, 40));
    CU_ASSERT_FALSE(found->is_on_touch);
}

static void a_number_is_a_mount_at_its_mount_point_alone(void)
{
    hd_auto(hd_mountinfo) m = NULL;
    struct hd_err err;

    CHECK_OK(hd_mountinfo_parse(ROOT LAYER, &m, &err), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_PTR_NULL(hd_mountinfo_find(m, 40, "/srv/agent"));
    CU_ASSERT_PTR_NULL(hd_mountinfo_find(m, 41, "/srv/agent/deep"));
}

static void a_path_leads_to_the_mount_that_it_is_in(void)
{
    CU_ASSERT_EQUAL(reach(ROOT LAYER, "/srv/agent/deep"), 40);
    CU_ASSERT_EQUAL(reach(ROOT LAYER, "/srv/agent/deep/er"), 40);
    CU_ASSERT_EQUAL(reach(ROOT LAYER, "/srv/agent/deeper"), 30);
    CU_ASSERT_EQUAL(reach(ROOT LAYER, "/srv/agent"), 30);
    CU_ASSERT_EQUAL(reach(ROOT LAYER, "/srv"), 30);
}

static void a_mount_above_hides_what_is_below_it(void)
{
    CU_ASSERT_EQUAL(reach(ROOT LAYER COVER, "/srv/agent/deep"), 50);
    CU_ASSERT_EQUAL(reach(ROOT COVER LAYER, "/srv/agent/deep"), 50);
    CU_ASSERT_EQUAL(reach(ROOT LAYER COVER "51 30 0:51 / /sr rw - tmpfs t rw\n",
                          "/srv/agent/deep"),
                    50);
}

static void what_is_mounted_on_a_mount_is_reached_through_it(void)
{
    CU_ASSERT_EQUAL(reach(ROOT LAYER COVER
                          "60 50 0:40 / /srv/agent/deep rw - overlay h rw\n",
                          "/srv/agent/deep"),
                    60);
}

static void the_last_of_a_stack_is_reached(void)
{
    CU_ASSERT_EQUAL(reach("52 51 0:52 / /srv rw - tmpfs c rw\n" ROOT
                          "51 50 0:51 / /srv rw - tmpfs b rw\n" COVER,
                          "/srv/agent"),
                    52);
}

static void a_mount_on_the_root_itself_is_not_reached(void)
{
    CU_ASSERT_EQUAL(
        reach("31 30 0:31 / / rw - tmpfs t rw\n" ROOT LAYER, "/srv/agent/deep"),
        40);
}

static void a_ramdisk_is_its_own_parent(void)
{
    CU_ASSERT_EQUAL(reach("1 1 0:2 / / rw - rootfs rootfs rw\n"
                          "40 1 0:40 / /srv rw - overlay hostview rw\n",
                          "/srv"),
                    40);
}

static void of_a_root_that_is_no_mount_nobody_can_tell(void)
{
    CU_ASSERT_EQUAL(reach(LAYER, "/srv/agent/deep"), UNTOLD);
    CU_ASSERT_EQUAL(reach("", "/srv"), UNTOLD);
}

static void blanks_and_the_like_in_a_mount_point_are_read(void)
{
    CU_ASSERT_EQUAL(
        reach(ROOT "40 30 0:40 / /srv/a\\040b\\011c\\012d\\134e rw - overlay h "
                   "rw\n",
              "/srv/a b\tc\nd\\e"),
        40);
    CU_ASSERT_EQUAL(reach(ROOT "40 30 0:40 / /srv/a\\9\\0 rw - overlay h rw\n",
                          "/srv/a\\9\\0"),
                    40);
}

static void what_comes_when_it_is_used_is_known(void)
{
    hd_auto(hd_mountinfo) m = NULL;
    struct hd_err err;

    CHECK_OK(
        hd_mountinfo_parse(
            ROOT "50 30 0:50 / /srv rw - autofs systemd-1 rw,fd=5\n", &m, &err),
        &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_TRUE(hd_mountinfo_reach(m, "/srv")->is_on_touch);
}

static void mounts_in_a_ring_end(void)
{
    CU_ASSERT_NOT_EQUAL(reach(ROOT "31 32 0:31 / /srv rw - tmpfs t rw\n"
                                   "32 31 0:31 / /srv rw - tmpfs t rw\n"
                                   "31 30 0:31 / /srv rw - tmpfs t rw\n",
                              "/srv/agent"),
                        NOWHERE);
}

static void lines_that_no_system_writes_are_refused(void)
{
    static const char *const bad[] = {
        "x\n",
        "30 1 202:0 / /\n",
        "30 1 202:0 / rw - ext4 /dev/xvda rw\n",
        "30 1 202 / / rw - ext4 /dev/xvda rw\n",
        "30 1 202:0 / ",
    };
    struct hd_mountinfo *m = NULL;
    struct hd_err err;

    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++)
        CHECK_FAILS(hd_mountinfo_parse(bad[i], &m, &err), &err, HD_E_FAILED,
                    "says of its mounts");
    CU_ASSERT_PTR_NULL(m);
}

static void the_system_s_own_text_is_read(void)
{
    hd_auto(hd_mountinfo) m = NULL;
    struct hd_err err;

    CHECK_OK(hd_mountinfo_read(&m, &err), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    CU_ASSERT_TRUE(m->n > 0);
}

static const struct hd_test tests[] = {
    HD_TEST(a_line_is_a_mount),
    HD_TEST(a_number_is_a_mount_at_its_mount_point_alone),
    HD_TEST(a_path_leads_to_the_mount_that_it_is_in),
    HD_TEST(a_mount_above_hides_what_is_below_it),
    HD_TEST(what_is_mounted_on_a_mount_is_reached_through_it),
    HD_TEST(the_last_of_a_stack_is_reached),
    HD_TEST(a_mount_on_the_root_itself_is_not_reached),
    HD_TEST(a_ramdisk_is_its_own_parent),
    HD_TEST(of_a_root_that_is_no_mount_nobody_can_tell),
    HD_TEST(blanks_and_the_like_in_a_mount_point_are_read),
    HD_TEST(what_comes_when_it_is_used_is_known),
    HD_TEST(mounts_in_a_ring_end),
    HD_TEST(lines_that_no_system_writes_are_refused),
    HD_TEST(the_system_s_own_text_is_read),
};
HD_SUITE("dom-guest/mountinfo", tests);
