/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/order: who can be told what, and what waits for a job. */
#include <string.h>

#include "../../hv/control/named.h"
#include "unit.h"
#include "xen_kit.h"

/* A store that runs with two guests. */
struct bench {
    struct kit_daemon kit;
    struct hd_daemon *daemon;
    struct hd_store *store;
    struct hd_guest_life *left, *right;
};

static void begin(struct bench *b)
{
    static const char *const guests[] = {"left", "right", NULL};

    kit_daemon_init(&b->kit, "pair", guests);
    b->daemon = &b->kit.daemon;
    b->store = b->kit.store;
    b->left = &b->kit.guests[0];
    b->right = &b->kit.guests[1];
    b->left->domid = 7;
    b->right->domid = 70;
}

static void who_has_no_domain_can_be_told_nothing(void)
{
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    b.left->state = HD_STATE_LOCKED;
    CHECK_FAILS(hd_order_pause(b.store, b.left, &err), &err, HD_E_NO_GUEST,
                "guest left does not run, it is locked");
    CHECK_FAILS(hd_order_unpause(b.store, b.left, &err), &err, HD_E_NO_GUEST,
                "it is locked");
    CHECK_FAILS(hd_order_shutdown(b.store, b.left, &err), &err, HD_E_NO_GUEST,
                "it is locked");
    CHECK_FAILS(hd_order_reboot(b.store, b.left, &err), &err, HD_E_NO_GUEST,
                "it is locked");
    CHECK_FAILS(hd_order_destroy(b.store, b.left, &err), &err, HD_E_NO_GUEST,
                "it is locked");
    kit_daemon_fini(&b.kit);
}

static void who_is_preserved_can_be_told_nothing_but_to_go(void)
{
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    b.store->task = (struct hd_task *)&b; /* which is never looked into */
    hd_life_set_guest(b.store, b.left, HD_ON_PRESERVE, "crash", NULL);
    CU_ASSERT_EQUAL(b.left->state, HD_STATE_PRESERVED);
    CU_ASSERT_EQUAL(b.left->domid, 7);
    CU_ASSERT_EQUAL(b.kit.told, 1);
    CHECK_FAILS(hd_order_unpause(b.store, b.left, &err), &err, HD_E_NO_GUEST,
                "it is preserved");
    CHECK_FAILS(hd_order_shutdown(b.store, b.left, &err), &err, HD_E_NO_GUEST,
                "it is preserved");
    CU_ASSERT_EQUAL(hd_order_destroy(b.store, b.left, &err), 0);
    CU_ASSERT_EQUAL(b.left->order, HD_ORDER_DESTROY);
    b.store->task = NULL;
    kit_daemon_fini(&b.kit);
}

static void who_is_as_it_was_told_is_left_alone(void)
{
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    b.left->state = HD_STATE_PAUSED;
    CU_ASSERT_EQUAL(hd_order_pause(b.store, b.left, &err), 0);
    CU_ASSERT_EQUAL(hd_order_unpause(b.store, b.right, &err), 0);
    b.left->state = HD_STATE_EJECTING;
    CU_ASSERT_EQUAL(hd_order_shutdown(b.store, b.left, &err), 0);
    CU_ASSERT_EQUAL(b.left->order, HD_ORDER_NONE);
    kit_daemon_fini(&b.kit);
}

/* What Xen says of `left`. */
static enum hd_state see(struct bench *b, enum hd_domain_state state)
{
    const struct hd_domain_status status = {.uuid = b->left->uuid,
                                            .state = state};

    hd_order_see(b->store, b->left, &status);
    return b->left->state;
}

static void who_is_paused_by_another_program_is_told(void)
{
    struct bench b;

    begin(&b);
    b.left->uuid.byte[0] = 7;
    CU_ASSERT_EQUAL(see(&b, HD_DOMAIN_RUNNING), HD_STATE_RUNNING);
    CU_ASSERT_EQUAL(b.kit.told, 0);
    CU_ASSERT_EQUAL(see(&b, HD_DOMAIN_PAUSED), HD_STATE_PAUSED);
    CU_ASSERT_STRING_EQUAL(b.kit.last.message, "another program paused it");
    CU_ASSERT_EQUAL(see(&b, HD_DOMAIN_RUNNING), HD_STATE_RUNNING);
    CU_ASSERT_EQUAL(b.kit.told, 2);
    hd_order_see(b.store, b.left,
                 &(struct hd_domain_status){.state = HD_DOMAIN_PAUSED});
    CU_ASSERT_EQUAL(b.left->state, HD_STATE_RUNNING);
    kit_daemon_fini(&b.kit);
}

