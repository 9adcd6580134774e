/* SPDX-License-Identifier: MIT */
/* What the root job refuses of a request, field by field. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../hv/plan/plan_text.h"
#include "../../hv/store/auth.h"
#include "../../pv-drivers/base/io.h"
#include "job_kit.h"
#include "unit.h"

#define N_STEPS 7

static struct hd_job_request req;
static struct hd_plan *plan;

static struct hd_step *step(uint32_t i, enum hd_step_kind kind)
{
    return job_kit_step(plan, i, kind);
}

/* One guest with one of each step; every test spoils one thing. */
static void begin(void)
{
    struct hd_step *s;

    free(plan);
    plan = job_kit_begin(&req, N_STEPS);
    req.n_files = 2;
    s = step(0, HD_STEP_OPEN_VOLUME);
    strcpy(s->u.volume.dm_name, "hotdom-travel-root");
    s->u.volume.start = s->u.volume.length = 1 << 20;
    s = step(1, HD_STEP_BUILD_DOMAIN);
    strcpy(s->u.domain.name, "travel.desk");
    s->u.domain.uuid.byte[3] = 1;
    s->u.domain.ramdisk = 1;
    s->u.domain.vcpus = 1;
    s->u.domain.weight = 64;
    s->u.domain.memory = 64 << 20;
    hd_plan_put_cmdline(plan, s, "root=/dev/xvda ro");
    s = step(2, HD_STEP_ATTACH_BLOCK);
    strcpy(s->u.block.dm_name, "hotdom-travel-root");
    strcpy(s->u.block.as, "xvda");
    s = step(3, HD_STEP_ATTACH_NET);
    strcpy(s->u.net.bridge, "xenbr0");
    memcpy(s->u.net.mac, "\0\x16\x3e", 3);
    step(4, HD_STEP_START_DOMAIN);
    s = step(5, HD_STEP_MAKE_BRIDGE);
    strcpy(s->u.bridge.name, "hd5c0e77aa0");
    s = step(6, HD_STEP_TELL);
    strcpy(s->u.tell.path, "map/net/lan0");
    strcpy(s->u.tell.value, "pv xenbr0");
    req.plan_size = (uint32_t)hd_plan_bytes(plan);
}

static void refused(const char *words)
{
    struct hd_err err = {0};

    CHECK_FAILS(hd_job_request_check(&req, plan, &err), &err, HD_E_FAILED,
                words);
    begin();
}

static void a_good_start_is_taken(void)
{
    struct hd_err err = {0};

    begin();
    CHECK_OK(hd_job_request_check(&req, plan, &err), &err);
    plan->steps[1].u.domain.ramdisk = -1;
    plan->steps[0].u.volume.mode = HD_MODE_RO;
    CHECK_OK(hd_job_request_check(&req, plan, &err), &err);
}

static void an_end_has_no_plan_and_no_files(void)
{
    struct hd_err err = {0};

    begin();
    req.op = HD_JOB_YANK;
    refused("only what attaches");
    free(plan);
    plan = NULL;
    req.op = HD_JOB_EJECT;
    req.plan_size = 0;
    refused("takes no files");
    req.op = HD_JOB_EJECT;
    req.n_files = 0;
    req.plan_size = 0;
    CHECK_OK(hd_job_request_check(&req, NULL, &err), &err);
    strcpy(req.guest, "desk");
    CHECK_OK(hd_job_request_check(&req, NULL, &err), &err);
    memset(req.guest, 'x', sizeof(req.guest));
    refused("the job's request is bad");
}

static void numbers_and_texts_out_of_range_are_refused(void)
{
    begin();
    req.op = HD_JOB_DUMP + 1;
    refused("the job's request is bad");
    memset(&req.store, 0, sizeof(req.store));
    refused("the job's request is bad");
    req.n_files = HD_MAX_FILES + 1;
    refused("request to start");
    memset(req.head.label, 'x', sizeof(req.head.label));
    refused("request to start");
    memset(req.head.devname, 'x', sizeof(req.head.devname));
    refused("request to start");
    req.head.store.byte[9] = 1;
    refused("request to start");
    req.ask = 1;
    req.auth.n = HD_SCRYPT_N_MAX * 2ull;
    refused("verifier");
    plan->store.byte[9] = 1;
    refused("plan is bad");
    plan->n_steps = N_STEPS + 1;
    refused("plan is bad");
    plan->n_steps = UINT32_MAX;
    refused("plan is bad");
}

