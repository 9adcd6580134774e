/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/teardown: what follows when nothing helps any more. */
#include <string.h>

#include "daemon_kit.h"
#include "unit.h"

#define TRIES 5 /* of DESIGN section 3 */

static void begin(struct kit_daemon *k)
{
    static const char *const guests[] = {"left", "right", NULL};

    kit_daemon_init(k, "pair", guests);
    k->store->present = true;
}

/* The clean-up of `guest`, "" for the store, fails as often as it is tried. */
static void fail(struct kit_daemon *k, const char *guest)
{
    struct hd_err why = {0};

    hd_fail(&why, HD_E_IO, "the disk is stuck");
    k->store->op = HD_JOB_YANK;
    strcpy(k->store->op_guest, guest);
    k->store->after = *guest ? HD_AFTER_LOOK : HD_AFTER_DROP;
    for (int i = 0; i < TRIES; i++) {
        CU_ASSERT_EQUAL(k->store->retrying, i > 0);
        k->store->retrying = false; /* its time has come */
        hd_teardown_ended(k->store, &why);
    }
}

static void a_guest_that_cannot_be_cleaned_up_fails_alone(void)
{
    struct hd_commitments commitments;
    struct kit_daemon k;

    begin(&k);
    k.guests[0].state = HD_STATE_EJECTING;
    fail(&k, "left");
    CU_ASSERT_EQUAL(k.guests[0].state, HD_STATE_FAILED);
    CU_ASSERT_STRING_EQUAL(k.guests[0].why.msg, "the disk is stuck");
    CU_ASSERT_EQUAL(k.guests[1].state, HD_STATE_RUNNING);
    CU_ASSERT_EQUAL(k.store->state, HD_STATE_RUNNING);
    CU_ASSERT_STRING_EQUAL(k.last.guest, "left");
    CU_ASSERT_STRING_EQUAL(k.last.reason, "io-error");
    /* Its domain may be there, with its memory and its devices. */
    hd_stores_commitments(&k.daemon.stores, NULL, &commitments);
    CU_ASSERT_EQUAL(commitments.guests, 2);
    /* What comes next has as many tries. */
    CU_ASSERT_FALSE(k.store->retrying);
    CU_ASSERT_EQUAL(k.store->tries, 0);
    kit_daemon_fini(&k);
}

static void a_store_that_cannot_be_cleaned_up_has_failed(void)
{
    struct kit_daemon k;

    begin(&k);
    fail(&k, "");
    CU_ASSERT_EQUAL(k.store->state, HD_STATE_FAILED);
    CU_ASSERT_STRING_EQUAL(k.store->why.msg, "the disk is stuck");
    CU_ASSERT_STRING_EQUAL(k.last.reason, "io-error");
    kit_daemon_fini(&k);
}

static const struct hd_test tests[] = {
    HD_TEST(a_guest_that_cannot_be_cleaned_up_fails_alone),
    HD_TEST(a_store_that_cannot_be_cleaned_up_has_failed),
};

HD_SUITE("daemon/teardown", tests);
