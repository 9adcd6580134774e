/* SPDX-License-Identifier: MIT */
/* Tests dom-guest/placed: which layers are hidden, by the text alone. */
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "../../dom-guest/placed.h"
#include "unit.h"

#define ROOT  "30 1 202:0 / / rw shared:1 - ext4 /dev/xvda rw\n"
#define LAYER "40 30 0:40 / /srv/agent/deep rw - overlay hostview rw\n"
#define COVER "50 30 202:16 / /srv rw shared:9 - ext4 /dev/xvdb rw\n"
#define AGAIN "60 50 0:40 / /srv/agent/deep rw - overlay hostview rw\n"

static struct hd_placed placed[2];
static char paths[2][64];

/* What the view has mounted: at the first of these paths, and the second. */
static void place(uint64_t id, const char *at, uint64_t id2, const char *at2)
{
    for (size_t i = 0; i < 2; i++) {
        hd_placed_init(&placed[i]);
        snprintf(paths[i], sizeof(paths[i]), "%s", i ? at2 : at);
        placed[i].at = *paths[i] ? paths[i] : NULL;
        placed[i].id = i ? id2 : id;
    }
}

/* The first of them. */
static bool is_hidden(const char *text)
{
    hd_auto(hd_mountinfo) m = NULL;
    struct hd_err err;

    CHECK_OK(hd_mountinfo_parse(text, &m, &err), &err);
    return m && hd_placed_is_hidden(placed, 2, 0, m);
}

static void a_mount_above_hides_a_layer(void)
{
    place(40, "/srv/agent/deep", 0, "");
    CU_ASSERT_FALSE(is_hidden(ROOT LAYER));
    CU_ASSERT_TRUE(is_hidden(ROOT LAYER COVER));
    CU_ASSERT_EQUAL(placed[0].dev, makedev(0, 40));
}

static void mounts_beside_and_below_hide_no_layer(void)
{
    place(40, "/srv/agent/deep", 0, "");
    CU_ASSERT_FALSE(
        is_hidden(ROOT LAYER "50 30 202:16 / /srv/age rw - ext4 d rw\n"
                             "51 40 202:32 / /srv/agent/deep/x rw - ext4 d rw\n"
                             "52 30 202:48 / /home rw - ext4 d rw\n"));
}

static void what_is_mounted_on_a_layer_is_left_alone(void)
{
    place(40, "/srv/agent/deep", 0, "");
    CU_ASSERT_FALSE(is_hidden(
        ROOT LAYER "50 40 202:16 / /srv/agent/deep rw - ext4 d rw\n"));
    CU_ASSERT_FALSE(is_hidden(
        ROOT LAYER COVER "51 50 202:32 / /srv/agent/deep rw - ext4 d rw\n"));
}

static void what_is_mounted_inside_of_what_hides_a_layer_is_left_alone(void)
{
    place(40, "/srv/agent/deep", 0, "");
    CU_ASSERT_FALSE(is_hidden(
        ROOT LAYER COVER "51 50 202:32 / /srv/agent/deep/x rw - ext4 d rw\n"));
    /* What is hidden with the layer does not count. */
    CU_ASSERT_TRUE(is_hidden(
        ROOT LAYER COVER "51 40 202:32 / /srv/agent/deep/x rw - ext4 d rw\n"));
}

static void another_layer_inside_does_not_count(void)
{
    place(40, "/srv/agent/deep", 51, "/srv/agent/deep/x");
    CU_ASSERT_TRUE(is_hidden(
        ROOT LAYER COVER "51 50 0:41 / /srv/agent/deep/x rw - overlay h rw\n"));
}

static void a_layer_that_was_unmounted_is_left_alone(void)
{
    place(40, "/srv/agent/deep", 0, "");
    CU_ASSERT_FALSE(is_hidden(ROOT));
    CU_ASSERT_FALSE(is_hidden(ROOT COVER));
    /* So is one that was shown again, and then unmounted. */
    place(60, "/srv/agent/deep", 0, "");
    CU_ASSERT_FALSE(is_hidden(ROOT LAYER COVER AGAIN));
    CU_ASSERT_FALSE(is_hidden(ROOT LAYER COVER));
}