static void who_is_paused_by_a_job_of_ours_is_not(void)
{
    struct bench b;

    begin(&b);
    b.left->since_ms = 1;
    b.store->task = (struct hd_task *)&b; /* which is never looked into */
    CU_ASSERT_EQUAL(see(&b, HD_DOMAIN_PAUSED), HD_STATE_RUNNING);
    b.store->task = NULL;
    b.store->retrying = true;
    CU_ASSERT_EQUAL(see(&b, HD_DOMAIN_PAUSED), HD_STATE_RUNNING);
    b.store->retrying = false;
    b.store->present = false;
    CU_ASSERT_EQUAL(see(&b, HD_DOMAIN_PAUSED), HD_STATE_RUNNING);
    CU_ASSERT_EQUAL(b.left->since_ms, 1);
    CU_ASSERT_EQUAL(b.kit.told, 0);
    kit_daemon_fini(&b.kit);
}

static void an_order_waits_for_the_job_and_the_harder_one_stays(void)
{
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    b.left->state = HD_STATE_PAUSED;
    CU_ASSERT_EQUAL(hd_order_shutdown(b.store, b.left, &err), 0);
    CU_ASSERT_EQUAL(b.left->order, HD_ORDER_SHUTDOWN);
    CU_ASSERT_EQUAL(b.left->state, HD_STATE_PAUSED);
    CU_ASSERT_EQUAL(hd_order_destroy(b.store, b.left, &err), 0);
    CU_ASSERT_EQUAL(hd_order_shutdown(b.store, b.left, &err), 0);
    CU_ASSERT_EQUAL(b.left->order, HD_ORDER_DESTROY);
    CU_ASSERT_EQUAL(b.right->order, HD_ORDER_NONE);
    kit_daemon_fini(&b.kit);
}

static void an_order_ends_with_its_guest(void)
{
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    CU_ASSERT_EQUAL(hd_order_destroy(b.store, b.left, &err), 0);
    hd_life_set_guest(b.store, b.left, HD_ON_PAUSE, NULL, NULL);
    CU_ASSERT_EQUAL(b.left->order, HD_ORDER_DESTROY);
    hd_life_set_guest(b.store, b.left, HD_ON_LEAVE, NULL, NULL);
    CU_ASSERT_EQUAL(b.left->order, HD_ORDER_NONE);
    kit_daemon_fini(&b.kit);
}

static void a_shutdown_is_cut_short_when_all_that_it_is_about_are_destroyed(
    void)
{
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    b.left->state = HD_STATE_EJECTING;
    strcpy(b.store->op_guest, "left");
    CU_ASSERT_FALSE(hd_order_is_destroyed(b.store));
    CU_ASSERT_EQUAL(hd_order_destroy(b.store, b.left, &err), 0);
    CU_ASSERT_TRUE(hd_order_is_destroyed(b.store));
    /* The whole store: both of them, and not when there are none. */
    *b.store->op_guest = '\0';
    b.left->state = HD_STATE_GONE;
    CU_ASSERT_FALSE(hd_order_is_destroyed(b.store));
    b.left->state = HD_STATE_EJECTING;
    b.right->state = HD_STATE_EJECTING;
    CU_ASSERT_FALSE(hd_order_is_destroyed(b.store));
    CU_ASSERT_EQUAL(hd_order_destroy(b.store, b.right, &err), 0);
    CU_ASSERT_TRUE(hd_order_is_destroyed(b.store));
    kit_daemon_fini(&b.kit);
}

static void who_is_yet_to_be_asked_is_not_destroyed_with_who_hangs(void)
{
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    /* left is after right, which ends behind it. */
    b.left->state = HD_STATE_EJECTING;
    CU_ASSERT_EQUAL(hd_order_destroy(b.store, b.left, &err), 0);
    CU_ASSERT_FALSE(hd_order_is_destroyed(b.store));
    b.right->state = HD_STATE_GONE;
    CU_ASSERT_TRUE(hd_order_is_destroyed(b.store));
    kit_daemon_fini(&b.kit);
}

