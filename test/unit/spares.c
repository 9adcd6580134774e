/* SPDX-License-Identifier: MIT */
/* Tests dom-guest/spares: which descriptors are kept, and which are closed. */
#include "../../dom-guest/spares.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "unit.h"

static struct hd_spares s;

static int open_one(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static void what_was_put_is_taken_once(void)
{
    int first = open_one(), second = open_one();

    hd_spares_put(&s, "/a", first);
    hd_spares_put(&s, "/b", second);
    hd_spares_put(&s, "/c", -1);
    CU_ASSERT_EQUAL(hd_spares_take(&s, "/a"), first);
    CU_ASSERT_EQUAL(hd_spares_take(&s, "/a"), -1);
    CU_ASSERT_EQUAL(hd_spares_take(&s, "/c"), -1);
    CU_ASSERT_TRUE(is_open(first));
    close(first);
    hd_spares_fini(&s);
    CU_ASSERT_FALSE(is_open(second));
}

static void the_oldest_goes_when_there_are_too_many(void)
{
    int first = open_one(), other = open_one();
    char path[16];

    hd_spares_put(&s, "/a", first);
    hd_spares_put(&s, "/b", open_one());
    hd_spares_put(&s, "/b", other); /* in place of that */
    CU_ASSERT_EQUAL(s.n, 2);
    for (int i = 2; i <= HD_LAYERS; i++) {
        snprintf(path, sizeof(path), "/%d", i);
        hd_spares_put(&s, path, open_one());
    }
    CU_ASSERT_EQUAL(s.n, HD_LAYERS);
    CU_ASSERT_EQUAL(hd_spares_take(&s, "/a"), -1);
    CU_ASSERT_EQUAL(hd_spares_take(&s, "/b"), other);
    close(other);
    hd_spares_fini(&s);
    CU_ASSERT_EQUAL(s.n, 0);
}

static const struct hd_test tests[] = {
    HD_TEST(what_was_put_is_taken_once),
    HD_TEST(the_oldest_goes_when_there_are_too_many),
};
HD_SUITE("dom-guest/spares", tests);
