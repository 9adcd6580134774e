/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/ended and restart: which guests start again, and with what.
 */
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "unit.h"
#include "xen_kit.h"

#define HOUR 3600000

static const struct hd_stop usual = {.on_reboot = HD_END_RESTART};

static bool restarts(struct hd_guest_life *guest, const struct hd_stop *stop,
                     const char *why, uint64_t ended_ms)
{
    guest->ended_ms = ended_ms;
    return hd_ended_restarts(guest, stop, why);
}

static void a_guest_starts_again_for_the_reasons_that_its_manifest_names(void)
{
    static const struct hd_stop other = {.on_poweroff = HD_END_RESTART,
                                         .on_crash = HD_END_RESTART};
    struct hd_guest_life guest = {0};

    CU_ASSERT_TRUE(restarts(&guest, &usual, "reboot", HOUR));
    CU_ASSERT_FALSE(restarts(&guest, &usual, "poweroff", HOUR));
    CU_ASSERT_FALSE(restarts(&guest, &usual, "crash", HOUR));
    CU_ASSERT_FALSE(restarts(&guest, &other, "reboot", HOUR));
    CU_ASSERT_TRUE(restarts(&guest, &other, "poweroff", HOUR));
    CU_ASSERT_TRUE(restarts(&guest, &other, "crash", HOUR));
    /* By somebody's `xl destroy`. */
    CU_ASSERT_FALSE(restarts(&guest, &usual, "destroyed", HOUR));
    CU_ASSERT_FALSE(restarts(&guest, &other, "destroyed", HOUR));
}

static void a_guest_that_reboots_in_a_loop_stays_down(void)
{
    struct hd_guest_life guest = {.since_ms = HOUR};

    CU_ASSERT_TRUE(restarts(&guest, &usual, "reboot", HOUR + 1000));
    CU_ASSERT_TRUE(restarts(&guest, &usual, "reboot", HOUR + 59999));
    CU_ASSERT_FALSE(restarts(&guest, &usual, "reboot", HOUR + 3000));
    guest.soon = 2;
    CU_ASSERT_TRUE(restarts(&guest, &usual, "reboot", HOUR + 60000));
    CU_ASSERT_EQUAL(guest.soon, 0);
}

/* Guest desk has crashed a second after its start, twice before as well, and
 * its memory was being saved for a minute since. */
static void the_time_of_a_dump_is_no_time_that_the_guest_ran(void)
{
    static const char *const guests[] = {"desk", "other", NULL};
    struct kit_daemon k;
    struct hd_guest_life *desk;

    kit_daemon_init(&k, "travel", guests);
    xen_kit_begin(&k);
    desk = k.guests;
    k.store->answer->manifest.guests[0].stop.on_crash = HD_END_COREDUMP_RESTART;
    xen_kit.states[0] = HD_DOMAIN_SHUTDOWN;
    xen_kit.reasons[0] = HD_DOMAIN_CRASH;
    desk->since_ms = hd_io_now_ms() - 61000;
    desk->ended_ms = desk->since_ms + 1000;
    desk->dumped = true;
    desk->soon = 2;
    hd_life_look(k.store);
    CU_ASSERT_EQUAL(desk->soon, 3);
    CU_ASSERT_EQUAL(xen_kit.asked.op, HD_JOB_EJECT);
    CU_ASSERT_PTR_NOT_NULL(strstr(k.last.message, "it stays down"));
    xen_kit_end(&k);
    kit_daemon_fini(&k);
}

static void when_a_guest_ended_is_noted_at_the_first_look(void)
{
    static const char *const guests[] = {"desk", "other", NULL};
    struct kit_daemon k;

    kit_daemon_init(&k, "travel", guests);
    xen_kit_begin(&k);
    xen_kit.states[1] = HD_DOMAIN_SHUTDOWN;
    hd_life_look(k.store);
    CU_ASSERT_EQUAL(k.guests[0].ended_ms, 0);
    CU_ASSERT_NOT_EQUAL(k.guests[1].ended_ms, 0);
    xen_kit_end(&k);
    kit_daemon_fini(&k);
}

static void a_guest_ends_in_the_way_that_its_manifest_names(void)
{
    static const struct hd_stop stop = {.on_poweroff = HD_END_PRESERVE,
                                        .on_reboot = HD_END_COREDUMP_DESTROY,
                                        .on_crash = HD_END_COREDUMP_RESTART};

    CU_ASSERT_EQUAL(hd_ended_way(&stop, "poweroff"), HD_END_PRESERVE);
    CU_ASSERT_EQUAL(hd_ended_way(&stop, "reboot"), HD_END_COREDUMP_DESTROY);
    CU_ASSERT_EQUAL(hd_ended_way(&stop, "crash"), HD_END_COREDUMP_RESTART);
    /* Nothing is left of it that could be kept. */
    CU_ASSERT_EQUAL(hd_ended_way(&stop, "destroyed"), HD_END_DESTROY);
}