static void a_layer_that_has_come_to_light_again_is_hidden_anew(void)
{
    place(40, "/srv/agent/deep", 0, "");
    CU_ASSERT_TRUE(is_hidden(ROOT LAYER COVER));
    placed[0].id = 60;
    CU_ASSERT_FALSE(is_hidden(ROOT LAYER COVER AGAIN));
    CU_ASSERT_FALSE(is_hidden(ROOT LAYER));
    CU_ASSERT_EQUAL(placed[0].id, 40);
    CU_ASSERT_TRUE(is_hidden(ROOT LAYER COVER));
}

static void another_mount_that_has_a_layer_s_number_is_no_layer(void)
{
    place(40, "/srv/agent/deep", 0, "");
    CU_ASSERT_FALSE(is_hidden(ROOT LAYER));
    CU_ASSERT_FALSE(is_hidden(
        ROOT "40 30 202:32 / /srv/agent/deep rw - ext4 d rw\n" COVER));
    CU_ASSERT_FALSE(
        is_hidden(ROOT "40 30 0:40 / /home rw - ext4 d rw\n" COVER));
}

static void below_what_comes_when_it_is_used_nothing_is_hidden_yet(void)
{
    static const char automount[] =
        ROOT LAYER "49 30 0:49 / /srv rw - autofs systemd-1 rw\n";
    char text[512];

    place(40, "/srv/agent/deep", 0, "");
    CU_ASSERT_FALSE(is_hidden(automount));
    snprintf(text, sizeof(text), "%s%s", automount,
             "50 49 202:16 / /srv rw - ext4 /dev/xvdb rw\n");
    CU_ASSERT_TRUE(is_hidden(text));
}

static void nothing_is_hidden_when_nobody_can_tell(void)
{
    place(40, "/srv/agent/deep", 0, "");
    CU_ASSERT_FALSE(is_hidden(LAYER COVER));
    place(0, "", 0, "");
    CU_ASSERT_FALSE(is_hidden(ROOT LAYER COVER));
}

static void what_is_hidden_again_and_again_is_given_up(void)
{
    uint64_t now_ms = 1000;

    place(40, "/srv/agent/deep", 0, "");
    for (int i = 0; i < HD_PLACED_TIMES; i++) {
        CU_ASSERT_TRUE(hd_placed_may(&placed[0], now_ms++));
        placed[0].times++; /* as hd_placed_repeat does */
    }
    CU_ASSERT_FALSE(hd_placed_may(&placed[0], now_ms));
    CU_ASSERT_FALSE(
        hd_placed_may(&placed[0], now_ms + 2 * HD_PLACED_WITHIN_MS));
}

static void what_is_hidden_now_and_then_is_never_given_up(void)
{
    uint64_t now_ms = 1000;

    place(40, "/srv/agent/deep", 0, "");
    for (int i = 0; i < 10 * HD_PLACED_TIMES; i++) {
        CU_ASSERT_TRUE(hd_placed_may(&placed[0], now_ms));
        placed[0].times++;
        now_ms += HD_PLACED_WITHIN_MS / 3;
    }
}

static const struct hd_test tests[] = {
    HD_TEST(a_mount_above_hides_a_layer),
    HD_TEST(mounts_beside_and_below_hide_no_layer),
    HD_TEST(what_is_mounted_on_a_layer_is_left_alone),
    HD_TEST(what_is_mounted_inside_of_what_hides_a_layer_is_left_alone),
    HD_TEST(another_layer_inside_does_not_count),
    HD_TEST(a_layer_that_was_unmounted_is_left_alone),
    HD_TEST(a_layer_that_has_come_to_light_again_is_hidden_anew),
    HD_TEST(another_mount_that_has_a_layer_s_number_is_no_layer),
    HD_TEST(below_what_comes_when_it_is_used_nothing_is_hidden_yet),
    HD_TEST(nothing_is_hidden_when_nobody_can_tell),
    HD_TEST(what_is_hidden_again_and_again_is_given_up),
    HD_TEST(what_is_hidden_now_and_then_is_never_given_up),
};
HD_SUITE("dom-guest/placed", tests);
