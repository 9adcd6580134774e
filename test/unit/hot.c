/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/hot: who may be given a device now, and what is told of what
 * became of it. */
#include <string.h>
#include <unistd.h>

#include "../../hv/daemon/explain.h"
#include "../../hv/daemon/life.h"
#include "../../hv/plan/map_kept.h"
#include "../../hv/plan/map_text.h"
#include "../../pv-drivers/base/paths.h"
#include "daemon_kit.h"
#include "unit.h"

static void begin(struct kit_daemon *b)
{
    static const char *const guests[] = {"desk", NULL};

    kit_daemon_init(b, "travel", guests);
}

static struct json_object *a_stick(void)
{
    struct json_object *row = json_object_new_object();

    json_object_object_add(row, "class", json_object_new_string("usb"));
    json_object_object_add(row, "how", json_object_new_string("pv"));
    json_object_object_add(row, "host", json_object_new_string("sdb"));
    return row;
}

/* As it is while its job works. */
static void under_way(struct kit_daemon *b, bool attach)
{
    strcpy(b->store->hot.guest, "desk");
    strcpy(b->store->hot.class, "usb");
    strcpy(b->store->hot.name, "stick");
    strcpy(b->store->hot.called, "xvdb");
    b->store->hot.row = attach ? a_stick() : NULL;
}

static void who_does_not_run_or_is_busy_is_given_nothing(void)
{
    const struct hd_hot_wish wish = {.class = HD_CLASS_BLOCK, .size = 1 << 20};
    struct hd_err err = {0};
    struct kit_daemon b;

    begin(&b);
    b.guests[0].state = HD_STATE_GONE;
    CHECK_FAILS(hd_hot_attach(b.store, b.guests, &wish, &err), &err,
                HD_E_NO_GUEST, "guest desk does not run, it is gone");
    b.guests[0].state = HD_STATE_RUNNING;
    b.store->state = HD_STATE_EJECTING;
    CHECK_FAILS(hd_hot_attach(b.store, b.guests, &wish, &err), &err, HD_E_BUSY,
                "travel is busy");
    CHECK_FAILS(hd_hot_detach(b.store, b.guests, "xvda", false, true, &err),
                &err, HD_E_BUSY, "travel is busy");
    b.store->state = HD_STATE_RUNNING;
    b.store->retrying = true;
    CHECK_FAILS(hd_hot_detach(b.store, b.guests, "xvda", false, true, &err),
                &err, HD_E_BUSY, "try again");
    b.store->retrying = false;
    kit_daemon_fini(&b);
}

static void what_is_no_name_of_a_device_starts_no_job(void)
{
    static const char *const bad[] = {"",     "xvdq", "sda",
                                      "lan0", "../x", "00:16:3e:00:00:0g"};
    struct hd_err err = {0};
    struct kit_daemon b;

    begin(&b);
    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++) {
        CHECK_FAILS(
            hd_hot_detach(b.store, b.guests, bad[i], false, false, &err), &err,
            HD_E_NO_DEVICE, "guest desk has no disk");
        CHECK_FAILS(hd_hot_detach(b.store, b.guests, bad[i], true, false, &err),
                    &err, HD_E_NO_DEVICE, "guest desk has no NIC");
    }
    kit_daemon_fini(&b);
}

static void what_is_under_way_is_promised(void)
{
    struct hd_commitments commitments;
    struct kit_daemon b;

    begin(&b);
    under_way(&b, true);
    hd_stores_commitments(&b.daemon.stores, NULL, &commitments);
    CU_ASSERT_EQUAL_FATAL(commitments.n_devices, 1);
    CU_ASSERT_STRING_EQUAL(commitments.devices[0], "sdb");
    kit_daemon_fini(&b);
}

