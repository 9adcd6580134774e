/* SPDX-License-Identifier: MIT */
/* Tests pv-drivers/bus/xs_names against a xenstore in memory. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../pv-drivers/bus/xs_names.h"
#include "unit.h"
#include "xs_kit.h"

#define N 40

static void put(int domid, const char *name)
{
    char path[64];

    snprintf(path, sizeof(path), "/local/domain/%d/name", domid);
    xs_kit_put(path, name);
}

static void begin(void)
{
    char name[16];

    xs_kit_reset();
    for (int i = 0; i < N; i++) {
        snprintf(name, sizeof(name), "s.g%d", i);
        put(i, name);
    }
}

/* Does it say that domain's name; NULL: it leaves that to xenstored? */
static bool says(struct hd_xs_names *names, int domid, const char *name)
{
    char path[64];
    hd_autofree char *got = NULL;

    snprintf(path, sizeof(path), "/local/domain/%d/name", domid);
    got = hd_xs_names_read(names, path);
    return name ? got && !strcmp(got, name) : !got;
}

static void later(void)
{
    const struct timespec t = {.tv_nsec = (HD_XS_NAMES_MS + 20) * 1000000L};

    nanosleep(&t, NULL);
}

static void many_names_are_two_waits(void)
{
    struct hd_xs_names names = {0};
    char name[16];

    begin();
    CU_ASSERT_TRUE(says(&names, 0, NULL) && says(&names, 1, NULL));
    CU_ASSERT_EQUAL(xs_kit.trips, 0);
    for (int i = 2; i < N; i++) {
        snprintf(name, sizeof(name), "s.g%d", i);
        CU_ASSERT_TRUE(says(&names, i, name));
    }
    CU_ASSERT_EQUAL(xs_kit.trips, 2);
    hd_xs_names_fini(&names);
}

/* A host with few domains, and who reads one now and then. */
static void few_reads_are_left_to_xenstored(void)
{
    struct hd_xs_names names = {0};

    begin();
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_TRUE(says(&names, 0, NULL) && says(&names, 1, NULL));
        later();
    }
    CU_ASSERT_EQUAL(xs_kit.trips, 0);
    hd_xs_names_fini(&names);
}

static void old_names_are_asked_for_anew(void)
{
    struct hd_xs_names names = {0};

    begin();
    for (int i = 0; i < 2; i++)
        CU_ASSERT_TRUE(says(&names, i, NULL));
    CU_ASSERT_TRUE(says(&names, 5, "s.g5"));
    put(5, "s.other");
    later();
    for (int i = 0; i < 2; i++)
        CU_ASSERT_TRUE(says(&names, i, NULL));
    CU_ASSERT_TRUE(says(&names, 5, "s.other"));
    hd_xs_names_fini(&names);
}

/* One that came since, has no name yet, or one that is no text. */
static void what_is_not_known_is_left_to_xenstored(void)
{
    static const char *const others[] = {
        "/local/domain/5/memory", "/local/domain/5/name/x",
        "/local/domain/x/name",   "/local/domain/-5/name",
        "/local/domain//name",    "/vm/5/name",
        "/local/domain",          ""};
    struct hd_xs_names names = {0};

    begin();
    put(6, "");
    put(7, "\x1b");
    for (int i = 0; i < 2; i++)
        CU_ASSERT_TRUE(says(&names, i, NULL));
    CU_ASSERT_TRUE(says(&names, 5, "s.g5"));
    CU_ASSERT_TRUE(says(&names, 6, NULL) && says(&names, 7, NULL));
    put(99, "s.new");
    CU_ASSERT_TRUE(says(&names, 99, NULL));
    for (size_t i = 0; i < HD_ARRAY_LEN(others); i++)
        CU_ASSERT_PTR_NULL(hd_xs_names_read(&names, others[i]));
    hd_xs_names_fini(&names);
}

static void a_xenstored_that_refuses_is_left_to_who_asks(void)
{
    struct hd_xs_names names = {0};

    begin();
    xs_kit.read_errno = EACCES;
    for (int i = 0; i < 5; i++)
        CU_ASSERT_TRUE(says(&names, i, NULL));
    xs_kit_reset();
    xs_kit.socket = "/nowhere/hotdom";
    later();
    for (int i = 0; i < 5; i++)
        CU_ASSERT_TRUE(says(&names, i, NULL));
    hd_xs_names_fini(&names);
    xs_kit_reset();
}

static const struct hd_test tests[] = {
    HD_TEST(many_names_are_two_waits),
    HD_TEST(few_reads_are_left_to_xenstored),
    HD_TEST(old_names_are_asked_for_anew),
    HD_TEST(what_is_not_known_is_left_to_xenstored),
    HD_TEST(a_xenstored_that_refuses_is_left_to_who_asks),
};
HD_SUITE("bus/xs_names", tests);