static void of_the_new_ways_only_a_core_dump_with_restart_starts_again(void)
{
    static const struct hd_stop stop = {.on_poweroff = HD_END_PRESERVE,
                                        .on_reboot = HD_END_COREDUMP_DESTROY,
                                        .on_crash = HD_END_COREDUMP_RESTART};
    struct hd_guest_life guest = {0};

    CU_ASSERT_FALSE(restarts(&guest, &stop, "poweroff", HOUR));
    CU_ASSERT_FALSE(restarts(&guest, &stop, "reboot", HOUR));
    CU_ASSERT_TRUE(restarts(&guest, &stop, "crash", HOUR));
}

/* The job that starts desk again is killed. */
static void why_a_guest_did_not_start_again_is_told(void)
{
    static const char *const guests[] = {"desk", "other", NULL};
    struct hd_err outcome = {0};
    struct kit_daemon k;

    kit_daemon_init(&k, "travel", guests);
    xen_kit_begin(&k);
    k.guests[0].state = HD_STATE_BUILDING;
    k.store->op = HD_JOB_RESTART;
    strcpy(k.store->op_guest, "desk");
    hd_fail(&outcome, HD_E_FAILED, "hotdom-job was killed by signal 9");
    hd_restart_ended(k.store, &outcome);
    CU_ASSERT_STRING_EQUAL(k.last.guest, "desk");
    CU_ASSERT_STRING_EQUAL(k.last.reason, "failed");
    CU_ASSERT_STRING_EQUAL(k.last.message, "it did not start again: hotdom-job "
                                           "was killed by signal 9");
    /* And what is left of it goes, its volumes as well. */
    CU_ASSERT_EQUAL(xen_kit.asked.op, HD_JOB_YANK);
    CU_ASSERT_STRING_EQUAL(xen_kit.asked.guest, "desk");
    k.store->task = NULL;
    outcome = (struct hd_err){0};
    hd_teardown_ended(k.store, &outcome);
    CU_ASSERT_EQUAL(k.guests[0].state, HD_STATE_GONE);
    CU_ASSERT_EQUAL(k.guests[1].state, HD_STATE_RUNNING);
    xen_kit_end(&k);
    kit_daemon_fini(&k);
}

static bool is_of(const struct hd_step *step, const void *guest)
{
    return hd_step_is_again(step) && !strcmp(step->guest, guest);
}

static void a_restart_leaves_out_what_the_guest_still_has(void)
{
    static const enum hd_step_kind kinds[] = {
        HD_STEP_OPEN_VOLUME, HD_STEP_BUILD_DOMAIN, HD_STEP_MAKE_BRIDGE,
        HD_STEP_ADD_PORT,    HD_STEP_SEIZE_PCI,    HD_STEP_START_DOMAIN};
    const uint32_t n = 2 * HD_ARRAY_LEN(kinds);
    hd_autofree struct hd_plan *plan = calloc(1, hd_plan_size(n));
    hd_autofree struct hd_plan *part = NULL;

    CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
    plan->n_steps = n;
    plan->store.byte[0] = 7;
    plan->luks.offset = 4096;
    strcpy(plan->label, "travel");
    for (uint32_t i = 0; i < n; i++) {
        plan->steps[i].kind = kinds[i % HD_ARRAY_LEN(kinds)];
        strcpy(plan->steps[i].guest, i < n / 2 ? "desk" : "lab");
    }
    part = hd_plan_part(plan, is_of, "lab");
    CU_ASSERT_PTR_NOT_NULL_FATAL(part);
    CU_ASSERT_EQUAL_FATAL(part->n_steps, 2);
    CU_ASSERT_EQUAL(part->steps[0].kind, HD_STEP_BUILD_DOMAIN);
    CU_ASSERT_EQUAL(part->steps[1].kind, HD_STEP_START_DOMAIN);
    CU_ASSERT_STRING_EQUAL(part->steps[0].guest, "lab");
    CU_ASSERT_STRING_EQUAL(part->label, "travel");
    CU_ASSERT_EQUAL(part->store.byte[0], 7);
    /* No password: no key volume. */
    CU_ASSERT_EQUAL(part->luks.offset, 0);
    CU_ASSERT_PTR_NULL(hd_plan_part(plan, is_of, "nobody"));
}

static const struct hd_test tests[] = {
    HD_TEST(a_guest_starts_again_for_the_reasons_that_its_manifest_names),
    HD_TEST(a_guest_that_reboots_in_a_loop_stays_down),
    HD_TEST(the_time_of_a_dump_is_no_time_that_the_guest_ran),
    HD_TEST(when_a_guest_ended_is_noted_at_the_first_look),
    HD_TEST(a_guest_ends_in_the_way_that_its_manifest_names),
    HD_TEST(of_the_new_ways_only_a_core_dump_with_restart_starts_again),
    HD_TEST(why_a_guest_did_not_start_again_is_told),
    HD_TEST(a_restart_leaves_out_what_the_guest_still_has),
};

HD_SUITE("daemon/ended", tests);
