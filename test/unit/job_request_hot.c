/* SPDX-License-Identifier: MIT */
/* What the root job refuses of requests about one device of a running guest,
 * and how the ledger names such a device. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../hv/run/device.h"
#include "../../pv-drivers/base/mem.h"
#include "job_kit.h"
#include "unit.h"

#define N_STEPS 3

static struct hd_job_request req;
static struct hd_plan *plan;

/* A disk in memory for `desk`; every test spoils one thing. */
static void begin(void)
{
    struct hd_step *s;

    free(plan);
    plan = job_kit_begin(&req, N_STEPS);
    req.op = HD_JOB_ATTACH;
    strcpy(req.guest, "desk");
    s = job_kit_step(plan, 0, HD_STEP_OPEN_VOLUME);
    strcpy(s->u.volume.dm_name, "hotdom-travel-desk+ram17");
    s->u.volume.target = HD_TARGET_RAM;
    s->u.volume.length = 1 << 20;
    s = job_kit_step(plan, 1, HD_STEP_ATTACH_BLOCK);
    strcpy(s->u.block.dm_name, "hotdom-travel-desk+ram17");
    strcpy(s->u.block.as, "xvdb");
    s = job_kit_step(plan, 2, HD_STEP_TELL);
    strcpy(s->u.tell.path, "map/block/xvdb");
    strcpy(s->u.tell.value, "emulated");
}

static void begin_detach(void)
{
    begin();
    plan->n_steps = 1;
    plan->n_text = 0;
    plan->steps[0] = plan->steps[2];
    req.plan_size = (uint32_t)hd_plan_size(1);
    req.op = HD_JOB_DETACH;
    req.device.what = HD_WHAT_DISK;
    strcpy(req.device.vdev, "xvdb");
}

static void taken(void)
{
    struct hd_err err = {0};

    CHECK_OK(hd_job_request_check(&req, plan, &err), &err);
}

static void refused(const char *words)
{
    struct hd_err err = {0};

    CHECK_FAILS(hd_job_request_check(&req, plan, &err), &err, HD_E_FAILED,
                words);
}

static void one_device_of_one_guest_is_attached(void)
{
    begin();
    taken();
    strcpy(plan->steps[1].guest, "other");
    refused("not of one device");
    begin();
    strcpy(req.guest, "other");
    refused("not of one device");
    begin();
    *req.guest = '\0';
    refused("for a device is bad");
    begin();
    plan->steps[0] = plan->steps[1];
    refused("not of one device");
    begin();
    plan->steps[1] = plan->steps[2];
    refused("not of one device");
    begin();
    req.n_files = 1;
    refused("for a device is bad");
    begin();
    strcpy(plan->steps[1].u.block.as, "sda");
    refused("step 2");
}

static void no_domain_and_nothing_of_the_store_is_in_it(void)
{
    static const enum hd_step_kind kinds[] = {
        HD_STEP_MAKE_BRIDGE, HD_STEP_ADD_PORT, HD_STEP_SEIZE_PCI,
        HD_STEP_BUILD_DOMAIN, HD_STEP_START_DOMAIN};
    static const enum hd_step_target targets[] = {
        HD_TARGET_LINEAR, HD_TARGET_CRYPT, HD_TARGET_VERITY};

    for (size_t i = 0; i < HD_ARRAY_LEN(kinds); i++) {
        begin();
        plan->steps[0].kind = kinds[i];
        refused("not of one device");
    }
    for (size_t i = 0; i < HD_ARRAY_LEN(targets); i++) {
        begin();
        plan->steps[0].u.volume.target = targets[i];
        refused("not of one device");
    }
}

