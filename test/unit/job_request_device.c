/* SPDX-License-Identifier: MIT */
/* What the root job refuses of steps that give a device of the host away. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../hv/plan/plan_text.h"
#include "job_kit.h"
#include "unit.h"

#define N_STEPS 8

static struct hd_job_request req;
static struct hd_plan *plan;

static struct hd_step *step(uint32_t i, enum hd_step_kind kind)
{
    return job_kit_step(plan, i, kind);
}

/* One of each such step; every test spoils one thing. */
static void begin(void)
{
    struct hd_step *s;

    free(plan);
    plan = job_kit_begin(&req, N_STEPS);
    req.n_files = 1;
    s = step(0, HD_STEP_OPEN_VOLUME);
    strcpy(s->u.volume.dm_name, "hotdom-travel-desk+usb0");
    s->u.volume.target = HD_TARGET_DISK;
    s->u.volume.length = 1 << 20;
    s->u.volume.diskseq = 4;
    strcpy(s->u.volume.disk, "sdb");
    s = step(1, HD_STEP_ADD_PORT);
    strcpy(s->u.port.bridge, "hd5c0e77aa0u0");
    strcpy(s->u.port.name, "usb0");
    s->u.port.index = 5;
    step(2, HD_STEP_SEIZE_PCI)->u.pci.at = (struct hd_pci){0, 3, 0x1f, 7};
    s = step(3, HD_STEP_BUILD_DOMAIN);
    strcpy(s->u.domain.name, "travel.desk");
    s->u.domain.uuid.byte[3] = 1;
    s->u.domain.ramdisk = -1;
    s->u.domain.vcpus = 1;
    s->u.domain.weight = 64;
    s->u.domain.memory = 64 << 20;
    s->u.domain.n_pci = HD_MAX_GUEST_PCI;
    for (uint32_t i = 4; i < 6; i++) {
        s = step(i, i == 4 ? HD_STEP_SERVE_CONSOLE : HD_STEP_ATTACH_CONSOLE);
        s->u.console.devid = 1;
        s->u.console.speed = 9600;
        strcpy(s->u.console.tty, "ttyUSB0");
        strcpy(s->u.console.usb, "1-2.3");
    }
    for (uint32_t i = 6; i < N_STEPS; i++) {
        s = step(i, i == 6 ? HD_STEP_SERVE_FILES : HD_STEP_ATTACH_FILES);
        strcpy(s->u.files.name, "travel.desk");
        hd_plan_put_view(plan, s, "+/etc/fonts\n-/etc/fonts/own\n", "");
    }
    req.plan_size = (uint32_t)hd_plan_bytes(plan);
}

static void refused(const char *words)
{
    struct hd_err err = {0};

    CHECK_FAILS(hd_job_request_check(&req, plan, &err), &err, HD_E_FAILED,
                words);
    begin();
}

static void a_disk_of_the_hosts_is_whole_and_not_the_stores(void)
{
    static const char *const bad[] = {"", "../sda", "sd a", "mapper/x", "SDA"};
    struct hd_step_volume *v;
    struct hd_err err = {0};

    begin();
    CHECK_OK(hd_job_request_check(&req, plan, &err), &err);
    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++) {
        strcpy(plan->steps[0].u.volume.disk, bad[i]);
        refused("step 1");
    }
    v = &plan->steps[0].u.volume;
    memset(v->disk, 's', sizeof(v->disk));
    refused("step 1");
    plan->steps[0].u.volume.diskseq = 3;
    refused("step 1");
    plan->steps[0].u.volume.diskseq = 0;
    refused("step 1");
    plan->steps[0].u.volume.start = 512;
    refused("step 1");
    plan->steps[0].u.volume.length = 0;
    refused("step 1");
    strcpy(plan->steps[0].u.volume.dm_name, "sdb");
    refused("step 1");
}

static void a_port_has_an_index_and_a_bridge_of_ours(void)
{
    static const char *const bad[] = {"", "a/b", "..", "a b", "a:b", "a\x1b"};

    begin();
    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++) {
        strcpy(plan->steps[1].u.port.name, bad[i]);
        refused("step 2");
    }
    memset(plan->steps[1].u.port.name, 'e', 16);
    refused("step 2");
    strcpy(plan->steps[1].u.port.bridge, "xenbr0");
    refused("step 2");
    memset(plan->steps[1].u.port.bridge, 'h', 16);
    refused("step 2");
    plan->steps[1].u.port.index = 0;
    refused("step 2");
}

