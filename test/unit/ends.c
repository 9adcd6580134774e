/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/ends: who ends when, and within what time. */
#include <string.h>

#include "../../hv/daemon/ends.h"
#include "unit.h"

static struct hd_manifest m;

static struct hd_guest *add(const char *name, uint64_t grace_ms)
{
    struct hd_guest *guest = &m.guests[m.n_guests++];

    memset(guest, 0, sizeof(*guest));
    strcpy(guest->name, name);
    guest->stop.grace = grace_ms;
    return guest;
}

static void begin(void)
{
    struct hd_guest *behind;

    m.n_guests = 0;
    add("quick", 5000);
    add("slow", 3600000);
    behind = add("behind", 30000);
    strcpy(behind->after[0].name, "slow");
    behind->n_after = 1;
}

static void check(const struct hd_job_end *end, const char *guest,
                  uint32_t rank, uint64_t grace_ms)
{
    CU_ASSERT_STRING_EQUAL(end->guest, guest);
    CU_ASSERT_EQUAL(end->rank, rank);
    CU_ASSERT_EQUAL(end->grace_ms, grace_ms);
}

static void each_guest_has_its_own_grace(void)
{
    struct hd_job_request request = {.op = HD_JOB_EJECT};

    begin();
    hd_ends_fill(&m, NULL, &request);
    CU_ASSERT_EQUAL_FATAL(request.n_ends, 3);
    check(&request.ends[0], "quick", 0, 5000);
    check(&request.ends[1], "slow", 0, 3600000);
    check(&request.ends[2], "behind", 1, 30000);
}

static void a_guest_that_ends_alone_has_its_own_grace_too(void)
{
    struct hd_job_request request = {.op = HD_JOB_EJECT};

    begin();
    hd_ends_fill(&m, "quick", &request);
    CU_ASSERT_EQUAL_FATAL(request.n_ends, 1);
    check(&request.ends[0], "quick", 0, 5000);
    CU_ASSERT_EQUAL(hd_ends_grace_ms(&request), 5000);
}

static void a_job_has_as_long_as_the_longest_of_each_rank(void)
{
    struct hd_job_request eject = {.op = HD_JOB_EJECT};
    struct hd_job_request detach = {.op = HD_JOB_DETACH, .grace_ms = 7000};

    begin();
    hd_ends_fill(&m, NULL, &eject);
    CU_ASSERT_EQUAL(hd_ends_grace_ms(&eject), 3600000 + 30000);
    CU_ASSERT_EQUAL(hd_ends_grace_ms(&detach), 7000);
}

static const struct hd_test tests[] = {
    HD_TEST(each_guest_has_its_own_grace),
    HD_TEST(a_guest_that_ends_alone_has_its_own_grace_too),
    HD_TEST(a_job_has_as_long_as_the_longest_of_each_rank),
};

HD_SUITE("daemon/ends", tests);
