/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/hot_queue over a real socket: devices that wait while their
 * store has a job, and what becomes of them. */
#include "../../hv/daemon/hot_queue.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../pv-drivers/base/log.h"
#include "control_kit.h"
#include "xen_kit.h"

#define CALLERS (HD_HOT_QUEUE + 2)

/* A store that runs with two guests, and who calls for devices. */
static struct {
    struct hd_store *store;
    struct hd_guest_life *desk, *lab;
    int callers[CALLERS];
    size_t n;
} b;

static void begin(void)
{
    static const struct hd_device device = {.name = "sdq", .diskseq = 77};
    static const char *const guests[] = {"desk", "lab"};
    struct hd_manifest *m;

    memset(&b, 0, sizeof(b));
    close(kit_control_dial()); /* which makes the daemon */
    hd_log_init("unit", HD_LOG_ERROR - 1);
    b.store = hd_store_new(&kit_control, kit_control.loop, &device);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b.store);
    b.store->answer = calloc(1, sizeof(*b.store->answer));
    CU_ASSERT_PTR_NOT_NULL_FATAL(b.store->answer);
    m = &b.store->answer->manifest;
    for (; m->n_guests < 2; m->n_guests++)
        strcpy(m->guests[m->n_guests].name, guests[m->n_guests]);
    hd_stores_add(&kit_control.stores, b.store);
    hd_store_fill(b.store);
    strcpy(b.store->label, "travel");
    b.store->state = HD_STATE_RUNNING;
    b.store->known = true;
    b.desk = &b.store->guests[0];
    b.lab = &b.store->guests[1];
    xen_kit = (struct xen_kit){.on = true};
    for (uint8_t i = 0; i < 2; i++) {
        b.store->guests[i].state = HD_STATE_RUNNING;
        b.store->guests[i].uuid.byte[0] = i;
        xen_kit.states[i] = HD_DOMAIN_RUNNING;
    }
}

static void end(void)
{
    b.store->task = NULL;
    hd_life_drop(b.store, "eject");
    for (size_t i = 0; i < b.n; i++)
        close(b.callers[i]);
    kit_control_turn(5);
    xen_kit.on = false;
    hd_log_init("unit", HD_LOG_WARNING);
}

static const char *call(int caller, const char *method, const char *more)
{
    char text[200];

    snprintf(text, sizeof(text),
             "{\"method\":\"io.hotdom.%s\",\"parameters\":{%s}}", method, more);
    return kit_control_ask(caller, text, strlen(text) + 1);
}

/* Another one calls for that disk; what he hears at once. */
static const char *detach(const char *guest, const char *disk)
{
    char text[80];

    b.callers[b.n] = kit_control_dial();
    snprintf(text, sizeof(text), "\"guest\":\"%s\",\"disk\":\"%s\"", guest,
             disk);
    return call(b.callers[b.n++], "BlockDetach", text);
}

/* What caller `i` hears now. */
static const char *hear(size_t i)
{
    return kit_control_ask(b.callers[i], NULL, 0);
}

/* The job that runs is this one, the n-th. */
static void check_job(unsigned n, const char *guest, const char *disk)
{
    CU_ASSERT_EQUAL(xen_kit.jobs, n);
    CU_ASSERT_EQUAL(xen_kit.asked.op, HD_JOB_DETACH);
    CU_ASSERT_STRING_EQUAL(xen_kit.asked.guest, guest);
    CU_ASSERT_STRING_EQUAL(xen_kit.asked.device.vdev, disk);
}

static void end_job(void)
{
    struct hd_err good = {0};

    b.store->task = NULL;
    hd_hot_ended(b.store, &good);
}

static void they_are_done_in_the_order_in_which_they_came(void)
{
    begin();
    CHECK_SAYS(detach("desk", "xvdc"), "(nothing)");
    CHECK_SAYS(detach("desk", "xvdd"), "(nothing)");
    CHECK_SAYS(detach("lab", "xvdc"), "(nothing)");
    CHECK_SAYS(detach("desk", "xvde"), "(nothing)");
    check_job(1, "desk", "xvdc");
    end_job();
    CHECK_SAYS(hear(0), "\"message\":\"xvdc\"");
    check_job(2, "desk", "xvdd");
    end_job();
    CHECK_SAYS(hear(1), "\"message\":\"xvdd\"");
    check_job(3, "lab", "xvdc");
    end_job();
    CHECK_SAYS(hear(2), "\"guest\":\"lab\"");
    check_job(4, "desk", "xvde");
    end_job();
    CHECK_SAYS(hear(3), "\"message\":\"xvde\"");
    CU_ASSERT_EQUAL(xen_kit.jobs, 4);
    CU_ASSERT_PTR_NULL(b.store->queue);
    end();
}

static void one_that_cannot_be_done_when_its_turn_comes_keeps_none_waiting(void)
{
    begin();
    CHECK_SAYS(detach("desk", "xvdc"), "(nothing)");
    CHECK_SAYS(detach("desk", "wheel"), "(nothing)");
    CHECK_SAYS(detach("desk", "xvdd"), "(nothing)");
    end_job();
    CHECK_SAYS(hear(1), "guest desk has no disk \\\"wheel\\\"");
    check_job(2, "desk", "xvdd");
    end();
}

