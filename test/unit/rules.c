/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/rules: which policy counts after files good and bad. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../hv/daemon/rules.h"
#include "../../pv-drivers/base/io.h"
#include "unit.h"

static int load(struct hd_rules *rules, const char *text, struct hd_err *err)
{
    char path[] = "/tmp/hd-rules-XXXXXX";
    int rc;

    close(mkstemp(path));
    rc = hd_io_write_file(path, text, strlen(text), 0644, err) ||
         hd_rules_load(rules, path, err);
    unlink(path);
    return rc ? -1 : 0;
}

static void a_bad_policy_at_the_start_allows_nothing_until_it_is_mended(void)
{
    struct hd_rules rules = {0};
    struct hd_err err = {0}, why = {0};

    CHECK_FAILS(load(&rules, "activation: maybe\n", &err), &err, HD_E_FAILED,
                "line 1, column 13: activation: \"maybe\"");
    CU_ASSERT_PTR_NULL(hd_rules_policy(&rules, &why));
    CU_ASSERT_EQUAL(why.code, HD_E_FAILED);
    CU_ASSERT_STRING_EQUAL(why.msg, err.msg);
    CHECK_FAILS(load(&rules, "stores: 3\n", &err), &err, HD_E_FAILED,
                "line 1, column 1: unknown key");
    CU_ASSERT_PTR_NULL(hd_rules_policy(&rules, &why));
    CU_ASSERT_STRING_EQUAL(why.msg, err.msg);
    CHECK_OK(load(&rules, "activation: auto\n", &err), &err);
    CU_ASSERT_EQUAL(hd_rules_policy(&rules, &why)->activation,
                    HD_ACTIVATION_AUTO);
}

static void a_bad_policy_leaves_the_old_one_as_it_was(void)
{
    struct hd_rules rules = {0};
    struct hd_err err = {0};
    struct hd_policy old;

    CHECK_OK(load(&rules, "denied: [usb]\nlimits: {stores: 3}\n", &err), &err);
    old = rules.policy;
    CHECK_FAILS(load(&rules, "denied: [pci]\nlimits: {stores: 0}\n", &err),
                &err, HD_E_FAILED, "line 2, column 18");
    CU_ASSERT_PTR_EQUAL(hd_rules_policy(&rules, &err), &rules.policy);
    CU_ASSERT_EQUAL(memcmp(&old, &rules.policy, sizeof(old)), 0);
    CHECK_OK(load(&rules, "denied: [pci]\n", &err), &err);
    CU_ASSERT_TRUE(hd_policy_denies(&rules.policy, HD_CLASS_PCI));
    CU_ASSERT_FALSE(hd_policy_denies(&rules.policy, HD_CLASS_USB));
}

static void no_file_is_the_default_policy(void)
{
    struct hd_rules rules = {0};
    struct hd_err err = {0};

    CHECK_OK(hd_rules_load(&rules, "/nonexistent/hotdom.yaml", &err), &err);
    CU_ASSERT_EQUAL(hd_rules_policy(&rules, &err)->activation,
                    HD_ACTIVATION_ASK);
}

static const struct hd_test tests[] = {
    HD_TEST(a_bad_policy_at_the_start_allows_nothing_until_it_is_mended),
    HD_TEST(a_bad_policy_leaves_the_old_one_as_it_was),
    HD_TEST(no_file_is_the_default_policy),
};

HD_SUITE("daemon/rules", tests);