static void what_came_of_it_is_an_event_of_the_guest(void)
{
    const struct hd_job_report attached = {
        .kind = HD_REPORT_ATTACHED,
        .guest = "desk",
        .phases.ms = {
            [HD_STEP_OPEN_VOLUME] = 70, [HD_STEP_ATTACH_BLOCK] = 310}};
    struct hd_err ok = {0}, why = {0};
    struct kit_daemon b;

    begin(&b);
    under_way(&b, true);
    hd_report_take(b.store, &attached);
    hd_hot_ended(b.store, &ok);
    CU_ASSERT_EQUAL(b.last.phases.ms[HD_STEP_OPEN_VOLUME], 70);
    CU_ASSERT_EQUAL(b.last.phases.ms[HD_STEP_ATTACH_BLOCK], 310);
    CU_ASSERT_STRING_EQUAL(b.last.guest, "desk");
    CU_ASSERT_EQUAL(b.last.from, b.last.to);
    CU_ASSERT_STRING_EQUAL(b.last.reason, "attached");
    CU_ASSERT_STRING_EQUAL(b.last.message, "stick: pv sdb as xvdb");
    CU_ASSERT_PTR_NULL(b.store->hot.row);
    under_way(&b, false);
    hd_hot_ended(b.store, &ok);
    CU_ASSERT_STRING_EQUAL(b.last.reason, "detached");
    CU_ASSERT_STRING_EQUAL(b.last.message, "stick");
    CU_ASSERT_EQUAL(b.last.phases.ms[HD_STEP_ATTACH_BLOCK], 0);
    under_way(&b, true);
    hd_fail(&why, HD_E_TIMEOUT, "the frontend does not connect");
    hd_hot_ended(b.store, &why);
    CU_ASSERT_STRING_EQUAL(b.last.reason, "timeout");
    CU_ASSERT_STRING_EQUAL(b.last.message, "the frontend does not connect");
    CU_ASSERT_STRING_EQUAL(b.store->hot.guest, "");
    CU_ASSERT_EQUAL(b.store->state, HD_STATE_RUNNING);
    kit_daemon_fini(&b);
}

static struct json_object *map_with_two_disks(void)
{
    return json_tokener_parse(
        "{\"guests\": [{\"guest\": \"desk\", \"rows\": ["
        "{\"class\": \"block\", \"name\": \"xvdb\", \"disk\": \"xvdb\"},"
        "{\"class\": \"block\", \"name\": \"xvdc\", \"disk\": \"xvdc\"}]}]}");
}

/* Of two that were half taken, as a job that mends them tells it. */
static void the_end_of_another_device_is_not_taken_for_its_own(void)
{
    struct json_object *kept;
    struct kit_daemon b;

    begin(&b);
    json_object_put(b.store->map);
    b.store->map = map_with_two_disks();
    kept = hd_map_text_guest(b.store->map, "desk");
    CU_ASSERT_PTR_NOT_NULL_FATAL(hd_map_kept_find(kept, "xvdc"));
    under_way(&b, false);
    hd_hot_detached(b.store, "desk", "xvdc");
    CU_ASSERT_FALSE(b.store->hot.gone);
    CU_ASSERT_PTR_NULL(hd_map_kept_find(kept, "xvdc"));
    hd_hot_detached(b.store, "desk", "");
    CU_ASSERT_FALSE(b.store->hot.gone);
    CU_ASSERT_PTR_NOT_NULL(hd_map_kept_find(kept, "xvdb"));
    hd_hot_detached(b.store, "desk", "xvdb");
    CU_ASSERT_TRUE(b.store->hot.gone);
    hd_explain_drop(b.store);
    (void)rmdir(HD_MAP_DIR);
    (void)rmdir("/run/hotdom");
    kit_daemon_fini(&b);
}

static const struct hd_test tests[] = {
    HD_TEST(who_does_not_run_or_is_busy_is_given_nothing),
    HD_TEST(what_is_no_name_of_a_device_starts_no_job),
    HD_TEST(what_is_under_way_is_promised),
    HD_TEST(what_came_of_it_is_an_event_of_the_guest),
    HD_TEST(the_end_of_another_device_is_not_taken_for_its_own),
};

HD_SUITE("daemon/hot", tests);
