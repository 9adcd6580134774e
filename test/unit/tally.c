/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/tally: what is counted, and once. */
#include <stdio.h>
#include <string.h>

#include "../../hv/daemon/tally.h"
#include "unit.h"

static void happens(struct hd_tally *t, const char *guest, enum hd_state from,
                    enum hd_state to, const char *reason)
{
    struct hd_event e = {.store = "travel", .from = from, .to = to};

    snprintf(e.guest, sizeof(e.guest), "%s", guest);
    snprintf(e.reason, sizeof(e.reason), "%s", reason);
    hd_tally_event(t, &e);
}

static uint64_t of(const struct hd_tally *t, enum hd_tally_what what,
                   bool guest, const char *label)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->counts[i].what == what && t->counts[i].guest == guest &&
            !strcmp(t->counts[i].label, label))
            return t->counts[i].n;
    return 0;
}

static void a_start_is_counted_and_the_end_of_a_pause_is_none(void)
{
    struct hd_tally t = {0};

    happens(&t, "desk", HD_STATE_BUILDING, HD_STATE_RUNNING, "");
    happens(&t, "", HD_STATE_BUILDING, HD_STATE_RUNNING, "");
    happens(&t, "desk", HD_STATE_RUNNING, HD_STATE_PAUSED, "");
    happens(&t, "desk", HD_STATE_PAUSED, HD_STATE_RUNNING, "");
    happens(&t, "desk", HD_STATE_SEEN, HD_STATE_RUNNING, "adopted");
    CU_ASSERT_EQUAL(of(&t, HD_TALLY_STARTS, true, ""), 1);
    CU_ASSERT_EQUAL(t.n, 1);
}

static void failures_are_counted_by_reason_and_by_whose_they_are(void)
{
    struct hd_tally t = {0};

    happens(&t, "", HD_STATE_SEEN, HD_STATE_REFUSED, "bad-signature");
    happens(&t, "", HD_STATE_SEEN, HD_STATE_REFUSED, "bad-signature");
    happens(&t, "", HD_STATE_SEEN, HD_STATE_REFUSED, "rollback");
    happens(&t, "desk", HD_STATE_BUILDING, HD_STATE_FAILED, "no-memory");
    CU_ASSERT_EQUAL(of(&t, HD_TALLY_FAILURES, false, "bad-signature"), 2);
    CU_ASSERT_EQUAL(of(&t, HD_TALLY_FAILURES, false, "rollback"), 1);
    CU_ASSERT_EQUAL(of(&t, HD_TALLY_FAILURES, true, "no-memory"), 1);
}

static void a_yank_is_counted_once_by_what_the_store_was(void)
{
    struct hd_tally t = {0};

    happens(&t, "desk", HD_STATE_RUNNING, HD_STATE_FENCED, "device-gone");
    happens(&t, "", HD_STATE_RUNNING, HD_STATE_FENCED, "device-gone");
    happens(&t, "", HD_STATE_FENCED, HD_STATE_GONE, "device-gone");
    happens(&t, "", HD_STATE_LOCKED, HD_STATE_GONE, "device-gone");
    happens(&t, "", HD_STATE_EJECTING, HD_STATE_GONE, "eject");
    CU_ASSERT_EQUAL(of(&t, HD_TALLY_YANKS, false, "running"), 1);
    CU_ASSERT_EQUAL(of(&t, HD_TALLY_YANKS, false, "locked"), 1);
    CU_ASSERT_EQUAL(t.n, 2);
}

static void what_changes_no_state_counts_nothing(void)
{
    struct hd_event host = {.reason = "host-changed"};
    struct hd_tally t = {0};

    hd_tally_event(&t, &host);
    happens(&t, "desk", HD_STATE_RUNNING, HD_STATE_RUNNING, "attached");
    happens(&t, "", HD_STATE_FAILED, HD_STATE_FAILED, "io");
    CU_ASSERT_EQUAL(t.n, 0);
}

static void a_full_table_loses_no_count(void)
{
    struct hd_tally t = {0};
    uint64_t sum = 0;
    char reason[24];

    for (int i = 0; i < HD_TALLY_KINDS + 10; i++) {
        snprintf(reason, sizeof(reason), "r%d", i);
        happens(&t, "", HD_STATE_SEEN, HD_STATE_REFUSED, reason);
    }
    for (size_t i = 0; i < t.n; i++)
        sum += t.counts[i].n;
    CU_ASSERT_EQUAL(t.n, HD_TALLY_KINDS);
    CU_ASSERT_EQUAL(sum, HD_TALLY_KINDS + 10);
}

static const struct hd_test tests[] = {
    HD_TEST(a_start_is_counted_and_the_end_of_a_pause_is_none),
    HD_TEST(failures_are_counted_by_reason_and_by_whose_they_are),
    HD_TEST(a_yank_is_counted_once_by_what_the_store_was),
    HD_TEST(what_changes_no_state_counts_nothing),
    HD_TEST(a_full_table_loses_no_count),
};

HD_SUITE("daemon/tally", tests);
