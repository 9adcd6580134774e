/* SPDX-License-Identifier: MIT */
/* Tests hv/host/trust in a folder of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../hv/host/trust.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

static const char *const text_a =
    "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
static const char *const text_b =
    "ed25519:PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw";

struct room {
    char dir[40];
    struct hd_signer a, b;
};

static void enter(struct room *r)
{
    struct hd_err err = {0};

    strcpy(r->dir, "/tmp/hd-trust-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(r->dir));
    CHECK_OK(hd_signer_parse(text_a, &r->a, &err), &err);
    CHECK_OK(hd_signer_parse(text_b, &r->b, &err), &err);
}

static void leave(struct room *r)
{
    char cmd[64];

    snprintf(cmd, sizeof(cmd), "rm -rf %s", r->dir);
    CU_ASSERT_EQUAL(system(cmd), 0);
}

static void an_added_signer_is_listed_until_it_is_removed(void)
{
    struct room r;
    struct hd_err err = {0};
    hd_autofree struct hd_trusted *list = NULL, *rest = NULL;
    size_t n = 9;

    enter(&r);
    CHECK_OK(hd_trust_add(r.dir, "zoe", &r.a, &err), &err);
    CHECK_OK(hd_trust_add(r.dir, "amy", &r.b, &err), &err);
    CHECK_OK(hd_trust_list(r.dir, &list, &n, NULL, &err), &err);
    CU_ASSERT_EQUAL_FATAL(n, 2);
    CU_ASSERT_STRING_EQUAL(list[0].name, "amy");
    CU_ASSERT_EQUAL(memcmp(&list[0].signer, &r.b, sizeof(r.b)), 0);
    CHECK_OK(hd_trust_rm(r.dir, "amy", &err), &err);
    CHECK_FAILS(hd_trust_rm(r.dir, "amy", &err), &err, HD_E_FAILED,
                "no signer amy is trusted");
    CHECK_OK(hd_trust_list(r.dir, &rest, &n, NULL, &err), &err);
    CU_ASSERT_EQUAL(n, 1);
    leave(&r);
}

static void neither_a_name_nor_a_key_is_taken_twice(void)
{
    struct room r;
    struct hd_err err = {0};

    enter(&r);
    CHECK_OK(hd_trust_add(r.dir, "amy", &r.a, &err), &err);
    CHECK_FAILS(hd_trust_add(r.dir, "amy", &r.b, &err), &err, HD_E_EXISTS,
                "hotdom trust rm amy");
    CHECK_FAILS(hd_trust_add(r.dir, "bob", &r.a, &err), &err, HD_E_EXISTS,
                "already, as amy");
    leave(&r);
}

static void a_name_cannot_leave_the_folder(void)
{
    static const char *const bad[] = {
        "", "../x", "a/b", ".x", "A", "x y", "123456789012345678901234567890"};
    struct room r;
    struct hd_err err = {0};

    enter(&r);
    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++) {
        CHECK_FAILS(hd_trust_add(r.dir, bad[i], &r.a, &err), &err, HD_E_USAGE,
                    "signer's name");
        CHECK_FAILS(hd_trust_rm(r.dir, bad[i], &err), &err, HD_E_USAGE,
                    "signer's name");
    }
    leave(&r);
}

static void a_file_that_others_may_write_is_left_out_and_named(void)
{
    struct room r;
    struct hd_err err = {0};
    hd_autofree struct hd_trusted *list = NULL;
    hd_autofree char *skipped = NULL;
    char path[80];
    size_t n;

    enter(&r);
    CHECK_OK(hd_trust_add(r.dir, "amy", &r.a, &err), &err);
    CHECK_OK(hd_trust_add(r.dir, "bob", &r.b, &err), &err);
    snprintf(path, sizeof(path), "%s/bob.pub", r.dir);
    CU_ASSERT_EQUAL(chmod(path, 0664), 0);
    snprintf(path, sizeof(path), "%s/link.pub", r.dir);
    CU_ASSERT_EQUAL(symlink("amy.pub", path), 0);
    snprintf(path, sizeof(path), "%s/junk.pub", r.dir);
    CHECK_OK(hd_io_write_file(path, "junk", 4, 0644, &err), &err);
    CHECK_OK(hd_trust_list(r.dir, &list, &n, &skipped, &err), &err);
    CU_ASSERT_EQUAL(n, 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(skipped);
    CU_ASSERT_PTR_NOT_NULL(strstr(skipped, "bob.pub"));
    CU_ASSERT_PTR_NOT_NULL(strstr(skipped, "link.pub"));
    CU_ASSERT_PTR_NOT_NULL(strstr(skipped, "junk.pub"));
    leave(&r);
}

static void a_folder_that_cannot_be_used_is_named(void)
{
    hd_autofree struct hd_trusted *list = NULL;
    struct hd_err err = {0};
    struct room r;
    char path[80];
    size_t n;

    enter(&r);
    snprintf(path, sizeof(path), "%s/a.pub", r.dir);
    CU_ASSERT_EQUAL(mkdir(path, 0755), 0);
    CHECK_FAILS(hd_trust_rm(r.dir, "a", &err), &err, HD_E_IO, "cannot remove");
    snprintf(path, sizeof(path), "%s/file", r.dir);
    CHECK_OK(hd_io_write_file(path, "x", 1, 0644, &err), &err);
    CHECK_FAILS(hd_trust_list(path, &list, &n, NULL, &err), &err, HD_E_IO,
                "cannot open");
    snprintf(path, sizeof(path), "%s/no/folder", r.dir);
    CHECK_FAILS(hd_trust_add(path, "a", &r.a, &err), &err, HD_E_IO,
                "cannot create");
    leave(&r);
}

static void a_host_without_the_folder_trusts_no_one(void)
{
    struct hd_err err = {0};
    hd_autofree struct hd_trusted *list = NULL;
    size_t n = 9;

    CHECK_OK(hd_trust_list("/nonexistent/trusted.d", &list, &n, NULL, &err),
             &err);
    CU_ASSERT_EQUAL(n, 0);
}

static const struct hd_test tests[] = {
    HD_TEST(an_added_signer_is_listed_until_it_is_removed),
    HD_TEST(neither_a_name_nor_a_key_is_taken_twice),
    HD_TEST(a_name_cannot_leave_the_folder),
    HD_TEST(a_file_that_others_may_write_is_left_out_and_named),
    HD_TEST(a_folder_that_cannot_be_used_is_named),
    HD_TEST(a_host_without_the_folder_trusts_no_one),
};

HD_SUITE("host/trust", tests);
