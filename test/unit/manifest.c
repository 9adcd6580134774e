/* SPDX-License-Identifier: MIT */
/* Tests hv/store/manifest with test/golden/manifest: of pass-NAME.yaml the
 * .expect file has the form it is written back in, of fail-NAME.yaml the
 * message.  A NAME that begins with "signed" is the form on a store. */
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "../../hv/store/manifest.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

#define GOLDEN "test/golden/manifest/"

/* What hotdom makes of the file: its text again, or the message. */
static char *answer_to(const char *path, int *ret_rc)
{
    unsigned which = strstr(path, "-signed") ? HD_F_SIGNED : HD_F_SOURCE;
    hd_autofree struct hd_manifest *m = NULL;
    hd_autofree char *text = NULL;
    char *answer = NULL;
    struct hd_err err = {0};
    size_t len;

    CHECK_OK(hd_io_read_file(path, HD_MANIFEST_BYTES, &text, &len, &err), &err);
    *ret_rc = hd_manifest_parse(text, len, which, &m, &err);
    if (!*ret_rc)
        CHECK_OK(
            hd_yaml_write(&hd_manifest_table, which, m, &answer, &len, &err),
            &err);
    else
        CU_ASSERT_EQUAL(err.code, HD_E_BAD_MANIFEST);
    if (*ret_rc && asprintf(&answer, "%s\n", err.msg) < 0)
        answer = NULL;
    CU_ASSERT_PTR_NOT_NULL_FATAL(answer);
    return answer;
}

static void compare(const char *path, int want_rc)
{
    hd_autofree char *expected = NULL, *answer = NULL;
    char expect[256];
    struct hd_err err = {0};
    int rc;

    snprintf(expect, sizeof(expect), "%.*s.expect", (int)(strlen(path) - 5),
             path);
    CHECK_OK(hd_io_read_file(expect, 1 << 16, &expected, NULL, &err), &err);
    answer = answer_to(path, &rc);
    CU_ASSERT_EQUAL(rc, want_rc);
    if (!expected || strcmp(expected, answer)) {
        printf("\n    %s: got\n%s", path, answer);
        CU_FAIL("not as expected");
    }
}

static void compare_all(const char *pattern, int want_rc, size_t at_least)
{
    glob_t g = {0};

    CU_ASSERT_EQUAL(glob(pattern, 0, NULL, &g), 0);
    CU_ASSERT_TRUE(g.gl_pathc >= at_least);
    for (size_t i = 0; i < g.gl_pathc; i++)
        compare(g.gl_pathv[i], want_rc);
    globfree(&g);
}

static void good_manifests_are_read_and_written_back(void)
{
    compare_all(GOLDEN "pass-*.yaml", 0, 7);
}

static void bad_manifests_are_refused_with_the_place(void)
{
    compare_all(GOLDEN "fail-*.yaml", -1, 120);
}

static void the_example_manifest_is_good(void)
{
    hd_autofree struct hd_manifest *m = NULL;
    hd_autofree char *text = NULL;
    struct hd_err err = {0};
    size_t len;

    CHECK_OK(hd_io_read_file("config/example.yaml", 65536, &text, &len, &err),
             &err);
    CHECK_OK(hd_manifest_parse(text, len, HD_F_SOURCE, &m, &err), &err);
}

static void a_manifest_over_its_bound_is_not_read(void)
{
    hd_autofree char *text = calloc(1, HD_MANIFEST_BYTES + 1);
    hd_autofree struct hd_manifest *m = NULL;
    struct hd_err err = {0};

    memset(text, '#', HD_MANIFEST_BYTES + 1);
    CHECK_FAILS(
        hd_manifest_parse(text, HD_MANIFEST_BYTES + 1, HD_F_SOURCE, &m, &err),
        &err, HD_E_BAD_MANIFEST, "larger than 1048576 bytes");
    CHECK_FAILS(
        hd_manifest_parse(text, HD_MANIFEST_BYTES, HD_F_SOURCE, &m, &err), &err,
        HD_E_BAD_MANIFEST, "a document expected");
}

