/* SPDX-License-Identifier: MIT */
/* Tests hv/host/ejected: what was ejected is known until it is forgotten. */
#include "../../hv/host/ejected.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

static char top[32], dir[48];

static void begin(void)
{
    strcpy(top, "/tmp/hotdom-ejected-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(top));
    snprintf(dir, sizeof(dir), "%s/ejected", top);
}

static void end(void)
{
    CU_ASSERT_EQUAL(rmdir(dir), 0);
    CU_ASSERT_EQUAL(rmdir(top), 0);
}

static void a_medium_is_known_until_it_is_forgotten(void)
{
    struct hd_err err;

    begin();
    CU_ASSERT_FALSE(hd_ejected_has(dir, 7));
    CHECK_OK(hd_ejected_add(dir, 7, &err), &err);
    CHECK_OK(hd_ejected_add(dir, 7, &err), &err);
    CU_ASSERT_TRUE(hd_ejected_has(dir, 7));
    CU_ASSERT_FALSE(hd_ejected_has(dir, 77));
    hd_ejected_forget(dir, 77);
    hd_ejected_forget(dir, 7);
    CU_ASSERT_FALSE(hd_ejected_has(dir, 7));
    end();
}

static bool is_eight(void *ctx, uint64_t diskseq)
{
    (void)ctx;
    return diskseq == 8;
}

static void what_is_not_there_any_more_is_swept(void)
{
    struct hd_err err;

    begin();
    hd_ejected_sweep(dir, is_eight, NULL);
    CHECK_OK(hd_ejected_add(dir, 7, &err), &err);
    CHECK_OK(hd_ejected_add(dir, 8, &err), &err);
    hd_ejected_sweep(dir, is_eight, NULL);
    CU_ASSERT_FALSE(hd_ejected_has(dir, 7));
    CU_ASSERT_TRUE(hd_ejected_has(dir, 8));
    hd_ejected_forget(dir, 8);
    end();
}

static void a_folder_that_cannot_be_made_is_an_error(void)
{
    struct hd_err err;

    CHECK_FAILS(hd_ejected_add("/proc/none/ejected", 7, &err), &err, HD_E_IO,
                "cannot make");
}

static const struct hd_test tests[] = {
    HD_TEST(a_medium_is_known_until_it_is_forgotten),
    HD_TEST(what_is_not_there_any_more_is_swept),
    HD_TEST(a_folder_that_cannot_be_made_is_an_error),
};
HD_SUITE("host/ejected", tests);
