/* SPDX-License-Identifier: MIT */
/* Tests hv/cli/since. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../hv/cli/since.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

#define NOW 1795766400000ull /* 2026-11-27T08:00:00Z */

static uint64_t parse(const char *text)
{
    struct hd_err err = {0};
    uint64_t ms = 1;

    CHECK_OK(hd_since_parse(text, NOW, &ms, &err), &err);
    return ms;
}

static void a_number_is_so_many_seconds_ago(void)
{
    CU_ASSERT_EQUAL(parse("0"), NOW);
    CU_ASSERT_EQUAL(parse("90"), NOW - 90000);
    CU_ASSERT_EQUAL(parse("999999999999"), 0);
}

static void the_time_of_an_event_is_exact(void)
{
    CU_ASSERT_EQUAL(parse("2026-11-27T08:00:00Z"), NOW);
    CU_ASSERT_EQUAL(parse("2026-11-27T08:00:00.250Z"), NOW + 250);
    CU_ASSERT_EQUAL(parse("2026-11-27T08:00:01.0625Z"), NOW + 1062);
    CU_ASSERT_EQUAL(parse("2026-11-27 08:00Z"), NOW);
}

static void without_a_z_it_is_this_places_time(void)
{
    const char *zone = getenv("TZ");
    hd_autofree char *before = zone ? strdup(zone) : NULL;

    setenv("TZ", "XYZ-2", 1); /* two hours east */
    tzset();
    CU_ASSERT_EQUAL(parse("2026-11-27 10:00:00"), NOW);
    CU_ASSERT_EQUAL(parse("2026-11-27T10:00"), NOW);
    if (before)
        setenv("TZ", before, 1);
    else
        unsetenv("TZ");
    tzset();
}

static void what_is_no_time_is_refused_with_the_way_out(void)
{
    static const char *const bad[] = {"",
                                      "-5",
                                      "5m",
                                      "yesterday",
                                      "2026-11-27",
                                      "2026-11-27T08:00:00.Z",
                                      "2026-11-27T08:00:00z",
                                      "2026-11-27T08:00:00Z ",
                                      "2026-13-27T08:00:00Z",
                                      "1234567890123",
                                      "1900-01-01T00:00:00Z"};
    struct hd_err err = {0};
    uint64_t ms = 7;

    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++) {
        CHECK_FAILS(hd_since_parse(bad[i], NOW, &ms, &err), &err, HD_E_USAGE,
                    "give seconds, as 90, or 2026-");
        CU_ASSERT_EQUAL(ms, 7);
    }
}

static const struct hd_test tests[] = {
    HD_TEST(a_number_is_so_many_seconds_ago),
    HD_TEST(the_time_of_an_event_is_exact),
    HD_TEST(without_a_z_it_is_this_places_time),
    HD_TEST(what_is_no_time_is_refused_with_the_way_out),
};

HD_SUITE("cli/since", tests);