static void a_pci_address_is_in_range(void)
{
    static const struct hd_pci bad[] = {
        {0x10000, 0, 0, 0}, {0, 0x100, 0, 0}, {0, 0, 0x20, 0}, {0, 0, 0, 8}};
    struct hd_step_domain *d;

    begin();
    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++) {
        plan->steps[2].u.pci.at = bad[i];
        refused("step 3");
        d = &plan->steps[3].u.domain;
        d->pci[HD_MAX_GUEST_PCI - 1] = bad[i];
        refused("step 4");
    }
    plan->steps[3].u.domain.n_pci = HD_MAX_GUEST_PCI + 1;
    refused("step 4");
    plan->steps[3].u.domain.n_pci = UINT32_MAX;
    refused("step 4");
}

static void a_serial_port_is_one_of_a_usb_device(void)
{
    static const char *const bad[] = {"", "../mem", "tty USB0", "/dev/ttyS0"};
    struct hd_err err = {0};

    begin();
    CHECK_OK(hd_job_request_check(&req, plan, &err), &err);
    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++) {
        strcpy(plan->steps[4].u.console.tty, bad[i]);
        refused("step 5");
        strcpy(plan->steps[5].u.console.usb, bad[i]);
        refused("step 6");
    }
    memset(plan->steps[4].u.console.tty, 't', 32);
    refused("step 5");
    plan->steps[4].u.console.devid = 0;
    refused("step 5");
    plan->steps[5].u.console.devid = HD_MAX_CONSOLES + 1;
    refused("step 6");
    plan->steps[4].u.console.speed = 0;
    refused("step 5");
}

static void give(uint32_t i, const char *tables)
{
    hd_plan_put_view(plan, &plan->steps[i], tables, "");
    req.plan_size = (uint32_t)hd_plan_bytes(plan);
}

static void a_host_view_has_a_name_and_tables(void)
{
    static const char *const bad[] = {"+/etc", "+etc\n", "+/etc/..\n",
                                      "+/a\n-/a\n"};
    static char text[2 * HD_VIEW_TEXT];
    size_t len = 0;
    struct hd_err err = {0};

    begin();
    CHECK_OK(hd_job_request_check(&req, plan, &err), &err);
    /* The last entry may have been taken away while the guest ran. */
    give(7, "");
    CHECK_OK(hd_job_request_check(&req, plan, &err), &err);
    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++) {
        give(7, bad[i]);
        refused("step 8");
    }
    strcpy(plan->steps[6].u.files.name, "../desk");
    refused("step 7");
    for (int i = 0; len <= HD_VIEW_TEXT; i++)
        len += (size_t)sprintf(text + len, "+/%0200d\n", i);
    give(6, text);
    refused("step 7");
}

static void a_plans_text_ends_within_it(void)
{
    struct hd_err err = {0};

    begin();
    /* A place behind the end is an empty text. */
    plan->steps[7].u.files.tables = UINT32_MAX;
    CHECK_OK(hd_job_request_check(&req, plan, &err), &err);
    ((char *)&plan->steps[N_STEPS])[plan->n_text - 1] = 'x';
    refused("plan is bad");
    plan->n_text++;
    refused("plan is bad");
    plan->n_text = UINT32_MAX;
    refused("plan is bad");
    plan->n_text = HD_PLAN_MAX_TEXT + 1;
    req.plan_size = (uint32_t)hd_plan_bytes(plan);
    refused("plan is bad");
}

static const struct hd_test tests[] = {
    HD_TEST(a_host_view_has_a_name_and_tables),
    HD_TEST(a_plans_text_ends_within_it),
    HD_TEST(a_disk_of_the_hosts_is_whole_and_not_the_stores),
    HD_TEST(a_pci_address_is_in_range),
    HD_TEST(a_port_has_an_index_and_a_bridge_of_ours),
    HD_TEST(a_serial_port_is_one_of_a_usb_device),
};

HD_SUITE("run/job_request_device", tests);
