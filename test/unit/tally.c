/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/tally: what is counted, and once. */
#include <stdio.h>
#include <string.h>

#include "../../hv/daemon/life.h"
#include "../../hv/daemon/tally.h"
#include "daemon_kit.h"
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

static void a_yank_is_counted_by_what_the_store_was(void)
{
    struct hd_tally t = {0};

    hd_tally_yank(&t, HD_STATE_RUNNING);
    hd_tally_yank(&t, HD_STATE_LOCKED);
    hd_tally_yank(&t, HD_STATE_RUNNING);
    CU_ASSERT_EQUAL(of(&t, HD_TALLY_YANKS, false, "running"), 2);
    CU_ASSERT_EQUAL(of(&t, HD_TALLY_YANKS, false, "locked"), 1);
    CU_ASSERT_EQUAL(t.n, 2);
}

/* How many yanks a pull of the store is, after which it is in these states;
 * `was` has its count. */
static uint64_t pull(enum hd_state was, const enum hd_cause *then, size_t n)
{
    static const char *const guests[] = {"desk", NULL};
    struct hd_tally *t;
    struct kit_daemon k;
    uint64_t sum = 0;

    kit_daemon_init(&k, "travel", guests);
    t = &k.daemon.tally;
    hd_events_listen(k.daemon.events, hd_tally_event, t);
    k.store->state = was;
    hd_life_vanished(&k.daemon, &k.store->device);
    for (size_t i = 0; i < n; i++)
        hd_life_set(k.store, then[i], "device-gone", NULL);
    for (size_t i = 0; i < t->n; i++)
        if (t->counts[i].what == HD_TALLY_YANKS)
            sum += t->counts[i].n;
    CU_ASSERT_EQUAL(of(t, HD_TALLY_YANKS, false, hd_state_name(was)), sum);
    kit_daemon_fini(&k);
    return sum;
}

/* A domain that does not go, or a clean-up that fails, may come between. */
static void a_yank_is_counted_once_whatever_comes_of_it(void)
{
    static const enum hd_cause well[] = {HD_ON_FENCE, HD_ON_LEAVE},
                               quarantined[] = {HD_ON_FENCE, HD_ON_QUARANTINE,
                                                HD_ON_LEAVE},
                               stuck[] = {HD_ON_FENCE, HD_ON_STICK, HD_ON_FENCE,
                                          HD_ON_LEAVE};

    CU_ASSERT_EQUAL(pull(HD_STATE_RUNNING, well, 2), 1);
    CU_ASSERT_EQUAL(pull(HD_STATE_RUNNING, quarantined, 3), 1);
    CU_ASSERT_EQUAL(pull(HD_STATE_EJECTING, stuck, 4), 1);
    CU_ASSERT_EQUAL(pull(HD_STATE_FAILED, well, 2), 1);
    /* It may be no store at all. */
    CU_ASSERT_EQUAL(pull(HD_STATE_SEEN, NULL, 0), 0);
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
    HD_TEST(a_yank_is_counted_by_what_the_store_was),
    HD_TEST(a_yank_is_counted_once_whatever_comes_of_it),
    HD_TEST(what_changes_no_state_counts_nothing),
    HD_TEST(a_full_table_loses_no_count),
};

HD_SUITE("daemon/tally", tests);
