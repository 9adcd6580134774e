/* SPDX-License-Identifier: MIT */
/* Tests hv/plan/plan: what a manifest and a host lead to, word for word. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../hv/plan/plan.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

#define MIB ((uint64_t)1 << 20)

/* One guest `desk` with two volumes and a nic, 4 vcpus wished. */
static struct hd_answer *one_guest(void)
{
    struct hd_answer *a = calloc(1, sizeof(*a));
    struct hd_manifest *m = &a->manifest;
    struct hd_guest *g = &m->guests[0];

    strcpy(m->store.name, "travel");
    m->n_files = 2;
    strcpy(m->files[0].name, "vmlinux");
    strcpy(m->files[1].name, "initrd");
    m->n_volumes = 2;
    strcpy(m->volumes[0].name, "home");
    m->volumes[0].encryption = HD_ENCRYPTION_NONE;
    strcpy(m->volumes[1].name, "root");
    m->volumes[1].encryption = HD_ENCRYPTION_NONE;
    a->extents[0] = (struct hd_extent){8 * MIB, 4 * MIB};
    a->extents[1] = (struct hd_extent){1 * MIB, 7 * MIB};
    m->n_guests = 1;
    strcpy(g->name, "desk");
    strcpy(g->kernel, "vmlinux");
    strcpy(g->ramdisk, "initrd");
    for (int i = 0; i < 16; i++)
        g->id.byte[i] = (uint8_t)i;
    g->memory = (struct hd_range){256 * MIB, 2048 * MIB};
    g->vcpus = (struct hd_range){1, 4};
    g->n_disks = 2;
    strcpy(g->disks[0].name, "root");
    strcpy(g->disks[0].as, "xvda");
    g->disks[0].mode = HD_MODE_RO;
    strcpy(g->disks[1].name, "home");
    strcpy(g->disks[1].as, "xvdb");
    g->n_nics = 1;
    strcpy(g->nics[0].role, "internet");
    strcpy(g->nics[0].as, "lan0");
    return a;
}

static const struct hd_inventory host = {
    .memory_total = 4096 * MIB,
    .memory_free = 1024 * MIB,
    .cpus = 2,
    .n_bridges = 2,
    .bridges = {"xenbr0", "br1"},
};

static struct hd_policy policy(void)
{
    return (struct hd_policy){
        .limits = {.guests = 64, .stores = 64, .weight = 64}};
}

/* The map and what comes of it; the caller frees `*ret`. */
static int make(const struct hd_answer *a, const char *label,
                const struct hd_inventory *h, const struct hd_policy *p,
                struct hd_plan **ret, struct hd_err *err)
{
    const struct hd_commitments none = {0};
    const struct hd_map_input in = {.store = a,
                                    .label = label,
                                    .inventory = h,
                                    .policy = p,
                                    .commitments = &none};
    hd_auto(hd_map) map = NULL;

    if (hd_map_make(&in, &map, err))
        return -1;
    return hd_plan_make(a, map, ret, err);
}

/* The printed plan; the caller frees it. */
static char *plan_text(const struct hd_answer *a, const struct hd_inventory *h,
                       const struct hd_policy *p, struct hd_err *err)
{
    hd_autofree struct hd_plan *plan = NULL;
    char *text = NULL;
    size_t len;
    FILE *out;

    if (make(a, "travel", h, p, &plan, err))
        return NULL;
    out = open_memstream(&text, &len);
    hd_plan_print(plan, out);
    fclose(out);
    return text;
}

