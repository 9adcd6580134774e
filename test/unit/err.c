/* SPDX-License-Identifier: MIT */
/* Tests pv-drivers/base/err. */
#include <string.h>

#include "unit.h"

static void a_wrapped_error_keeps_its_code_and_names_the_context(void)
{
    struct hd_err err = {0};

    CU_ASSERT_EQUAL(hd_fail(&err, HD_E_NO_NETWORK, "no bridge %s", "br0"), -1);
    CU_ASSERT_EQUAL(hd_wrap(&err, "attach nic %d", 2), -1);
    CU_ASSERT_EQUAL(err.code, HD_E_NO_NETWORK);
    CU_ASSERT_STRING_EQUAL(err.msg, "attach nic 2: no bridge br0");
}

static void an_errno_is_kept_and_spelled_out(void)
{
    struct hd_err err = {0};

    errno = ENOENT;
    hd_fail_errno(&err, HD_E_IO, "cannot open %s", "x");
    CU_ASSERT_EQUAL(err.sys, ENOENT);
    CU_ASSERT_STRING_EQUAL(err.msg, "cannot open x: No such file or directory");
}

static void a_message_of_any_length_is_cut_not_overrun(void)
{
    struct hd_err err = {0};
    char text[2000];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    hd_fail(&err, HD_E_FAILED, "%s", text);
    hd_wrap(&err, "%s", text);
    CU_ASSERT_EQUAL(strlen(err.msg), sizeof(err.msg) - 1);
}

static void every_code_has_a_reason_a_status_and_a_remedy(void)
{
    for (int i = 1; i < HD_CODE_COUNT; i++) {
        CU_ASSERT_EQUAL(hd_err_code(hd_err_reason(i)), i);
        CU_ASSERT_TRUE(hd_err_status(i) >= 1 && hd_err_status(i) <= 6);
        CU_ASSERT_TRUE(strlen(hd_err_remedy(i)) > 0);
    }
    CU_ASSERT_EQUAL(hd_err_status(12345), 1);
}

static const struct hd_test tests[] = {
    HD_TEST(a_wrapped_error_keeps_its_code_and_names_the_context),
    HD_TEST(an_errno_is_kept_and_spelled_out),
    HD_TEST(a_message_of_any_length_is_cut_not_overrun),
    HD_TEST(every_code_has_a_reason_a_status_and_a_remedy),
};

HD_SUITE("base/err", tests);
