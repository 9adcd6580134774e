/* SPDX-License-Identifier: MIT */
/* Tests what the program says of policies, of plans where there is no Xen, and
 * of -N. */
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../pv-drivers/base/paths.h"
#include "../../hv/host/dom0.h"
#include "../../hv/store/reader.h"
#include "unit.h"

/* Runs the program that was built beside the reader; gives its exit status. */
static int run(const char *arguments, char ret[4096])
{
    char reader[PATH_MAX], command[PATH_MAX + 256];
    FILE *out;
    size_t n;
    int status;

    hd_beside(HD_READER, reader);
    snprintf(command, sizeof(command), "%s/hotdom %s 2>&1", dirname(reader),
             arguments);
    out = popen(command, "r");
    n = fread(ret, 1, 4095, out);
    ret[n] = '\0';
    status = pclose(out);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* `hotdom policy check` of this text. */
static int check(const char *text, char ret[4096])
{
    char path[] = "/tmp/hd-unit-XXXXXX", arguments[64];
    int fd = mkstemp(path), status;

    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    snprintf(arguments, sizeof(arguments), "policy check %s", path);
    status = run(arguments, ret);
    unlink(path);
    return status;
}

static void a_good_policy_is_ok_with_a_summary(void)
{
    char out[4096];

    CU_ASSERT_EQUAL(check("activation: ask\n", out), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "ok: 0 signers, 0 networks"));
}

static void what_this_host_has_not_is_a_warning(void)
{
    char out[4096];

    CU_ASSERT_EQUAL(check("signers: [{name: nobody-here, activation: auto}]\n"
                          "networks: [{role: lan, bridge: hdnone9}]\n",
                          out),
                    0);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(out, "warning: signer nobody-here is not trusted here"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(out, "warning: this host has no bridge hdnone9, for role lan"));
}

static void a_bad_policy_is_refused_with_line_and_column(void)
{
    char out[4096];

    CU_ASSERT_EQUAL(check("activation: ask\nactivatoin: ask\n", out), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "line 2"));
    CU_ASSERT_PTR_NULL(strstr(out, "ok:"));
}

static void a_file_that_is_not_there_is_no_empty_policy(void)
{
    char out[4096];

    CU_ASSERT_EQUAL(run("policy check /nonexistent/policy", out), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "cannot read /nonexistent/policy"));
}

static void odd_arguments_are_usage_errors(void)
{
    static const char *const odd[] = {"policy",
                                      "policy load",
                                      "policy check -x",
                                      "policy check a b",
                                      "plan",
                                      "plan a b",
                                      "plan --user",
                                      "explain",
                                      "explain x y z --in i",
                                      "explain x --in",
                                      "plan --xyz a",
                                      "-N",
                                      "-N list",
                                      "-N eject a",
                                      "-N attach",
                                      "--dry-run no",
                                      "eject a b",
                                      "eject --all a",
                                      "eject --within 5 a",
                                      "eject --all --within 0",
                                      "eject --all --within 9x",
                                      "doctor a",
                                      "doctor --xyz"};
    char out[4096];

    for (size_t i = 0; i < HD_ARRAY_LEN(odd); i++)
        CU_ASSERT_EQUAL(run(odd[i], out), 2);
}

static void a_plan_says_that_it_needs_xen(void)
{
    struct hd_err err = {0};
    char out[4096];

    if (!hd_dom0_check(&err))
        return; /* here it runs: the bed's test */
    CU_ASSERT_EQUAL(run("plan /dev/null", out), 6);
    CU_ASSERT_EQUAL(run("explain desk --in /dev/null", out), 6);
    CU_ASSERT_EQUAL(run("-N attach /dev/null", out), 6);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "does not run Xen"));
}

static const struct hd_test tests[] = {
    HD_TEST(a_good_policy_is_ok_with_a_summary),
    HD_TEST(what_this_host_has_not_is_a_warning),
    HD_TEST(a_bad_policy_is_refused_with_line_and_column),
    HD_TEST(a_file_that_is_not_there_is_no_empty_policy),
    HD_TEST(odd_arguments_are_usage_errors),
    HD_TEST(a_plan_says_that_it_needs_xen),
};

HD_SUITE("cli/policy", tests);