static void limits_of_a_nic_are_in_range(void)
{
    static const struct hd_net_limits bad[] = {{.rate = HD_NET_RATE_MAX + 1},
                                               {.mtu = 67},
                                               {.mtu = 65536},
                                               {.isolated = 2}};
    struct hd_step_net *n;

    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++) {
        begin();
        plan->steps[1].kind = HD_STEP_ATTACH_NET;
        n = &plan->steps[1].u.net;
        *n = (struct hd_step_net){.bridge = "xenbr0",
                                  .limits = {2 << 20, 1400, 1}};
        taken();
        n->limits = bad[i];
        refused("step 2");
    }
}

static void a_plan_of_another_size_is_not_looked_into(void)
{
    begin();
    plan->n_steps = 1000000;
    refused("not of one device");
    begin();
    req.plan_size--;
    refused("not of one device");
}

static void a_device_to_take_is_a_disk_or_a_nic(void)
{
    begin_detach();
    taken();
    strcpy(req.device.vdev, "xvdq");
    refused("for a device is bad");
    memset(req.device.vdev, 'x', sizeof(req.device.vdev));
    refused("for a device is bad");
    req.device.what = HD_WHAT_NIC;
    taken();
    req.device.mac[0] = 1;
    refused("for a device is bad");
    req.device.what = HD_WHAT_NIC + 1;
    refused("for a device is bad");
    begin_detach();
    plan->steps[0].kind = HD_STEP_START_DOMAIN;
    refused("not of one device");
}

static void what_is_half_done_is_of_any_guest_and_one_may_be_told(void)
{
    struct hd_err err = {0};

    begin_detach();
    req.device.what = HD_WHAT_HALF;
    taken();
    plan->steps[0].kind = HD_STEP_START_DOMAIN;
    refused("not of one device");
    begin_detach();
    req.device.what = HD_WHAT_HALF;
    *req.guest = '\0';
    refused("not of one device");
    req.plan_size = 0;
    CHECK_OK(hd_job_request_check(&req, NULL, &err), &err);
}

static void the_ledger_names_a_device_and_finds_it_again(void)
{
    static const char *const bad[] = {
        "",       "vbd",      "vbd/51728", "vbd/x/hotdom-a", "vif/24/hotdom-a",
        "vif/+1", "vbd/01/h", "vtpm/1",    "vif/24 "};
    char value[HD_LEDGER_VALUE];
    struct hd_device_of device;
    struct hd_err err = {0};

    begin();
    hd_device_value(&plan->steps[1], value);
    CU_ASSERT_STRING_EQUAL(value, "vbd/51728/hotdom-travel-desk+ram17");
    CHECK_OK(hd_device_parse(value, &device, &err), &err);
    CU_ASSERT_STRING_EQUAL(device.bus.class, "vbd");
    CU_ASSERT_EQUAL(device.bus.devid, 51728);
    CU_ASSERT_STRING_EQUAL(device.dm_name, "hotdom-travel-desk+ram17");
    plan->steps[1].kind = HD_STEP_ATTACH_NET;
    plan->steps[1].u.net.devid = 24;
    hd_device_value(&plan->steps[1], value);
    CU_ASSERT_STRING_EQUAL(value, "vif/24");
    CHECK_OK(hd_device_parse(value, &device, &err), &err);
    CU_ASSERT_EQUAL(device.bus.devid, 24);
    CU_ASSERT_STRING_EQUAL(device.dm_name, "");
    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++)
        CHECK_FAILS(hd_device_parse(bad[i], &device, &err), &err, HD_E_FAILED,
                    "is bad");
}

static const struct hd_test tests[] = {
    HD_TEST(one_device_of_one_guest_is_attached),
    HD_TEST(no_domain_and_nothing_of_the_store_is_in_it),
    HD_TEST(limits_of_a_nic_are_in_range),
    HD_TEST(a_plan_of_another_size_is_not_looked_into),
    HD_TEST(a_device_to_take_is_a_disk_or_a_nic),
    HD_TEST(what_is_half_done_is_of_any_guest_and_one_may_be_told),
    HD_TEST(the_ledger_names_a_device_and_finds_it_again),
};

HD_SUITE("run/job_request_hot", tests);