/* Step 1 becomes dm-crypt's. */
static struct hd_step_volume *begin_crypt(void)
{
    struct hd_step_volume *v;

    begin();
    req.ask = HD_ASK_KEYSLOT;
    req.n_headers = 2;
    v = &plan->steps[0].u.volume;
    v->target = HD_TARGET_CRYPT;
    v->header = 1;
    v->length = 4 << 20;
    v->luks.uuid.byte[1] = 1;
    v->luks.offset = HD_LUKS_OFFSET_OTHER;
    plan->luks = v->luks;
    plan->luks.offset = HD_LUKS_OFFSET_KEY;
    return v;
}

static void an_encrypted_volume_has_a_header_and_room_for_data(void)
{
    struct hd_err err = {0};

    begin_crypt();
    CHECK_OK(hd_job_request_check(&req, plan, &err), &err);
    begin_crypt()->header = 2;
    refused("step 1");
    begin_crypt()->luks.offset = 4 << 20;
    refused("step 1");
    begin_crypt()->luks.offset = 0;
    refused("step 1");
    begin_crypt()->luks.offset += 100;
    refused("step 1");
    begin_crypt()->luks.offset = UINT64_MAX - 511;
    refused("step 1");
    begin_crypt()->luks.uuid.byte[1] = 0;
    refused("step 1");
    begin_crypt()->discard = 2;
    refused("step 1");
    begin_crypt()->target = HD_TARGET_VERITY + 1;
    refused("step 1");
    begin_crypt();
    plan->luks.offset = 7;
    refused("LUKS2 headers");
    begin_crypt();
    plan->steps[2] = plan->steps[0];
    refused("LUKS2 headers");
}

static void a_keyslot_needs_a_header_and_a_key_volume(void)
{
    begin_crypt();
    req.keyslot = HD_LUKS_KEYSLOTS;
    refused("keyslot is bad");
    begin();
    req.ask = HD_ASK_KEYSLOT;
    refused("keyslot is bad");
    begin_crypt();
    plan->luks.offset = 0;
    refused("no key volume");
    begin_crypt();
    req.n_headers = HD_MAX_LUKS + 1;
    refused("request to start");
    begin_crypt();
    req.ask = HD_ASK_KEYSLOT + 1;
    refused("asks for nothing known");
}

/* The largest number of blocks whose tree fits behind them in 1 MiB. */
static struct hd_step_volume *begin_verity(void)
{
    struct hd_step_volume *v;

    begin();
    v = &plan->steps[0].u.volume;
    v->target = HD_TARGET_VERITY;
    v->mode = HD_MODE_RO;
    v->verity.blocks = 253;
    strcpy(v->over, "hotdom-travel-root+raw");
    return v;
}

static void an_image_and_its_tree_fit_in_their_partition(void)
{
    struct hd_err err = {0};

    begin_verity();
    CHECK_OK(hd_job_request_check(&req, plan, &err), &err);
    begin_verity()->verity.blocks++;
    refused("step 1");
    begin_verity()->verity.blocks = UINT64_MAX;
    refused("step 1");
    begin_verity()->verity.blocks = 0;
    refused("step 1");
    begin_verity()->mode = HD_MODE_RW;
    refused("step 1");
    strcpy(begin_verity()->over, "sda");
    refused("step 1");
}

static void begin_keys(void)
{
    begin();
    memset(&req.head, 0, sizeof(req.head));
    req.op = HD_JOB_KEYS;
    req.ask = HD_ASK_KEYSLOT;
    req.n_headers = 1;
    req.n_files = req.plan_size = 0;
    req.keys.start = 1 << 20;
    req.keys.luks.uuid.byte[0] = 1;
    req.keys.luks.offset = HD_LUKS_OFFSET_KEY;
    req.keys.cost = (struct hd_luks_cost){32 << 10, 4, 4};
    strcpy(req.keys.user, "guest");
    free(plan);
    plan = NULL;
}

