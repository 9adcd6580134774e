/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/coredump: what ends a dump that is under way. */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../pv-drivers/base/paths.h"
#include "apart_kit.h"
#include "ledger_kit.h"
#include "unit.h"
#include "xen_kit.h"

/* Guest desk has crashed, and its memory is being saved. */
static void begin(struct kit_daemon *k)
{
    static const char *const guests[] = {"desk", "lab", NULL};
    struct hd_job_request dump = {.op = HD_JOB_DUMP, .guest = "desk"};
    struct hd_err err = {0};
    int fd;

    kit_daemon_init(k, "travel", guests);
    xen_kit_begin(k);
    strcpy(k->store->dump.part, "/tmp/hotdom-coredump-XXXXXX");
    fd = mkstemp(k->store->dump.part);
    CU_ASSERT_FATAL(fd >= 0);
    close(fd);
    k->guests[0].dumped = true;
    xen_kit.states[0] = HD_DOMAIN_SHUTDOWN;
    xen_kit.reasons[0] = HD_DOMAIN_CRASH;
    CHECK_OK(hd_report_start_task(k->store, &dump, NULL, NULL, NULL, &err),
             &err);
}

/* The job has been killed, by hotdomd or, `kills` 0, by others; so often was
 * one begun by then. */
static void die(struct kit_daemon *k, unsigned kills, unsigned jobs)
{
    struct hd_err err = {0};

    CU_ASSERT_EQUAL(xen_kit.kills, kills);
    CU_ASSERT_EQUAL(xen_kit.jobs, 1);
    k->store->task = NULL;
    hd_fail(&err, HD_E_FAILED, "hotdom-job was killed by signal 9");
    hd_coredump_ended(k->store, &err);
    CU_ASSERT_NOT_EQUAL(access(k->store->dump.part, F_OK), 0);
    CU_ASSERT_EQUAL(xen_kit.jobs, jobs);
}

/* Is there an event of desk whose message has this? */
static bool is_told(const struct kit_daemon *k, const char *message)
{
    const struct hd_event *event;

    for (uint64_t n = 0; (event = hd_events_at(k->daemon.events, &n)); n++)
        if (!strcmp(event->guest, "desk") && strstr(event->message, message))
            return true;
    return false;
}

static void end(struct kit_daemon *k)
{
    xen_kit_end(k);
    kit_daemon_fini(k);
}

static void an_eject_does_not_wait_for_a_dump(void)
{
    struct hd_err err = {0};
    struct kit_daemon k;

    begin(&k);
    CHECK_OK(hd_teardown_request(k.store, &err), &err);
    die(&k, 1, 2);
    CU_ASSERT_TRUE(is_told(&k, "its memory was not saved: travel was ejected "
                               "meanwhile"));
    CU_ASSERT_EQUAL(xen_kit.asked.op, HD_JOB_EJECT);
    CU_ASSERT_STRING_EQUAL(xen_kit.asked.guest, "");
    CU_ASSERT_EQUAL(k.store->state, HD_STATE_EJECTING);
    end(&k);
}

static void an_eject_keeps_a_dump_that_is_whole_by_then(void)
{
    struct hd_err err = {0};
    struct kit_daemon k;

    begin(&k);
    snprintf(k.store->dump.path, sizeof(k.store->dump.path), "%.64s.core",
             k.store->dump.part);
    CHECK_OK(hd_teardown_request(k.store, &err), &err);
    k.store->task = NULL;
    hd_coredump_ended(k.store, &err);
    CU_ASSERT_EQUAL(unlink(k.store->dump.path), 0);
    CU_ASSERT_EQUAL(xen_kit.asked.op, HD_JOB_EJECT);
    end(&k);
}

static void a_pull_does_not_wait_for_a_dump(void)
{
    struct hd_device device;
    struct kit_daemon k;

    begin(&k);
    device = k.store->device;
    hd_life_vanished(&k.daemon, &device);
    die(&k, 1, 2);
    CU_ASSERT_TRUE(is_told(&k, "its memory was not saved: travel was unplugged "
                               "meanwhile"));
    CU_ASSERT_EQUAL(xen_kit.asked.op, HD_JOB_YANK);
    end(&k);
}

static void who_is_destroyed_is_not_dumped_any_more(void)
{
    struct hd_err err = {0};
    struct kit_daemon k;

    begin(&k);
    /* Whom it is not about waits for it. */
    CHECK_OK(hd_order_destroy(k.store, &k.guests[1], &err), &err);
    CU_ASSERT_EQUAL(xen_kit.kills, 0);
    CHECK_OK(hd_order_destroy(k.store, &k.guests[0], &err), &err);
    die(&k, 1, 2);
    CU_ASSERT_TRUE(is_told(&k, "its memory was not saved: it was destroyed "
                               "meanwhile"));
    CU_ASSERT_STRING_EQUAL(xen_kit.asked.guest, "desk");
    end(&k);
}

/* All that starts desk again. */
static struct hd_plan *plan_of_desk(void)
{
    struct hd_plan *plan = calloc(1, hd_plan_size(1));

    CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
    plan->n_steps = 1;
    plan->steps[0].kind = HD_STEP_START_DOMAIN;
    strcpy(plan->steps[0].guest, "desk");
    return plan;
}

