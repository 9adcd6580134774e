/* SPDX-License-Identifier: MIT */
/* Tests hv/domain/sweep against a xenstore in memory: several domains go in
 * one transaction, and nobody else with them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../../hv/domain/sweep.h"
#include "../../pv-drivers/base/io.h"
#include "unit.h"
#include "xs_kit.h"

/* No domid that a host can have: libxl's files are the host's. */
#define FIRST 40001

static struct hd_domain_status domains[3];

static void put(const char *above, uint32_t domid, const char *below)
{
    char path[96];

    snprintf(path, sizeof(path), "%s/%u/%s", above, domid, below);
    xs_kit_put(path, "1");
}

static struct hd_xs *begin(void)
{
    struct hd_xs *xs = NULL;

    xs_kit_reset();
    for (uint32_t i = 0; i < 3; i++) {
        domains[i] = (struct hd_domain_status){.domid = FIRST + i};
        put("/local/domain", FIRST + i, "name");
        put("/local/domain/0/backend/vbd", FIRST + i, "51712/state");
        put("/local/domain/0/backend/vif", FIRST + i, "0/state");
        put("/libxl", FIRST + i, "type");
    }
    CU_ASSERT_EQUAL_FATAL(hd_xs_open(&xs, NULL), 0);
    return xs;
}

static void several_domains_go_in_as_many_waits_as_one(void)
{
    struct hd_err err = {0};

    for (size_t n = 1; n <= 3; n++) {
        hd_auto(hd_xs) xs = begin();

        xs_kit.trips = 0;
        CHECK_OK(hd_domain_sweep(xs, domains, n, NULL, &err), &err);
        CU_ASSERT_EQUAL(xs_kit.trips, 4);
        CU_ASSERT_EQUAL(xs_kit.ends, 1);
        CU_ASSERT_EQUAL(xs_kit_count(), 4 * (3 - n));
    }
}

/* As the end of a domain does it, which looks at the classes before. */
static void classes_that_are_known_are_not_listed_again(void)
{
    hd_auto(hd_xs) xs = begin();
    struct hd_domain_classes classes;
    struct hd_err err = {0};

    xs_kit.trips = 0;
    CHECK_OK(hd_domain_classes_list(xs, &classes, &err), &err);
    CHECK_OK(hd_domain_sweep(xs, domains, 3, &classes, &err), &err);
    CU_ASSERT_EQUAL(xs_kit.trips, 4);
    CU_ASSERT_EQUAL(xs_kit_count(), 0);
    hd_domain_classes_fini(&classes);
}

static void a_neighbour_is_left_alone_and_nothing_there_is_success(void)
{
    hd_auto(hd_xs) xs = begin();
    struct hd_err err = {0};

    CHECK_OK(hd_domain_sweep(xs, domains, 2, NULL, &err), &err);
    CHECK_OK(hd_domain_sweep(xs, domains, 2, NULL, &err), &err);
    CU_ASSERT_TRUE(xs_kit_is("/libxl/40003/type", "1"));
    CU_ASSERT_TRUE(xs_kit_is("/libxl/40002/type", NULL));
}

static void a_xenstored_that_refuses_leaves_all_or_none(void)
{
    hd_auto(hd_xs) xs = begin();
    struct hd_err err = {0};

    xs_kit.races = 100000;
    CU_ASSERT_EQUAL(hd_domain_sweep(xs, domains, 3, NULL, &err), -1);
    CU_ASSERT_EQUAL(err.code, HD_E_IO);
    CU_ASSERT_EQUAL(xs_kit_count(), 12);
}

/* By a driver that was being probed. */
static void a_backend_that_was_written_anew_goes_as_well(void)
{
    hd_auto(hd_xs) xs = begin();
    struct hd_err err = {0};

    CHECK_OK(hd_domain_sweep(xs, domains, 1, NULL, &err), &err);
    xs_kit_put("/local/domain/0/backend/vif/40001", "");
    put("/local/domain/0/backend/vif", FIRST, "0/feature-ctrl-ring");
    CHECK_OK(hd_domain_sweep_late(xs, FIRST, hd_io_now_ms() + 10000, &err),
             &err);
    CU_ASSERT_EQUAL(xs_kit_count(), 8);
    xs_kit.read_errno = EACCES;
    CHECK_FAILS(hd_domain_sweep_late(xs, FIRST, hd_io_now_ms() + 10000, &err),
                &err, HD_E_IO, "");
}

/* What the kernel has of the first domain's backends, in a folder as sysfs's.
 */
static void put_device(const char *folder, const char *name, const char *state,
                       bool driver)
{
    char path[96];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    CU_ASSERT_EQUAL_FATAL(mkdir(path, 0755) && errno != EEXIST, 0);
    if (driver) {
        snprintf(path, sizeof(path), "%s/%s/driver", folder, name);
        (void)mkdir(path, 0755);
    }
    snprintf(path, sizeof(path), "%s/%s/state", folder, name);
    CU_ASSERT_EQUAL(hd_io_write_file(path, state, strlen(state), 0644, NULL),
                    0);
}

/* A disk in `state`, and a frontend in the other. */
static bool rests(const char *folder, const char *state, const char *front)
{
    hd_auto(hd_xs) xs = begin();

    if (front)
        xs_kit_put("/local/domain/40001/device/vbd/51712/state", front);
    put_device(folder, "vbd-40001-51712", state, true);
    return hd_domain_rests(xs, folder, FIRST);
}

static void who_is_at_work_on_a_backend_is_seen(void)
{
    char folder[] = "/tmp/hd-unit-XXXXXX";
    char command[64];

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    /* A program's, and a neighbour's of a longer number. */
    put_device(folder, "console-40001-0", "Initialising\n", false);
    put_device(folder, "vbd-400010-51712", "Initialising\n", true);
    CU_ASSERT_TRUE(rests(folder, "Connected\n", "4"));
    CU_ASSERT_TRUE(rests(folder, "InitWait\n", "1"));
    CU_ASSERT_FALSE(rests(folder, "InitWait\n", "3"));
    CU_ASSERT_FALSE(rests(folder, "InitWait\n", NULL));
    CU_ASSERT_FALSE(rests(folder, "Initialising\n", "1"));
    CU_ASSERT_FALSE(rests(folder, "Connected to nobody\n", "4"));
    CU_ASSERT_FALSE(rests(folder, "", "4"));
    snprintf(command, sizeof(command), "rm -r %s", folder);
    CU_ASSERT_EQUAL(system(command), 0);
}

static void a_domain_without_devices_rests(void)
{
    hd_auto(hd_xs) xs = begin();

    CU_ASSERT_TRUE(hd_domain_rests(xs, "/nowhere", FIRST));
}

static const struct hd_test tests[] = {
    HD_TEST(several_domains_go_in_as_many_waits_as_one),
    HD_TEST(classes_that_are_known_are_not_listed_again),
    HD_TEST(a_neighbour_is_left_alone_and_nothing_there_is_success),
    HD_TEST(a_xenstored_that_refuses_leaves_all_or_none),
    HD_TEST(a_backend_that_was_written_anew_goes_as_well),
    HD_TEST(who_is_at_work_on_a_backend_is_seen),
    HD_TEST(a_domain_without_devices_rests),
};

HD_SUITE("domain/sweep", tests);