/* The whole store is ejected; left, which is after right, has been asked. */
static void begin_eject(struct bench *b)
{
    begin(b);
    xen_kit_begin(&b->kit);
    hd_teardown_eject(b->store, NULL, "eject");
    hd_life_set_guest(b->store, b->left, HD_ON_END, NULL, NULL);
}

static void an_eject_is_cut_short_by_whoever_is_destroyed_last(void)
{
    struct hd_err err = {0};
    struct bench b;

    begin_eject(&b);
    CU_ASSERT_EQUAL(hd_order_destroy(b.store, b.left, &err), 0);
    CU_ASSERT_EQUAL(xen_kit.kills, 0);
    CU_ASSERT_EQUAL(hd_order_destroy(b.store, b.right, &err), 0);
    CU_ASSERT_EQUAL(xen_kit.kills, 1);
    /* What follows is by force, and of the whole store. */
    b.store->task = NULL;
    hd_fail(&err, HD_E_FAILED, "hotdom-job was killed by signal 9");
    hd_teardown_ended(b.store, &err);
    CU_ASSERT_EQUAL(xen_kit.jobs, 2);
    CU_ASSERT_EQUAL(xen_kit.asked.op, HD_JOB_YANK);
    CU_ASSERT_STRING_EQUAL(xen_kit.asked.guest, "");
    CU_ASSERT_EQUAL(b.store->after, HD_AFTER_DROP);
    xen_kit_end(&b.kit);
    kit_daemon_fini(&b.kit);
}

static void who_is_asked_when_it_is_to_be_destroyed_is_so_all_the_same(void)
{
    struct hd_err err = {0};
    struct bench b;

    begin_eject(&b);
    CU_ASSERT_EQUAL(hd_order_destroy(b.store, b.right, &err), 0);
    hd_order_cut(b.store);
    CU_ASSERT_EQUAL(xen_kit.kills, 0);
    /* left has shut down, and right is asked. */
    hd_life_set_guest(b.store, b.left, HD_ON_LEAVE, NULL, NULL);
    hd_life_set_guest(b.store, b.right, HD_ON_END, NULL, NULL);
    hd_order_cut(b.store);
    CU_ASSERT_EQUAL(xen_kit.kills, 1);
    xen_kit_end(&b.kit);
    kit_daemon_fini(&b.kit);
}

static void the_end_of_one_guest_is_not_cut_short_by_anothers_order(void)
{
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    xen_kit_begin(&b.kit);
    CU_ASSERT_EQUAL(hd_order_shutdown(b.store, b.left, &err), 0);
    CU_ASSERT_EQUAL(xen_kit.asked.op, HD_JOB_EJECT);
    CU_ASSERT_EQUAL(hd_order_destroy(b.store, b.right, &err), 0);
    CU_ASSERT_EQUAL(xen_kit.kills, 0);
    CU_ASSERT_EQUAL(xen_kit.jobs, 1);
    CU_ASSERT_EQUAL(hd_order_destroy(b.store, b.left, &err), 0);
    CU_ASSERT_EQUAL(xen_kit.kills, 1);
    CU_ASSERT_EQUAL(b.store->after, HD_AFTER_LOOK);
    xen_kit_end(&b.kit);
    kit_daemon_fini(&b.kit);
}

static void the_last_who_are_destroyed_are_so_in_one_job_with_their_store(void)
{
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    xen_kit_begin(&b.kit);
    b.left->state = HD_STATE_PRESERVED;
    b.left->order = b.right->order = HD_ORDER_DESTROY;
    hd_order_next(b.store);
    CU_ASSERT_EQUAL(xen_kit.jobs, 1);
    CU_ASSERT_EQUAL(xen_kit.asked.op, HD_JOB_YANK);
    CU_ASSERT_STRING_EQUAL(xen_kit.asked.guest, "");
    CU_ASSERT_EQUAL(xen_kit.asked.n_kept, 0);
    CU_ASSERT_EQUAL(b.left->state, HD_STATE_EJECTING);
    CU_ASSERT_EQUAL(b.right->state, HD_STATE_EJECTING);
    CU_ASSERT_EQUAL(b.store->state, HD_STATE_EJECTING);
    b.store->task = NULL;
    b.store->present = true;
    hd_teardown_ended(b.store, &err);
    CU_ASSERT_PTR_NULL(b.daemon->stores.first);
    CU_ASSERT_EQUAL(b.kit.last.to, HD_STATE_GONE);
    CU_ASSERT_STRING_EQUAL(b.kit.last.message, "safe to remove");
    xen_kit_end(&b.kit);
    kit_daemon_fini(&b.kit);
}

