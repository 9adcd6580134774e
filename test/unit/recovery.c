/* SPDX-License-Identifier: MIT */
/* Tests hv/volume/recovery: a key on paper is typed in many ways. */
#include <string.h>

#include "../../hv/volume/recovery.h"
#include "unit.h"

static const char printed[] = "cbdefghi-jklnrtuv-cbdefghi-jklnrtuv-"
                              "vvvvvvvv-cccccccc-bbbbbbbb-uuuuuuuu";

static struct hd_secret *secret(const char *text)
{
    struct hd_secret *s = hd_secret_new(512);

    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    s->len = strlen(text);
    memcpy(s->data, text, s->len);
    return s;
}

/* What becomes of `typed`. */
static void check(const char *typed, const char *want)
{
    hd_auto(hd_secret) in = secret(typed);
    hd_auto(hd_secret) out = NULL;
    struct hd_err err = {0};

    CHECK_OK(hd_recovery_normal(in, &out, &err), &err);
    CU_ASSERT_EQUAL(out->len, strlen(want));
    CU_ASSERT_EQUAL(memcmp(out->data, want, out->len), 0);
    CU_ASSERT_EQUAL(hd_recovery_is_key(in), want == printed);
}

static void a_key_as_it_was_printed_stays_so(void)
{
    check(printed, printed);
}

static void dashes_and_blanks_may_be_left_out_or_be_elsewhere(void)
{
    check("cbdefghijklnrtuvcbdefghijklnrtuvvvvvvvvvccccccccbbbbbbbbuuuuuuuu",
          printed);
    check(" cbde-fghi jklnrtuv cbdefghi jklnrtuv vvvvvvvv cccccccc bbbbbbbb "
          "uuuuuuuu-",
          printed);
}

static void upper_case_is_the_same_key(void)
{
    check("CBDEFGHI-JKLNRTUV-cbdefghi-jklnrtuv-VVVVVVVV-CCCCCCCC-BBBBBBBB-"
          "UUUUUUUU",
          printed);
}

static void what_is_no_key_stays_as_it_was_typed(void)
{
    static const char *const texts[] = {
        "correct horse",
        "Cbde-",
        "",
        "abdefghi-jklnrtuv-cbdefghi-jklnrtuv-vvvvvvvv-cccccccc-bbbbbbbb-"
        "uuuuuuuu", /* an "a" */
        "cbdefghi-jklnrtuv-cbdefghi-jklnrtuv-vvvvvvvv-cccccccc-bbbbbbbb-"
        "uuuuuuu", /* one less */
        "cbdefghi-jklnrtuv-cbdefghi-jklnrtuv-vvvvvvvv-cccccccc-bbbbbbbb-"
        "uuuuuuuuc", /* one more */
    };

    for (size_t i = 0; i < HD_ARRAY_LEN(texts); i++)
        check(texts[i], texts[i]);
}

static const struct hd_test tests[] = {
    HD_TEST(a_key_as_it_was_printed_stays_so),
    HD_TEST(dashes_and_blanks_may_be_left_out_or_be_elsewhere),
    HD_TEST(upper_case_is_the_same_key),
    HD_TEST(what_is_no_key_stays_as_it_was_typed),
};

HD_SUITE("volume/recovery", tests);