static void a_guest_is_built_opened_attached_and_started_in_order(void)
{
    hd_autofree struct hd_answer *a = one_guest();
    struct hd_policy p = policy();
    struct hd_err err = {0};
    hd_autofree char *text = plan_text(a, &host, &p, &err);

    CU_ASSERT_STRING_EQUAL(
        text ? text : err.msg,
        " 1  desk         build-domain travel.desk memory=1016M vcpus=2 "
        "weight=64 undo: "
        "destroy-domain travel.desk\n"
        " 2  desk         open-volume hotdom-travel-root start=1048576 "
        "length=7340032 ro undo: close-volume hotdom-travel-root\n"
        " 3  desk         open-volume hotdom-travel-home+raw start=8388608 "
        "length=4194304 rw undo: close-volume hotdom-travel-home+raw\n"
        " 4  desk         open-volume hotdom-travel-home start=0 "
        "length=4194304 rw hold over=hotdom-travel-home+raw "
        "undo: close-volume hotdom-travel-home\n"
        " 5  desk         attach-block hotdom-travel-root as=xvda ro\n"
        " 6  desk         attach-block hotdom-travel-home as=xvdb rw\n"
        " 7  desk         attach-net xenbr0 as=lan0 mac=00:16:3e:0d:0e:0f\n"
        " 8  desk         tell map/cpu/vcpus = pv\n"
        " 9  desk         tell map/memory/memory = pv\n"
        "10  desk         tell map/block/xvda = pv root\n"
        "11  desk         tell map/block/xvdb = pv home\n"
        "12  desk         tell map/net/lan0 = pv xenbr0 00:16:3e:0d:0e:0f\n"
        "13  desk         tell map/console/hvc0 = pv hvc0\n"
        "14  desk         tell host/cpus = i2\n"
        "15  desk         tell host/memory = i4294967296\n"
        "16  desk         start-domain\n");
}

static void encrypted_data_and_images_have_targets_of_their_own(void)
{
    hd_autofree struct hd_answer *a = one_guest();
    struct hd_manifest *m = &a->manifest;
    struct hd_policy p = policy();
    struct hd_err err = {0};

    /* The key volume is the first that is encrypted, not the first of all. */
    m->n_volumes = 4;
    strcpy(m->volumes[2].name, "keys");
    m->volumes[2].luks.offset = 9 * MIB;
    m->volumes[2].luks.uuid.byte[0] = 1;
    strcpy(m->volumes[3].name, "mail");
    m->volumes[3].luks.offset = MIB;
    a->extents[3] = (struct hd_extent){20 * MIB, 5 * MIB};
    m->volumes[1].kind = HD_VOLUME_IMAGE;
    m->volumes[1].verity.blocks = 1024;
    memset(m->volumes[1].verity.root, 0xab, 32);
    /* Said in vain: an image is read-only. */
    m->guests[0].disks[0].mode = HD_MODE_RW;
    strcpy(m->guests[0].disks[1].name, "mail");
    m->guests[0].n_nics = 0;
    hd_autofree char *text = plan_text(a, &host, &p, &err);
    CU_ASSERT_STRING_EQUAL(
        text ? text : err.msg,
        " 1  desk         build-domain travel.desk memory=1016M vcpus=2 "
        "weight=64 undo: "
        "destroy-domain travel.desk\n"
        " 2  desk         open-volume hotdom-travel-root+raw start=1048576 "
        "length=7340032 ro undo: close-volume hotdom-travel-root+raw\n"
        " 3  desk         open-volume hotdom-travel-root start=1048576 "
        "length=7340032 ro verity over=hotdom-travel-root+raw blocks=1024 "
        "root=abababababababababababababababababababababababababababababababab"
        " undo: close-volume hotdom-travel-root\n"
        " 4  desk         open-volume hotdom-travel-mail+raw start=20971520 "
        "length=5242880 rw crypt header=1 offset=1048576 "
        "undo: close-volume hotdom-travel-mail+raw\n"
        " 5  desk         open-volume hotdom-travel-mail start=0 "
        "length=4194304 rw hold over=hotdom-travel-mail+raw "
        "undo: close-volume hotdom-travel-mail\n"
        " 6  desk         attach-block hotdom-travel-root as=xvda ro\n"
        " 7  desk         attach-block hotdom-travel-mail as=xvdb rw\n"
        " 8  desk         tell map/cpu/vcpus = pv\n"
        " 9  desk         tell map/memory/memory = pv\n"
        "10  desk         tell map/block/xvda = pv root\n"
        "11  desk         tell map/block/xvdb = pv mail\n"
        "12  desk         tell map/console/hvc0 = pv hvc0\n"
        "13  desk         tell host/cpus = i2\n"
        "14  desk         tell host/memory = i4294967296\n"
        "15  desk         start-domain\n");
}

