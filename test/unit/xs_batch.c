/* SPDX-License-Identifier: MIT */
/* Tests pv-drivers/bus/xs_batch: one request at a time against a xenstore in
 * memory, which refuses, loses races and hangs up. */
#include <errno.h>
#include <string.h>

#include "../../pv-drivers/bus/xs_batch.h"
#include "unit.h"
#include "xs_kit.h"

static struct hd_xs_batch *begin(void)
{
    struct hd_xs_batch *batch = NULL;
    struct hd_err err = {0};

    CHECK_OK(hd_xs_batch_open(&batch, &err), &err);
    xs_kit.trips = 0;
    return batch;
}

static bool write_text(struct hd_xs_batch *batch, const char *path,
                       const char *text)
{
    return hd_xs_batch_write(batch, path, text, strlen(text));
}

static void a_transaction_has_two_waits_however_much_is_written(void)
{
    struct xs_permissions rights[] = {{0, XS_PERM_NONE}, {7, XS_PERM_READ}};
    hd_auto(hd_xs_batch) batch = NULL;

    xs_kit_reset();
    batch = begin();
    for (char name[] = "/n/a"; name[3] <= 'z'; name[3]++)
        CU_ASSERT_TRUE(write_text(batch, name, name + 3));
    CU_ASSERT_TRUE(hd_xs_batch_mkdir(batch, "/dir"));
    CU_ASSERT_TRUE(hd_xs_batch_set_rights(batch, "/dir", rights, 2));
    CU_ASSERT_TRUE(hd_xs_batch_rm(batch, "/n/b"));
    CU_ASSERT_TRUE(hd_xs_batch_rm(batch, "/never"));
    CU_ASSERT_TRUE(hd_xs_batch_end(batch, true));
    CU_ASSERT_EQUAL(xs_kit.trips, 2);
    CU_ASSERT_TRUE(xs_kit_is("/n/z", "z"));
    CU_ASSERT_TRUE(xs_kit_is("/n/b", NULL));
    CU_ASSERT_STRING_EQUAL(xs_kit_rights("/dir"), "n0,r7");
}

static void what_is_read_sees_what_was_written_before(void)
{
    hd_auto(hd_xs_batch) batch = NULL;
    hd_autofree char *value = NULL;
    hd_autofree char **names = NULL;
    unsigned int n = 9;

    xs_kit_reset();
    xs_kit_put("/a/old", "1");
    batch = begin();
    CU_ASSERT_TRUE(write_text(batch, "/a/new", "23"));
    value = hd_xs_batch_read(batch, "/a/new", &n);
    CU_ASSERT_STRING_EQUAL(value, "23");
    CU_ASSERT_EQUAL(n, 2);
    names = hd_xs_batch_list(batch, "/a", &n);
    CU_ASSERT_EQUAL(n, 2);
    CU_ASSERT_STRING_EQUAL(names[0], "old");
    CU_ASSERT_STRING_EQUAL(names[1], "new");
    CU_ASSERT_PTR_NULL(names[2]);
    CU_ASSERT_PTR_NULL(hd_xs_batch_read(batch, "/a/none", &n));
    CU_ASSERT_EQUAL(errno, ENOENT);
    CU_ASSERT_TRUE(hd_xs_batch_end(batch, true));
}

static void what_is_refused_is_told_at_the_end_and_nothing_is_there(void)
{
    hd_auto(hd_xs_batch) batch = NULL;

    xs_kit_reset();
    xs_kit.fail_at = 2;
    xs_kit.fail_errno = ENOSPC;
    batch = begin();
    CU_ASSERT_TRUE(write_text(batch, "/a/x", "1"));
    CU_ASSERT_TRUE(write_text(batch, "/a/y", "2"));
    CU_ASSERT_TRUE(write_text(batch, "/a/z", "3"));
    CU_ASSERT_FALSE(hd_xs_batch_end(batch, true));
    CU_ASSERT_EQUAL(errno, ENOSPC);
    CU_ASSERT_EQUAL(xs_kit_count(), 0);
}

static void what_is_refused_is_told_as_well_where_it_was_read_behind(void)
{
    hd_auto(hd_xs_batch) batch = NULL;

    xs_kit_reset();
    xs_kit.fail_at = 1;
    xs_kit.fail_errno = ENOSPC;
    batch = begin();
    CU_ASSERT_TRUE(write_text(batch, "/a/x", "1"));
    CU_ASSERT_PTR_NULL(hd_xs_batch_read(batch, "/a/x", NULL));
    CU_ASSERT_EQUAL(errno, ENOENT);
    CU_ASSERT_FALSE(hd_xs_batch_end(batch, true));
    CU_ASSERT_EQUAL(errno, ENOSPC);
}

