/* SPDX-License-Identifier: MIT */
/* Tests dom-guest/early_hand: a hand that begins before there is a root. */
#include "../../dom-guest/early_hand.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "apart_kit.h"
#include "stall_kit.h"
#include "unit.h"

static int is_there(void *ctx, const void *path, size_t len, void *answer,
                    struct hd_err *err)
{
    (void)ctx, (void)len, (void)err;
    *(bool *)answer = !access(path, F_OK);
    return 0;
}

static bool finds(struct hd_hand *hand, const char *path)
{
    bool there = false;

    CU_ASSERT_FALSE(hd_hand_do(hand, is_there, path, strlen(path) + 1, &there,
                               sizeof(there), hd_io_now_ms() + STALL_KIT_MS,
                               NULL));
    return there;
}

static const char *be_root(void)
{
    return geteuid() ? "skipped: only root may change it" : NULL;
}

static const char *follow(void)
{
    char root[] = "/tmp/hotdom-early-XXXXXX", mark[64];
    struct hd_duty d = {.hand = HD_HAND_NONE};

    EXPECT(mkdtemp(root));
    snprintf(mark, sizeof(mark), "%s/mark", root);
    EXPECT(!hd_io_write_file(mark, "", 0, 0600, NULL));
    EXPECT(finds(&d.hand, "/tmp"));
    hd_early_hand_follow(&d, root);
    EXPECT(finds(&d.hand, "/mark") && !finds(&d.hand, "/tmp"));
    EXPECT(d.hand.starts == 1);
    hd_hand_fini(&d.hand);
    EXPECT(!unlink(mark) && !rmdir(root));
    return NULL;
}

static void a_hand_that_began_before_the_root_goes_along(void)
{
    apart_kit_run(be_root, follow);
}

/* At once, for it is known to wait. */
static void a_hand_that_waits_for_the_host_is_left_behind(void)
{
    struct hd_duty d = {.hand = HD_HAND_NONE};

    stall_kit_begin();
    stall_kit_hold(&d.hand);
    hd_early_hand_follow(&d, "/tmp");
    CU_ASSERT_EQUAL(d.hand.fd, -1);
    CU_ASSERT_TRUE(finds(&d.hand, "/tmp"));
    CU_ASSERT_EQUAL(d.hand.starts, 2);
    hd_hand_fini(&d.hand);
    stall_kit_go();
    while (waitpid(-1, NULL, 0) > 0)
        continue;
    stall_kit_end();
}

/* The next one begins in the root. */
static void a_hand_that_cannot_go_along_is_left_behind(void)
{
    struct hd_duty d = {.hand = HD_HAND_NONE};

    hd_early_hand_follow(&d, "/nowhere");
    CU_ASSERT_EQUAL(d.hand.starts, 0);
    CU_ASSERT_TRUE(finds(&d.hand, "/tmp"));
    hd_early_hand_follow(&d, "/nowhere");
    CU_ASSERT_EQUAL(d.hand.fd, -1);
    CU_ASSERT_TRUE(finds(&d.hand, "/tmp"));
    CU_ASSERT_EQUAL(d.hand.starts, 2);
    hd_hand_fini(&d.hand);
    while (waitpid(-1, NULL, 0) > 0)
        continue;
}

static const struct hd_test tests[] = {
    HD_TEST(a_hand_that_began_before_the_root_goes_along),
    HD_TEST(a_hand_that_waits_for_the_host_is_left_behind),
    HD_TEST(a_hand_that_cannot_go_along_is_left_behind),
};
HD_SUITE("dom-guest/early_hand", tests);