/* The largest counts that the format allows, and one more. */
static void a_store_has_no_more_than_127_volumes(void)
{
    for (int n = HD_MAX_VOLUMES; n <= HD_MAX_VOLUMES + 1; n++) {
        hd_autofree char *text = malloc(1 << 16);
        hd_autofree struct hd_manifest *m = NULL;
        struct hd_err err = {0};
        int len = sprintf(text, "hotdom: 1\nstore: {name: a}\n"
                                "guests: [{name: a, kernel: b}]\nvolumes:\n");

        for (int i = 0; i < n; i++)
            len += sprintf(text + len,
                           "- {name: v%d, encryption: none, size: 1M}\n", i);
        if (n == HD_MAX_VOLUMES)
            CHECK_OK(
                hd_manifest_parse(text, (size_t)len, HD_F_SOURCE, &m, &err),
                &err);
        else
            CHECK_FAILS(
                hd_manifest_parse(text, (size_t)len, HD_F_SOURCE, &m, &err),
                &err, HD_E_BAD_MANIFEST,
                "line 132, column 3: volumes: more than 127");
    }
}

/* What is wrong with `m` when it did not come as text. */
static void refuse_struct(const struct hd_manifest *m, const char *words)
{
    struct hd_err err = {0};

    CHECK_FAILS(hd_manifest_check(m, HD_F_SOURCE, &err), &err,
                HD_E_BAD_MANIFEST, words);
}

static void wishes_and_settings_from_elsewhere_are_checked_like_text(void)
{
    hd_autofree struct hd_manifest *good = NULL, *m = malloc(sizeof(*m));
    hd_autofree char *text = NULL;
    struct hd_err err = {0};
    size_t len;

    CHECK_OK(
        hd_io_read_file(GOLDEN "pass-wishes.yaml", 65536, &text, &len, &err),
        &err);
    CHECK_OK(hd_manifest_parse(text, len, HD_F_SOURCE, &good, &err), &err);
#define REFUSE(change, words)                                                  \
    do {                                                                       \
        *m = *good;                                                            \
        change;                                                                \
        refuse_struct(m, words);                                               \
    } while (0)
    REFUSE(m->guests[0].wishes[0].class = HD_CLASS_FILES + 1,
           "guest 1: wish 1: class: no such value");
    REFUSE(m->guests[0].wishes[0].class = HD_CLASS_NET,
           "net is no wish; write it as the guest's nics");
    REFUSE(m->guests[0].wishes[0].level = 3, "wish 1: level: no such value");
    REFUSE(m->guests[0].wishes[0].size = 1, "wish 1: size: 1 is out of range");
    REFUSE(m->guests[0].wishes[0].size = 0, "\"xvdb\" has no size");
    REFUSE(strcpy(m->guests[0].wishes[6].role, "a b"), "wish 7: role: ");
    REFUSE(m->guests[0].n_wishes = HD_MAX_WISHES + 1, "wishes: 17 of them");
    REFUSE(m->users[0].settings.n_guests = HD_MAX_GUESTS + 1,
           "user 1: guests: 65 of them");
    REFUSE(strcpy(m->users[0].settings.guests[1].name, "desk"),
           "guest \"desk\" stands twice");
    REFUSE(memset(m->users[0].settings.locale, 'a', 32),
           "locale: the text does not end");
    REFUSE(strcpy(m->users[0].settings.time_zone, "/UTC"),
           "time_zone \"/UTC\" is not one like Europe/Berlin");
    REFUSE(m->users[0].settings.width = 1, "width: 1 is out of range");
#undef REFUSE
}

static const struct hd_test tests[] = {
    HD_TEST(wishes_and_settings_from_elsewhere_are_checked_like_text),
    HD_TEST(good_manifests_are_read_and_written_back),
    HD_TEST(bad_manifests_are_refused_with_the_place),
    HD_TEST(the_example_manifest_is_good),
    HD_TEST(a_manifest_over_its_bound_is_not_read),
    HD_TEST(a_store_has_no_more_than_127_volumes),
};

HD_SUITE("store/manifest", tests);