static void a_guest_whose_dump_was_killed_starts_again(void)
{
    struct kit_daemon k;

    begin(&k);
    k.store->answer->manifest.guests[0].stop.on_crash = HD_END_COREDUMP_RESTART;
    k.store->plan = plan_of_desk();
    die(&k, 0, 2);
    CU_ASSERT_TRUE(is_told(&k, "its memory was not saved: hotdom-job was "
                               "killed by signal 9"));
    CU_ASSERT_EQUAL(xen_kit.asked.op, HD_JOB_RESTART);
    CU_ASSERT_STRING_EQUAL(xen_kit.asked.guest, "desk");
    CU_ASSERT_TRUE(is_told(&k, "it starts again"));
    end(&k);
}

/* As hotdomd before left it: desk has crashed and was dumped, lab runs. */
static struct hd_ledger *left_behind(const struct kit_daemon *k, bool noted)
{
    struct hd_ledger *ledger;
    struct hd_err err = {0};

    ledger_begin();
    ledger = ledger_create();
    for (int i = 0; i < 2; i++) {
        char id[HD_UUID_SIZE];
        uint32_t seq;

        hd_uuid_format(&k->guests[i].uuid, id);
        CHECK_OK(hd_ledger_take(ledger, HD_EFFECT_DOMAIN, k->guests[i].name, id,
                                &seq, &err),
                 &err);
        CHECK_OK(hd_ledger_set_running(ledger, seq, &err), &err);
        if (i == 0 && noted)
            CHECK_OK(hd_ledger_set_dumped(ledger, seq, &err), &err);
    }
    hd_ledger_free(ledger);
    return ledger_reopen();
}

/* Another hotdomd finds it so. */
static void begin_next(struct kit_daemon *k, bool noted)
{
    struct hd_manifest *m;

    begin(k);
    CU_ASSERT_EQUAL(unlink(k->store->dump.part), 0);
    k->store->task = NULL;
    k->guests[0].dumped = false;
    m = &k->store->answer->manifest;
    m->store.id = ledger_head.store;
    m->guests[0].stop.on_crash = HD_END_COREDUMP_DESTROY;
    for (uint8_t i = 0; i < 2; i++)
        m->guests[i].id.byte[0] = i;
    k->store->adopt = left_behind(k, noted);
    k->store->state = HD_STATE_SEEN;
}

static void the_next_hotdomd_does_not_dump_a_guest_again(void)
{
    struct kit_daemon k;

    begin_next(&k, true);
    CU_ASSERT_TRUE(hd_adopt_accept(k.store));
    CU_ASSERT_TRUE(k.guests[0].dumped);
    CU_ASSERT_FALSE(k.guests[1].dumped);
    /* What comes behind a dump. */
    CU_ASSERT_EQUAL(xen_kit.asked.op, HD_JOB_EJECT);
    CU_ASSERT_STRING_EQUAL(xen_kit.asked.guest, "desk");
    CU_ASSERT_FALSE(is_told(&k, "its memory"));
    ledger_end();
    end(&k);
}

/* A /var/lib of its own. */
static const char *prepare(void)
{
    if (geteuid() || unshare(CLONE_NEWNS) ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount("none", "/var/lib", "tmpfs", 0, NULL))
        return "skipped: this machine allows no mounts of one's own";
    EXPECT(!mkdir(HD_LIB_DIR, 0700));
    return NULL;
}

/* Half of it, which is there still, or all of it, before that was noted. */
static const char *killed_meanwhile(void)
{
    struct kit_daemon k;
    int half;

    begin_next(&k, false);
    k.daemon.rules.policy.limits.dumps = 1 << 30;
    EXPECT(!mkdir(HD_DUMP_DIR, 0700));
    half =
        open(HD_DUMP_DIR "/travel.desk-1.core.part", O_CREAT | O_CLOEXEC, 0600);
    EXPECT(half >= 0 && !close(half));
    hd_dumps_sweep(HD_DUMP_DIR); /* as main has it */
    EXPECT(hd_adopt_accept(k.store) && k.guests[0].dumped);
    EXPECT(xen_kit.asked.op == HD_JOB_DUMP);
    EXPECT(!strcmp(xen_kit.asked.guest, "desk"));
    EXPECT(!access(k.store->dump.part, F_OK));
    EXPECT(access(HD_DUMP_DIR "/travel.desk-1.core.part", F_OK));
    ledger_end();
    end(&k);
    return NULL;
}

static void a_dump_that_ended_with_hotdomd_is_made_by_the_next_one(void)
{
    apart_kit_run(prepare, killed_meanwhile);
}

static const struct hd_test tests[] = {
    HD_TEST(an_eject_does_not_wait_for_a_dump),
    HD_TEST(an_eject_keeps_a_dump_that_is_whole_by_then),
    HD_TEST(a_pull_does_not_wait_for_a_dump),
    HD_TEST(who_is_destroyed_is_not_dumped_any_more),
    HD_TEST(a_guest_whose_dump_was_killed_starts_again),
    HD_TEST(the_next_hotdomd_does_not_dump_a_guest_again),
    HD_TEST(a_dump_that_ended_with_hotdomd_is_made_by_the_next_one),
};

HD_SUITE("daemon/coredump", tests);
