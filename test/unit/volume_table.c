/* SPDX-License-Identifier: MIT */
/* Tests hv/run/volume_table: the text that the device-mapper gets. */
#include <string.h>

#include "../../hv/run/volume_table.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

#define MIB ((uint64_t)1 << 20)

static const struct hd_uuid store = {{0x5c, 0x0e, [15] = 0x01}};

static void plain_data_is_its_partition(void)
{
    struct hd_step_volume v = {.start = 3 * MIB, .length = 8 * MIB};
    struct hd_volume_table t;

    hd_volume_table_make(&v, &store, 8, 16, &t);
    CU_ASSERT_STRING_EQUAL(t.target, "linear");
    CU_ASSERT_EQUAL(t.sectors, 16384);
    CU_ASSERT_STRING_EQUAL(t.params, "8:16 6144");
}

static void a_ram_disk_is_all_of_what_lies_under_it(void)
{
    struct hd_step_volume v = {.length = 64 * MIB, .target = HD_TARGET_RAM};
    struct hd_volume_table t;

    hd_volume_table_make(&v, &store, 7, 3, &t);
    CU_ASSERT_STRING_EQUAL(t.target, "linear");
    CU_ASSERT_EQUAL(t.sectors, 131072);
    CU_ASSERT_STRING_EQUAL(t.params, "7:3 0");
}

static void a_hold_has_the_volume_for_its_one_path_and_queues(void)
{
    struct hd_step_volume v = {.length = 8 * MIB, .target = HD_TARGET_HOLD};
    struct hd_volume_table t;

    hd_volume_table_make(&v, &store, 253, 2, &t);
    CU_ASSERT_STRING_EQUAL(t.target, "multipath");
    CU_ASSERT_EQUAL(t.sectors, 16384);
    CU_ASSERT_STRING_EQUAL(t.params, "3 queue_if_no_path queue_mode bio 0 1 1 "
                                     "round-robin 0 1 0 253:2");
}

static void encrypted_data_begins_behind_the_header_and_names_its_key(void)
{
    struct hd_step_volume v = {
        .start = 3 * MIB,
        .length = 16 * MIB,
        .target = HD_TARGET_CRYPT,
        .luks = {.uuid = {{0xaa, [15] = 0xbb}}, .offset = 9 * MIB},
    };
    struct hd_volume_table t;

    hd_volume_table_make(&v, &store, 8, 16, &t);
    CU_ASSERT_STRING_EQUAL(t.target, "crypt");
    CU_ASSERT_EQUAL(t.sectors, 14336);
    CU_ASSERT_STRING_EQUAL(t.params,
                           "aes-xts-plain64 :64:logon:hotdom:"
                           "5c0e0000-0000-0000-0000-000000000001-"
                           "aa000000-0000-0000-0000-0000000000bb 0 8:16 24576");
}

static void discards_pass_the_encryption_only_by_the_manifests_word(void)
{
    struct hd_step_volume v = {.length = 16 * MIB,
                               .target = HD_TARGET_CRYPT,
                               .luks = {.offset = 9 * MIB}};
    struct hd_volume_table t;

    hd_volume_table_make(&v, &store, 8, 16, &t);
    CU_ASSERT_PTR_NULL(strstr(t.params, "allow_discards"));
    v.discard = 1;
    hd_volume_table_make(&v, &store, 8, 16, &t);
    CU_ASSERT_PTR_NOT_NULL(strstr(t.params, " 8:16 18432 1 allow_discards"));
}

static void an_image_is_its_data_blocks_with_the_tree_behind(void)
{
    struct hd_step_volume v = {.start = 3 * MIB,
                               .length = 8 * MIB,
                               .target = HD_TARGET_VERITY,
                               .verity = {.blocks = 2000}};
    struct hd_volume_table t;

    memset(v.verity.root, 0xcd, sizeof(v.verity.root));
    memset(v.verity.salt, 0x01, sizeof(v.verity.salt));
    hd_volume_table_make(&v, &store, 254, 3, &t);
    CU_ASSERT_STRING_EQUAL(t.target, "verity");
    CU_ASSERT_EQUAL(t.sectors, 16000);
    CU_ASSERT_STRING_EQUAL(
        t.params,
        "1 254:3 254:3 4096 4096 2000 2000 sha256 "
        "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd "
        "0101010101010101010101010101010101010101010101010101010101010101");
}

static void the_largest_numbers_fit(void)
{
    struct hd_step_volume v = {.target = HD_TARGET_VERITY,
                               .verity = {.blocks = UINT64_MAX}};
    struct hd_volume_table t;

    hd_volume_table_make(&v, &store, UINT32_MAX, UINT32_MAX, &t);
    CU_ASSERT(strlen(t.params) < sizeof(t.params) - 1);
    v.target = HD_TARGET_CRYPT;
    v.start = UINT64_MAX;
    v.discard = 1;
    hd_volume_table_make(&v, &store, UINT32_MAX, UINT32_MAX, &t);
    CU_ASSERT(strlen(t.params) < sizeof(t.params) - 1);
}

static const struct hd_test tests[] = {
    HD_TEST(plain_data_is_its_partition),
    HD_TEST(a_ram_disk_is_all_of_what_lies_under_it),
    HD_TEST(a_hold_has_the_volume_for_its_one_path_and_queues),
    HD_TEST(encrypted_data_begins_behind_the_header_and_names_its_key),
    HD_TEST(discards_pass_the_encryption_only_by_the_manifests_word),
    HD_TEST(an_image_is_its_data_blocks_with_the_tree_behind),
    HD_TEST(the_largest_numbers_fit),
};

HD_SUITE("run/volume_table", tests);