static void who_loses_a_race_hears_of_it(void)
{
    hd_auto(hd_xs_batch) batch = NULL;

    xs_kit_reset();
    xs_kit.races = 1;
    batch = begin();
    CU_ASSERT_TRUE(write_text(batch, "/a/x", "1"));
    CU_ASSERT_FALSE(hd_xs_batch_end(batch, true));
    CU_ASSERT_EQUAL(errno, EAGAIN);
    CU_ASSERT_EQUAL(xs_kit_count(), 0);
}

static void what_is_dropped_was_never_there(void)
{
    xs_kit_reset();
    for (int ends = 0; ends <= 1; ends++) {
        hd_auto(hd_xs_batch) batch = begin();

        CU_ASSERT_TRUE(write_text(batch, "/a/x", "1"));
        if (ends)
            CU_ASSERT_TRUE(hd_xs_batch_end(batch, false));
    }
    CU_ASSERT_EQUAL(xs_kit_count(), 0);
}

/* Whichever of the answers after the start: a node, a value, the end. */
static void an_answer_that_is_torn_off_or_crossed_ends_it(void)
{
    for (int i = 0; i < 6; i++) {
        hd_auto(hd_xs_batch) batch = NULL;
        hd_autofree char *value = NULL;

        xs_kit_reset();
        batch = begin();
        *(i < 3 ? &xs_kit.torn_at : &xs_kit.crossed_at) = 1 + i % 3;
        (void)write_text(batch, "/a/x", "1");
        value = hd_xs_batch_read(batch, "/a/x", NULL);
        CU_ASSERT_EQUAL(!value, i % 3 < 2);
        CU_ASSERT_FALSE(hd_xs_batch_end(batch, true));
        CU_ASSERT_EQUAL(errno, EIO);
        if (i % 3 < 2) {
            CU_ASSERT_FALSE(write_text(batch, "/a/x", "1"));
            CU_ASSERT_EQUAL(errno, EIO);
        }
    }
}

/* Longer than a message, or than any right that is known. */
static void what_cannot_be_asked_for_is_told_at_once_and_at_the_end(void)
{
    static const char big[5000];
    struct xs_permissions rights[17] = {{0}}, odd = {0, XS_PERM_IGNORE};

    for (int i = 0; i < 3; i++) {
        hd_auto(hd_xs_batch) batch = NULL;
        int sys = i ? EINVAL : E2BIG;

        xs_kit_reset();
        batch = begin();
        CU_ASSERT_TRUE(write_text(batch, "/a/x", "1"));
        CU_ASSERT_FALSE(!i ? hd_xs_batch_write(batch, "/a", big, sizeof(big))
                        : i == 1
                            ? hd_xs_batch_set_rights(batch, "/a", rights, 17)
                            : hd_xs_batch_set_rights(batch, "/a", &odd, 1));
        CU_ASSERT_EQUAL(errno, sys);
        CU_ASSERT_TRUE(write_text(batch, "/a/z", "3"));
        CU_ASSERT_FALSE(hd_xs_batch_end(batch, true));
        CU_ASSERT_EQUAL(errno, sys);
        CU_ASSERT_EQUAL(xs_kit_count(), 0);
    }
}

static void what_cannot_be_read_takes_nothing_along(void)
{
    hd_auto(hd_xs_batch) batch = NULL;
    char path[5000];

    memset(path, 'p', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    xs_kit_reset();
    batch = begin();
    CU_ASSERT_TRUE(write_text(batch, "/a/x", "1"));
    CU_ASSERT_PTR_NULL(hd_xs_batch_read(batch, path, NULL));
    CU_ASSERT_EQUAL(errno, E2BIG);
    CU_ASSERT_TRUE(write_text(batch, "/a/y", "2"));
    CU_ASSERT_TRUE(hd_xs_batch_end(batch, true));
    CU_ASSERT_TRUE(xs_kit_is("/a/x", "1"));
    CU_ASSERT_TRUE(xs_kit_is("/a/y", "2"));
}

static const struct hd_test tests[] = {
    HD_TEST(a_transaction_has_two_waits_however_much_is_written),
    HD_TEST(what_is_read_sees_what_was_written_before),
    HD_TEST(what_is_refused_is_told_at_the_end_and_nothing_is_there),
    HD_TEST(what_is_refused_is_told_as_well_where_it_was_read_behind),
    HD_TEST(who_loses_a_race_hears_of_it),
    HD_TEST(what_is_dropped_was_never_there),
    HD_TEST(an_answer_that_is_torn_off_or_crossed_ends_it),
    HD_TEST(what_cannot_be_asked_for_is_told_at_once_and_at_the_end),
    HD_TEST(what_cannot_be_read_takes_nothing_along),
};
HD_SUITE("bus/xs_batch", tests);