static void the_plan_says_which_key_volume_opens_the_others(void)
{
    hd_autofree struct hd_answer *a = one_guest();
    hd_autofree struct hd_plan *plain = NULL, *locked = NULL;
    struct hd_policy p = policy();
    struct hd_err err = {0};
    uint32_t header = 0;

    CHECK_OK(make(a, "travel", &host, &p, &plain, &err), &err);
    CU_ASSERT_EQUAL(plain->luks.offset, 0);
    a->manifest.volumes[1].encryption = HD_ENCRYPTION_LUKS2;
    a->manifest.volumes[1].luks.offset = 9 * MIB;
    a->manifest.volumes[1].luks.mark[31] = 5;
    CHECK_OK(make(a, "travel", &host, &p, &locked, &err), &err);
    CU_ASSERT_EQUAL(locked->luks.offset, 9 * MIB);
    CU_ASSERT_EQUAL(locked->luks.mark[31], 5);
    while (header + 1 < locked->n_steps &&
           (locked->steps[header].kind != HD_STEP_OPEN_VOLUME ||
            locked->steps[header].u.volume.target != HD_TARGET_CRYPT))
        header++;
    CU_ASSERT_EQUAL(locked->steps[header].kind, HD_STEP_OPEN_VOLUME);
    CU_ASSERT_EQUAL(locked->steps[header].u.volume.target, HD_TARGET_CRYPT);
    CU_ASSERT_EQUAL(locked->steps[header].u.volume.header, 0);
}

static void the_same_input_gives_the_same_bytes(void)
{
    hd_autofree struct hd_answer *a = one_guest();
    hd_autofree struct hd_plan *x = NULL, *y = NULL;
    struct hd_policy p = policy();
    struct hd_err err = {0};

    CHECK_OK(make(a, "travel", &host, &p, &x, &err), &err);
    CHECK_OK(make(a, "travel", &host, &p, &y, &err), &err);
    CU_ASSERT_EQUAL(memcmp(x, y, hd_plan_size(x->n_steps)), 0);
}

static void too_little_memory_refuses_and_says_how_much(void)
{
    hd_autofree struct hd_answer *a = one_guest();
    hd_autofree struct hd_plan *plan = NULL;
    struct hd_policy p = policy();
    struct hd_err err = {0};

    a->manifest.guests[0].memory = (struct hd_range){8192 * MIB, 8192 * MIB};
    CHECK_FAILS(make(a, "travel", &host, &p, &plan, &err), &err, HD_E_NO_MEMORY,
                "guest desk needs 8228 MiB and 1024 MiB are free");
    CU_ASSERT_PTR_NULL(plan);
    a->manifest.guests[0].memory = (struct hd_range){256 * MIB, 512 * MIB};
    p.limits.memory = 100 * MIB;
    CHECK_FAILS(make(a, "travel", &host, &p, &plan, &err), &err, HD_E_NO_MEMORY,
                "under the policy's limit");
}

static void the_last_guest_gets_its_minimum_before_the_first_its_wish(void)
{
    hd_autofree struct hd_answer *a = one_guest();
    struct hd_manifest *m = &a->manifest;
    hd_autofree struct hd_plan *plan = NULL;
    struct hd_policy p = policy();
    struct hd_err err = {0};
    uint64_t memory[2], n = 0;

    m->guests[0].n_disks = m->guests[0].n_nics = 0;
    m->guests[1] = m->guests[0];
    strcpy(m->guests[1].name, "second");
    m->guests[1].memory = (struct hd_range){512 * MIB, 512 * MIB};
    m->n_guests = 2;
    CHECK_OK(make(a, "travel", &host, &p, &plan, &err), &err);
    for (uint32_t i = 0; plan && i < plan->n_steps; i++)
        if (plan->steps[i].kind == HD_STEP_BUILD_DOMAIN)
            memory[n++] = plan->steps[i].u.domain.memory;
    CU_ASSERT_EQUAL_FATAL(n, 2);
    CU_ASSERT_EQUAL(memory[0], (1024 - 520 - 8) * MIB);
    CU_ASSERT_EQUAL(memory[1], 512 * MIB);
}

static void more_vcpus_than_the_host_has_are_refused_only_as_minimum(void)
{
    hd_autofree struct hd_answer *a = one_guest();
    hd_autofree struct hd_plan *plan = NULL;
    struct hd_policy p = policy();
    struct hd_err err = {0};

    a->manifest.guests[0].vcpus.min = 3;
    CHECK_FAILS(make(a, "travel", &host, &p, &plan, &err), &err, HD_E_LIMIT,
                "needs 3 vcpus and this host gives 2");
    a->manifest.guests[0].vcpus.min = 2;
    p.limits.vcpus = 1;
    CHECK_FAILS(make(a, "travel", &host, &p, &plan, &err), &err, HD_E_LIMIT,
                "this host gives 1");
}