static void a_change_of_keys_names_user_place_and_cost(void)
{
    struct hd_err err = {0};

    begin_keys();
    CHECK_OK(hd_job_request_check(&req, NULL, &err), &err);
    req.keys.action = HD_KEYS_REMOVE;
    memset(&req.keys.cost, 0, sizeof(req.keys.cost));
    CHECK_OK(hd_job_request_check(&req, NULL, &err), &err);
    req.keys.action = HD_KEYS_ADD;
    refused("cost");
    begin_keys();
    req.keys.cost.memory_kib = HD_LUKS_MEMORY_MAX + 1;
    refused("cost");
    begin_keys();
    req.keys.cost.time = HD_LUKS_TIME_MAX + 1;
    refused("cost");
    begin_keys();
    req.keys.cost.lanes = HD_LUKS_LANES_MAX + 1;
    refused("cost");
    begin_keys();
    req.keys.action = HD_KEYS_REMOVE + 1;
    refused("request for keys");
    begin_keys();
    strcpy(req.keys.user, "");
    refused("request for keys");
    begin_keys();
    memset(req.keys.user, 'x', sizeof(req.keys.user));
    refused("request for keys");
    begin_keys();
    req.keys.start = 100;
    refused("request for keys");
    begin_keys();
    req.keys.start = UINT64_MAX - 511;
    refused("request for keys");
    begin_keys();
    req.keys.luks.offset = 0;
    refused("request for keys");
    begin_keys();
    req.ask = HD_ASK_NOTHING;
    refused("request for keys");
    begin_keys();
    req.n_headers = 2;
    refused("request for keys");
    begin_keys();
    req.keyslot = HD_LUKS_KEYSLOTS;
    refused("keyslot is bad");
}

static void put_cmdline(const char *line)
{
    hd_plan_put_cmdline(plan, &plan->steps[1], line);
    req.plan_size = (uint32_t)hd_plan_bytes(plan);
}

static void every_step_is_checked(void)
{
    char line[HD_CMDLINE_SIZE + 1] = "";

    begin();
    plan->steps[4].kind = HD_STEP_START_DOMAIN + 1u;
    refused("step 5");
    memset(plan->steps[4].guest, 'x', HD_NAME_SIZE);
    refused("step 5");
    strcpy(plan->steps[4].guest, "../desk");
    refused("step 5");
    strcpy(plan->steps[0].u.volume.dm_name, "vg-root");
    refused("step 1");
    memset(plan->steps[0].u.volume.dm_name, 'x', HD_DM_NAME_SIZE);
    refused("step 1");
    plan->steps[0].u.volume.start = 100;
    refused("step 1");
    plan->steps[0].u.volume.length = 0;
    refused("step 1");
    plan->steps[0].u.volume.length = UINT64_MAX - 511;
    refused("step 1");
    plan->steps[0].u.volume.mode = HD_MODE_RO + 1;
    refused("step 1");
    plan->steps[1].u.domain.kernel = 2;
    refused("step 2");
    plan->steps[1].u.domain.ramdisk = 2;
    refused("step 2");
    plan->steps[1].u.domain.ramdisk = -2;
    refused("step 2");
    plan->steps[1].u.domain.vcpus = 0;
    refused("step 2");
    plan->steps[1].u.domain.weight = 0;
    refused("step 2");
    plan->steps[1].u.domain.weight = 65536;
    refused("step 2");
    plan->steps[1].u.domain.memory = 0;
    refused("step 2");
    memset(line, 'x', HD_CMDLINE_SIZE);
    put_cmdline(line);
    refused("step 2");
    put_cmdline("ro\nquiet");
    refused("step 2");
    plan->steps[1].u.domain.cmdline = UINT32_MAX;
    refused("step 2");
    strcpy(plan->steps[2].u.block.as, "xvdq");
    refused("step 3");
    strcpy(plan->steps[2].u.block.as, "xvda1");
    refused("step 3");
    memset(plan->steps[3].u.net.bridge, 'x', 16);
    refused("step 4");
    plan->steps[3].u.net.mac[0] = 1;
    refused("step 4");
    plan->steps[3].u.net.devid = HD_MAX_NICS + HD_MAX_WISHES + HD_MAX_HOT_NICS;
    refused("step 4");
}

static void a_ram_disk_is_written_and_has_no_place_on_the_medium(void)
{
    struct hd_err err = {0};

    begin();
    plan->steps[0].u.volume.target = HD_TARGET_RAM;
    refused("step 1");
    plan->steps[0].u.volume.target = HD_TARGET_RAM;
    plan->steps[0].u.volume.start = 0;
    CHECK_OK(hd_job_request_check(&req, plan, &err), &err);
    plan->steps[0].u.volume.mode = HD_MODE_RO;
    refused("step 1");
}

static void only_bridges_with_names_of_ours_are_made(void)
{
    static const char *const bad[] = {"", "xenbr0", "hd/0", "hd 0", "hd.0"};

    begin();
    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++) {
        strcpy(plan->steps[5].u.bridge.name, bad[i]);
        refused("step 6");
    }
    memset(plan->steps[5].u.bridge.name, 'h', 16);
    refused("step 6");
}