static void whoever_is_destroyed_beside_one_that_stays_is_so_alone(void)
{
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    xen_kit_begin(&b.kit);
    b.left->state = HD_STATE_PRESERVED;
    CU_ASSERT_EQUAL(hd_order_destroy(b.store, b.right, &err), 0);
    CU_ASSERT_EQUAL(xen_kit.asked.op, HD_JOB_YANK);
    CU_ASSERT_STRING_EQUAL(xen_kit.asked.guest, "right");
    CU_ASSERT_EQUAL(b.left->state, HD_STATE_PRESERVED);
    CU_ASSERT_EQUAL(b.store->state, HD_STATE_RUNNING);
    xen_kit_end(&b.kit);
    kit_daemon_fini(&b.kit);
}

static void who_waits_to_be_destroyed_stands_still(void)
{
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    xen_kit_begin(&b.kit);
    CU_ASSERT_EQUAL(hd_order_shutdown(b.store, b.left, &err), 0);
    CU_ASSERT_EQUAL(hd_order_destroy(b.store, b.right, &err), 0);
    CU_ASSERT_EQUAL(xen_kit.pauses, 1);
    CU_ASSERT_EQUAL(xen_kit.paused, 70);
    CU_ASSERT_EQUAL(b.right->state, HD_STATE_PAUSED);
    CU_ASSERT_EQUAL(b.right->order, HD_ORDER_DESTROY);
    /* left has ended: nothing else is to be done first. */
    b.store->task = NULL;
    hd_life_set_guest(b.store, b.left, HD_ON_LEAVE, NULL, NULL);
    hd_order_next(b.store);
    CU_ASSERT_EQUAL(xen_kit.jobs, 2);
    CU_ASSERT_EQUAL(xen_kit.asked.op, HD_JOB_YANK);
    xen_kit_end(&b.kit);
    kit_daemon_fini(&b.kit);
}

/* The next hotdomd goes on with it. */
static void who_is_to_end_is_written_down_until_the_store_goes(void)
{
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    xen_kit_begin(&b.kit);
    CU_ASSERT_EQUAL(hd_order_shutdown(b.store, b.left, &err), 0);
    CU_ASSERT_STRING_EQUAL(kit_orders, "left 7 shutdown\n");
    CU_ASSERT_EQUAL(hd_order_destroy(b.store, b.right, &err), 0);
    CU_ASSERT_STRING_EQUAL(kit_orders, "left 7 shutdown\nright 70 destroy\n");
    CU_ASSERT_EQUAL(hd_order_destroy(b.store, b.left, &err), 0);
    CU_ASSERT_STRING_EQUAL(kit_orders, "left 7 destroy\nright 70 destroy\n");
    hd_life_drop(b.store, "eject");
    CU_ASSERT_STRING_EQUAL(kit_orders, "");
    xen_kit_end(&b.kit);
    kit_daemon_fini(&b.kit);
}

static void who_is_being_given_a_device_may_answer_before_it_is_destroyed(void)
{
    static const enum hd_job_op ops[] = {HD_JOB_ATTACH, HD_JOB_DETACH};
    static const char *const whose[] = {"right", "", "left"};
    struct hd_err err = {0};
    struct bench b;

    for (size_t i = 0; i < HD_ARRAY_LEN(ops) * HD_ARRAY_LEN(whose); i++) {
        begin(&b);
        xen_kit_begin(&b.kit);
        b.store->task = (struct hd_task *)&b; /* which is never looked into */
        b.store->op = ops[i / HD_ARRAY_LEN(whose)];
        strcpy(b.store->op_guest, whose[i % HD_ARRAY_LEN(whose)]);
        CU_ASSERT_EQUAL(hd_order_destroy(b.store, b.right, &err), 0);
        CU_ASSERT_EQUAL(xen_kit.pauses,
                        !strcmp(whose[i % HD_ARRAY_LEN(whose)], "left"));
        xen_kit_end(&b.kit);
        kit_daemon_fini(&b.kit);
    }
}