static void a_role_goes_to_the_bridge_that_the_policy_names(void)
{
    hd_autofree struct hd_answer *a = one_guest();
    struct hd_policy p = policy();
    struct hd_err err = {0};

    p.n_networks = 1;
    strcpy(p.networks[0].role, "internet");
    strcpy(p.networks[0].bridge, "br1");
    hd_autofree char *text = plan_text(a, &host, &p, &err);
    CU_ASSERT_PTR_NOT_NULL(text ? strstr(text, "attach-net br1 as=lan0") : 0);
}

static void a_missing_bridge_refuses_a_required_nic_and_drops_another(void)
{
    hd_autofree struct hd_answer *a = one_guest();
    hd_autofree struct hd_plan *plan = NULL;
    struct hd_policy p = policy();
    struct hd_err err = {0};

    p.n_networks = 1;
    strcpy(p.networks[0].role, "internet");
    strcpy(p.networks[0].bridge, "gone0");
    a->manifest.guests[0].nics[0].level = HD_LEVEL_OPTIONAL;
    hd_autofree char *text = plan_text(a, &host, &p, &err);
    CU_ASSERT_PTR_NOT_NULL(text);
    CU_ASSERT_PTR_NULL(text ? strstr(text, "attach-net") : "");
    a->manifest.guests[0].nics[0].level = HD_LEVEL_REQUIRED;
    CHECK_FAILS(make(a, "travel", &host, &p, &plan, &err), &err,
                HD_E_NO_NETWORK, "requires a network of role internet");
}

static void a_store_with_more_guests_than_allowed_is_refused(void)
{
    hd_autofree struct hd_answer *a = one_guest();
    hd_autofree struct hd_plan *plan = NULL;
    struct hd_policy p = policy();
    struct hd_err err = {0};

    p.limits.guests = 0;
    CHECK_FAILS(make(a, "travel", &host, &p, &plan, &err), &err, HD_E_LIMIT,
                "has 1 guests and the policy allows 0");
}

static void the_longest_names_fit_their_places(void)
{
    hd_autofree struct hd_answer *a = one_guest();
    struct hd_manifest *m = &a->manifest;
    hd_autofree struct hd_plan *plan = NULL;
    struct hd_policy p = policy();
    struct hd_err err = {0};
    char label[HD_LABEL_SIZE], name[HD_NAME_SIZE], want[200];

    memset(label, 'l', sizeof(label) - 1);
    label[sizeof(label) - 1] = '\0';
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    strcpy(m->guests[0].name, name);
    strcpy(m->volumes[1].name, name);
    strcpy(m->guests[0].disks[0].name, name);
    m->volumes[1].kind = HD_VOLUME_IMAGE;
    CHECK_OK(make(a, label, &host, &p, &plan, &err), &err);
    snprintf(want, sizeof(want), "hotdom-%s-%s+raw", label, name);
    CU_ASSERT_STRING_EQUAL(plan->steps[1].u.volume.dm_name, want);
    CU_ASSERT_STRING_EQUAL(plan->steps[2].u.volume.over, want);
    snprintf(want, sizeof(want), "hotdom-%s-%s", label, name);
    CU_ASSERT_STRING_EQUAL(plan->steps[2].u.volume.dm_name, want);
    snprintf(want, sizeof(want), "%s.%s", label, name);
    CU_ASSERT_STRING_EQUAL(plan->steps[0].u.domain.name, want);
}

static const struct hd_test tests[] = {
    HD_TEST(a_guest_is_built_opened_attached_and_started_in_order),
    HD_TEST(encrypted_data_and_images_have_targets_of_their_own),
    HD_TEST(the_plan_says_which_key_volume_opens_the_others),
    HD_TEST(the_same_input_gives_the_same_bytes),
    HD_TEST(too_little_memory_refuses_and_says_how_much),
    HD_TEST(the_last_guest_gets_its_minimum_before_the_first_its_wish),
    HD_TEST(more_vcpus_than_the_host_has_are_refused_only_as_minimum),
    HD_TEST(a_role_goes_to_the_bridge_that_the_policy_names),
    HD_TEST(a_missing_bridge_refuses_a_required_nic_and_drops_another),
    HD_TEST(a_store_with_more_guests_than_allowed_is_refused),
    HD_TEST(the_longest_names_fit_their_places),
};

HD_SUITE("plan/plan", tests);
