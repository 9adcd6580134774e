/* SPDX-License-Identifier: MIT */
/* Tests hv/store/uuid. */
#include <string.h>

#include "../../pv-drivers/base/uuid.h"
#include "unit.h"

static void a_uuid_reads_back_as_it_was_written(void)
{
    struct hd_err err = {0};
    struct hd_uuid a, b;
    char text[HD_UUID_SIZE];

    CHECK_OK(hd_uuid_make(&a, &err), &err);
    hd_uuid_format(&a, text);
    CU_ASSERT_EQUAL(strlen(text), 36);
    CU_ASSERT_EQUAL(text[14], '4');
    CU_ASSERT_PTR_NOT_NULL(strchr("89ab", text[19]));
    CHECK_OK(hd_uuid_parse(text, &b, &err), &err);
    CU_ASSERT_TRUE(hd_uuid_equal(&a, &b));
    CU_ASSERT_FALSE(hd_uuid_is_zero(&a));
}

static void two_made_uuids_differ(void)
{
    struct hd_err err = {0};
    struct hd_uuid a, b;

    CHECK_OK(hd_uuid_make(&a, &err), &err);
    CHECK_OK(hd_uuid_make(&b, &err), &err);
    CU_ASSERT_FALSE(hd_uuid_equal(&a, &b));
}

static void other_forms_of_a_uuid_are_refused(void)
{
    static const char *const bad[] = {
        "",
        "00112233",
        "00112233445566778899aabbccddeeff",
        "{00112233-4455-6677-8899-aabbccddeeff}",
        "00112233-4455-6677-8899-aabbccddeefg",
        "00112233-4455-6677-8899-aabbccddeef ",
        "001122334455-6677-8899-aabbccddeeff-",
        "00112233-4455-6677-8899-aabbccddeeff0",
    };
    struct hd_uuid u;

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct hd_err err = {0};

        CHECK_FAILS(hd_uuid_parse(bad[i], &u, &err), &err, HD_E_USAGE, "UUID");
    }
}

static const struct hd_test tests[] = {
    HD_TEST(a_uuid_reads_back_as_it_was_written),
    HD_TEST(two_made_uuids_differ),
    HD_TEST(other_forms_of_a_uuid_are_refused),
};

HD_SUITE("store/uuid", tests);