static void what_a_guest_is_told_stays_below_its_own_node(void)
{
    static const char *const bad[] = {
        "", "/map", "map/", "map//net", "../../control", "map/a b", "map/\x1b"};
    struct hd_err err = {0};

    begin();
    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++) {
        strcpy(plan->steps[6].u.tell.path, bad[i]);
        refused("step 7");
    }
    memset(plan->steps[6].u.tell.path, 'x', sizeof(plan->steps[6].u.tell.path));
    refused("step 7");
    strcpy(plan->steps[6].u.tell.value, "a\nb");
    refused("step 7");
    memset(plan->steps[6].u.tell.value, 'x',
           sizeof(plan->steps[6].u.tell.value));
    refused("step 7");
    plan->steps[6].u.tell.value[0] = '\0';
    strcpy(plan->steps[6].u.tell.path, "map/net/lan@0");
    CHECK_OK(hd_job_request_check(&req, plan, &err), &err);
}

static void a_display_has_two_sizes_or_none(void)
{
    struct hd_err err = {0};

    begin();
    plan->steps[1].u.domain.width = 800;
    refused("step 2");
    plan->steps[1].u.domain.width = 800;
    plan->steps[1].u.domain.height = UINT32_MAX;
    refused("step 2");
    plan->steps[1].u.domain.width = 800;
    plan->steps[1].u.domain.height = 600;
    CHECK_OK(hd_job_request_check(&req, plan, &err), &err);
}

/* Request and plan as hotdomd sends them, with `extra` bytes behind. */
static int send(size_t extra, int seal)
{
    struct hd_err err = {0};
    int fd = hd_io_memfd("request", sizeof(req) + req.plan_size + extra, &err);

    CHECK_OK(hd_io_pwrite(fd, &req, sizeof(req), 0, &err), &err);
    CHECK_OK(hd_io_pwrite(fd, plan, req.plan_size, sizeof(req), &err), &err);
    if (seal)
        CHECK_OK(hd_io_seal(fd, &err), &err);
    return fd;
}

static void a_request_comes_sealed_and_whole(void)
{
    struct hd_err err = {0};
    hd_autofree struct hd_job_request *got = NULL;
    hd_autofree struct hd_plan *got_plan = NULL;
    hd_autofd int good = -1, open = -1, longer = -1, huge = -1;

    begin();
    good = send(0, 1);
    CHECK_OK(hd_job_request_read(good, &got, &got_plan, &err), &err);
    CU_ASSERT_EQUAL_FATAL(got_plan->n_steps, N_STEPS);
    CU_ASSERT_EQUAL(memcmp(got, &req, sizeof(req)), 0);
    open = send(0, 0);
    CHECK_FAILS(hd_job_request_read(open, &got, &got_plan, &err), &err,
                HD_E_FAILED, "not sealed");
    longer = send(1, 1);
    CHECK_FAILS(hd_job_request_read(longer, &got, &got_plan, &err), &err,
                HD_E_FAILED, "sealed memory of");
    req.plan_size = UINT32_MAX;
    huge = hd_io_memfd("request", sizeof(req), &err);
    CHECK_OK(hd_io_pwrite(huge, &req, sizeof(req), 0, &err), &err);
    CHECK_OK(hd_io_seal(huge, &err), &err);
    CHECK_FAILS(hd_job_request_read(huge, &got, &got_plan, &err), &err,
                HD_E_FAILED, "a plan of 4294967295 bytes");
    free(plan);
    plan = NULL;
}

static const struct hd_test tests[] = {
    HD_TEST(a_good_start_is_taken),
    HD_TEST(an_end_has_no_plan_and_no_files),
    HD_TEST(numbers_and_texts_out_of_range_are_refused),
    HD_TEST(an_encrypted_volume_has_a_header_and_room_for_data),
    HD_TEST(a_keyslot_needs_a_header_and_a_key_volume),
    HD_TEST(an_image_and_its_tree_fit_in_their_partition),
    HD_TEST(a_change_of_keys_names_user_place_and_cost),
    HD_TEST(every_step_is_checked),
    HD_TEST(a_ram_disk_is_written_and_has_no_place_on_the_medium),
    HD_TEST(only_bridges_with_names_of_ours_are_made),
    HD_TEST(what_a_guest_is_told_stays_below_its_own_node),
    HD_TEST(a_display_has_two_sizes_or_none),
    HD_TEST(a_request_comes_sealed_and_whole),
};

HD_SUITE("run/job_request", tests);