static void a_shutdown_comes_behind_them_and_none_behind_it(void)
{
    int who;

    begin();
    who = kit_control_dial();
    CHECK_SAYS(detach("desk", "xvdc"), "(nothing)");
    CHECK_SAYS(detach("desk", "xvdd"), "(nothing)");
    CHECK_SAYS(call(who, "Shutdown", "\"guest\":\"desk\""), "running");
    CHECK_SAYS(detach("desk", "xvde"), "guest desk is to end");
    CHECK_SAYS(detach("lab", "xvdc"), "(nothing)");
    end_job();
    check_job(2, "desk", "xvdd");
    end_job();
    check_job(3, "lab", "xvdc");
    end_job();
    CU_ASSERT_EQUAL(xen_kit.asked.op, HD_JOB_EJECT);
    CU_ASSERT_STRING_EQUAL(xen_kit.asked.guest, "desk");
    close(who);
    end();
}

static void whoever_is_destroyed_waits_for_none(void)
{
    int who;

    begin();
    who = kit_control_dial();
    CHECK_SAYS(detach("lab", "xvdc"), "(nothing)");
    CHECK_SAYS(detach("desk", "xvdd"), "(nothing)");
    CHECK_SAYS(detach("lab", "xvde"), "(nothing)");
    CHECK_SAYS(call(who, "Destroy", "\"guest\":\"desk\""), "paused");
    CHECK_SAYS(hear(1), "guest desk is being destroyed");
    CHECK_SAYS(hear(2), "(nothing)");
    end_job();
    CU_ASSERT_EQUAL(xen_kit.asked.op, HD_JOB_YANK);
    CU_ASSERT_STRING_EQUAL(xen_kit.asked.guest, "desk");
    close(who);
    end();
}

static void they_go_with_their_store(void)
{
    struct hd_device device;
    struct hd_err why = {0};

    begin();
    CHECK_SAYS(detach("desk", "xvdc"), "(nothing)");
    CHECK_SAYS(detach("desk", "xvdd"), "(nothing)");
    device = b.store->device;
    hd_life_vanished(&kit_control, &device);
    CU_ASSERT_EQUAL(xen_kit.kills, 1);
    CHECK_SAYS(detach("desk", "xvde"), "travel is busy");
    b.store->task = NULL;
    hd_fail(&why, HD_E_FAILED, "hotdom-job was killed by signal 9");
    hd_hot_ended(b.store, &why);
    CU_ASSERT_EQUAL(xen_kit.asked.op, HD_JOB_YANK);
    hd_life_set(b.store, HD_ON_FENCE, "device-gone", NULL);
    CHECK_SAYS(hear(1), "travel is fenced by now");
    CU_ASSERT_PTR_NULL(b.store->queue);
    end();
}

static void they_go_with_their_guest(void)
{
    begin();
    CHECK_SAYS(detach("lab", "xvdc"), "(nothing)");
    CHECK_SAYS(detach("desk", "xvdd"), "(nothing)");
    CHECK_SAYS(detach("lab", "xvdd"), "(nothing)");
    /* It has powered itself off. */
    xen_kit.states[0] = HD_DOMAIN_SHUTDOWN;
    end_job();
    CU_ASSERT_EQUAL(xen_kit.asked.op, HD_JOB_EJECT);
    CHECK_SAYS(hear(1), "guest desk is ejecting by now");
    CHECK_SAYS(hear(2), "(nothing)");
    end();
}

static void who_hangs_up_gets_nothing(void)
{
    begin();
    CHECK_SAYS(detach("desk", "xvdc"), "(nothing)");
    CHECK_SAYS(detach("desk", "xvdd"), "(nothing)");
    CHECK_SAYS(detach("lab", "xvdc"), "(nothing)");
    close(b.callers[1]);
    b.callers[1] = kit_control_dial();
    kit_control_turn(3);
    end_job();
    check_job(2, "lab", "xvdc");
    end();
}

static void none_waits_for_ever(void)
{
    uv_timer_t *timer;

    begin();
    CHECK_SAYS(detach("desk", "xvdc"), "(nothing)");
    CHECK_SAYS(detach("desk", "xvdd"), "(nothing)");
    CU_ASSERT_PTR_NOT_NULL_FATAL(b.store->queue);
    timer = &b.store->queue->deadline;
    CU_ASSERT_TRUE(uv_timer_get_due_in(timer) <= HD_LIMIT_WAIT);
    uv_timer_start(timer, timer->timer_cb, 0, 0);
    kit_control_turn(2);
    CHECK_SAYS(hear(1), "travel has been busy with something else for 60 s");
    CU_ASSERT_PTR_NULL(b.store->queue);
    end_job();
    CHECK_SAYS(hear(0), "\"message\":\"xvdc\"");
    CU_ASSERT_EQUAL(xen_kit.jobs, 1);
    end();
}

static void so_many_wait_and_no_more(void)
{
    begin();
    for (size_t i = 0; i <= HD_HOT_QUEUE; i++)
        CHECK_SAYS(detach("desk", "xvdc"), "(nothing)");
    CHECK_SAYS(detach("desk", "xvdc"), "16 others wait for that");
    end();
}

static const struct hd_test tests[] = {
    HD_TEST(they_are_done_in_the_order_in_which_they_came),
    HD_TEST(one_that_cannot_be_done_when_its_turn_comes_keeps_none_waiting),
    HD_TEST(a_shutdown_comes_behind_them_and_none_behind_it),
    HD_TEST(whoever_is_destroyed_waits_for_none),
    HD_TEST(they_go_with_their_store),
    HD_TEST(they_go_with_their_guest),
    HD_TEST(who_hangs_up_gets_nothing),
    HD_TEST(none_waits_for_ever),
    HD_TEST(so_many_wait_and_no_more),
};

HD_SUITE("daemon/hot_queue", tests);
