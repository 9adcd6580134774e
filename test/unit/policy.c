/* SPDX-License-Identifier: MIT */
/* Tests hv/host/policy: what a host says, and what it means to say nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../hv/host/policy.h"
#include "../../pv-drivers/base/io.h"
#include "unit.h"

/* Loads `text` as the policy. */
static int load(const char *text, struct hd_policy *p, struct hd_err *err)
{
    char path[] = "/tmp/hd-policy-XXXXXX";
    int failed;

    close(mkstemp(path));
    failed = hd_io_write_file(path, text, strlen(text), 0644, err) ||
             hd_policy_load(path, p, err);
    unlink(path);
    return failed ? -1 : 0;
}

static void no_file_means_ask_and_no_limit_of_memory(void)
{
    struct hd_policy p;
    struct hd_err err = {0};

    CHECK_OK(hd_policy_load("/nonexistent/hotdom.yaml", &p, &err), &err);
    CU_ASSERT_EQUAL(hd_policy_activation(&p, "anyone", "any"),
                    HD_ACTIVATION_ASK);
    CU_ASSERT_EQUAL(p.limits.memory, 0);
    CU_ASSERT_EQUAL(p.limits.guests, HD_MAX_GUESTS);
    CU_ASSERT_EQUAL(p.limits.stores, 64);
    CU_ASSERT_EQUAL(p.limits.cache, 256 << 20);
    CU_ASSERT_PTR_NULL(hd_policy_bridge(&p, "internet"));
}

static void the_entry_of_a_signer_beats_the_default(void)
{
    struct hd_policy p;
    struct hd_err err = {0};

    CHECK_OK(load("activation: deny\n"
                  "signers:\n"
                  "  - {name: lab, activation: auto}\n",
                  &p, &err),
             &err);
    CU_ASSERT_EQUAL(hd_policy_activation(&p, "lab", "any"), HD_ACTIVATION_AUTO);
    CU_ASSERT_EQUAL(hd_policy_activation(&p, "lab2", "any"),
                    HD_ACTIVATION_DENY);
}

static void a_role_is_joined_to_its_bridge(void)
{
    struct hd_policy p;
    struct hd_err err = {0};

    CHECK_OK(load("networks: [{role: internet, bridge: brLAN}]\n"
                  "limits: {memory: 2G, vcpus: 3, cache: 0}\n",
                  &p, &err),
             &err);
    CU_ASSERT_STRING_EQUAL(hd_policy_bridge(&p, "internet"), "brLAN");
    CU_ASSERT_EQUAL(p.limits.memory, (uint64_t)2 << 30);
    CU_ASSERT_EQUAL(p.limits.vcpus, 3);
    CU_ASSERT_EQUAL(p.limits.cache, 0);
}

static void a_mistake_is_named_with_file_line_and_column(void)
{
    struct hd_policy p;
    struct hd_err err = {0};

    CHECK_FAILS(load("activation: maybe\n", &p, &err), &err, HD_E_FAILED,
                "line 1, column 13");
    CHECK_FAILS(load("activation: ask\nautostart: yes\n", &p, &err), &err,
                HD_E_FAILED, "line 2, column 1");
    CU_ASSERT_PTR_NOT_NULL(strstr(err.msg, "/tmp/hd-policy-"));
}

static void a_kdf_within_the_limits_is_allowed_and_one_above_is_not(void)
{
    struct hd_luks_facts facts = {
        .memory_kib = 1 << 20, .time = 16, .lanes = 4};
    struct hd_policy p;
    struct hd_err err = {0};

    CHECK_OK(load("activation: ask\n", &p, &err), &err);
    CHECK_OK(hd_policy_check_kdf(&p, &facts, &err), &err);
    facts.memory_kib = (1 << 20) + 1;
    CHECK_FAILS(hd_policy_check_kdf(&p, &facts, &err), &err, HD_E_LIMIT,
                "take 1025 MiB of memory to check and the policy allows 1024 "
                "MiB; raise limits.kdf_memory");
    facts.memory_kib = 1 << 20;
    facts.time = 17;
    CHECK_FAILS(hd_policy_check_kdf(&p, &facts, &err), &err, HD_E_LIMIT,
                "take 17 passes to check and the policy allows 16; raise "
                "limits.kdf_time");
}

static void a_file_that_cannot_be_read_is_no_policy(void)
{
    struct hd_policy p;
    struct hd_err err = {0};

    CHECK_FAILS(hd_policy_load("/", &p, &err), &err, HD_E_IO, "/");
}

static void a_host_may_allow_more_of_the_kdf_or_less(void)
{
    struct hd_luks_facts facts = {.memory_kib = 64 << 10, .time = 4};
    struct hd_policy p;
    struct hd_err err = {0};

    CHECK_OK(load("limits: {kdf_memory: 2G, kdf_time: 64}\n", &p, &err), &err);
    CHECK_OK(hd_policy_check_kdf(&p, &facts, &err), &err);
    CHECK_OK(load("limits: {kdf_memory: 32M, kdf_time: 64}\n", &p, &err), &err);
    CHECK_FAILS(hd_policy_check_kdf(&p, &facts, &err), &err, HD_E_LIMIT,
                "allows 32 MiB");
    CHECK_FAILS(load("limits: {kdf_memory: 3G}\n", &p, &err), &err, HD_E_FAILED,
                "line 1");
}

static const struct hd_test tests[] = {
    HD_TEST(no_file_means_ask_and_no_limit_of_memory),
    HD_TEST(the_entry_of_a_signer_beats_the_default),
    HD_TEST(a_role_is_joined_to_its_bridge),
    HD_TEST(a_kdf_within_the_limits_is_allowed_and_one_above_is_not),
    HD_TEST(a_file_that_cannot_be_read_is_no_policy),
    HD_TEST(a_host_may_allow_more_of_the_kdf_or_less),
    HD_TEST(a_mistake_is_named_with_file_line_and_column),
};

HD_SUITE("host/policy", tests);