static void a_paused_guest_keeps_what_it_was_promised(void)
{
    struct hd_commitments commitments;
    struct bench b;

    begin(&b);
    b.left->memory = 1 << 20;
    b.left->vcpus = 1;
    b.right->state = HD_STATE_GONE;
    b.left->state = HD_STATE_PAUSED;
    hd_stores_commitments(&b.daemon->stores, NULL, &commitments);
    CU_ASSERT_EQUAL(commitments.guests, 1);
    CU_ASSERT_TRUE(commitments.memory >= 1 << 20);
    kit_daemon_fini(&b.kit);
}

static void a_domid_names_a_guest_exactly(void)
{
    struct hd_guest_life *guest;
    struct hd_store *store;
    struct hd_err err = {0};
    struct bench b;

    begin(&b);
    CU_ASSERT_EQUAL_FATAL(
        hd_named_guest(&b.daemon->stores, "7", "", &store, &guest, &err), 0);
    CU_ASSERT_PTR_EQUAL(guest, b.left);
    CU_ASSERT_EQUAL_FATAL(
        hd_named_guest(&b.daemon->stores, "70", "", &store, &guest, &err), 0);
    CU_ASSERT_PTR_EQUAL(guest, b.right);
    CHECK_FAILS(
        hd_named_guest(&b.daemon->stores, "07", "", &store, &guest, &err), &err,
        HD_E_NO_GUEST, "no attached store has a guest 07");
    CHECK_FAILS(hd_named_guest(&b.daemon->stores, "", "", &store, &guest, &err),
                &err, HD_E_NO_GUEST, "no attached store has a guest");
    b.left->domid = -1;
    CHECK_FAILS(
        hd_named_guest(&b.daemon->stores, "7", "", &store, &guest, &err), &err,
        HD_E_NO_GUEST, "no attached store has a guest 7");
    CHECK_FAILS(
        hd_named_guest(&b.daemon->stores, "-1", "", &store, &guest, &err), &err,
        HD_E_NO_GUEST, "no attached store has a guest -1");
    kit_daemon_fini(&b.kit);
}

static const struct hd_test tests[] = {
    HD_TEST(who_has_no_domain_can_be_told_nothing),
    HD_TEST(who_is_preserved_can_be_told_nothing_but_to_go),
    HD_TEST(who_is_as_it_was_told_is_left_alone),
    HD_TEST(who_is_paused_by_another_program_is_told),
    HD_TEST(who_is_paused_by_a_job_of_ours_is_not),
    HD_TEST(an_order_waits_for_the_job_and_the_harder_one_stays),
    HD_TEST(an_order_ends_with_its_guest),
    HD_TEST(a_shutdown_is_cut_short_when_all_that_it_is_about_are_destroyed),
    HD_TEST(who_is_yet_to_be_asked_is_not_destroyed_with_who_hangs),
    HD_TEST(an_eject_is_cut_short_by_whoever_is_destroyed_last),
    HD_TEST(who_is_asked_when_it_is_to_be_destroyed_is_so_all_the_same),
    HD_TEST(the_end_of_one_guest_is_not_cut_short_by_anothers_order),
    HD_TEST(the_last_who_are_destroyed_are_so_in_one_job_with_their_store),
    HD_TEST(whoever_is_destroyed_beside_one_that_stays_is_so_alone),
    HD_TEST(who_waits_to_be_destroyed_stands_still),
    HD_TEST(who_is_to_end_is_written_down_until_the_store_goes),
    HD_TEST(who_is_being_given_a_device_may_answer_before_it_is_destroyed),
    HD_TEST(a_paused_guest_keeps_what_it_was_promised),
    HD_TEST(a_domid_names_a_guest_exactly),
};

HD_SUITE("daemon/order", tests);
