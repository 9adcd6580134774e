/* SPDX-License-Identifier: MIT */
/* Tests hv/store/ustar. */
#include <string.h>

#include "../../hv/store/ustar.h"
#include "unit.h"

/* Puts a right checksum on a changed block, as a forger would. */
static void repair(uint8_t block[HD_USTAR_BLOCK])
{
    unsigned sum = 0;

    memset(block + 148, ' ', 8);
    for (size_t i = 0; i < HD_USTAR_BLOCK; i++)
        sum += block[i];
    snprintf((char *)block + 148, 7, "%06o", sum);
}

static void a_block_gives_its_size_back(void)
{
    static const uint64_t sizes[] = {0, 1, 511, 1 << 20, HD_USTAR_MAX};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        uint8_t block[HD_USTAR_BLOCK];
        struct hd_err err = {0};
        uint64_t size = 99;

        hd_ustar_make("desk/vmlinux.zst", sizes[i], block);
        CHECK_OK(hd_ustar_expect(block, "desk/vmlinux.zst", &size, &err), &err);
        CU_ASSERT_EQUAL(size, sizes[i]);
    }
}

static void any_other_name_is_refused(void)
{
    static const char *const names[] = {"desk/vmlinux", "desk/vmlinux.zst/",
                                        "../desk/vmlinux.zst",
                                        "/desk/vmlinux.zst", ""};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        uint8_t block[HD_USTAR_BLOCK];
        struct hd_err err = {0};
        uint64_t size;

        hd_ustar_make(names[i], 1, block);
        CHECK_FAILS(hd_ustar_expect(block, "desk/vmlinux.zst", &size, &err),
                    &err, HD_E_BAD_HEADER,
                    "desk/vmlinux.zst is not where it must be");
    }
}

static void links_devices_and_extensions_are_refused(void)
{
    static const char types[] = "\0001234567xgLKSDMNV";

    for (size_t i = 0; i < sizeof(types) - 1; i++) {
        uint8_t block[HD_USTAR_BLOCK];
        struct hd_err err = {0};
        uint64_t size;

        hd_ustar_make("a", 1, block);
        block[156] = (uint8_t)types[i];
        repair(block);
        CHECK_FAILS(hd_ustar_expect(block, "a", &size, &err), &err,
                    HD_E_BAD_HEADER, "a is not where it must be");
    }
}

/* Base-256 sizes, signs, blanks, digits that are none. */
static void sizes_in_any_other_form_are_refused(void)
{
    static const char forms[][12] = {
        {'\x80', 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
        {'\xff', '\xff', '\xff', '\xff', '\xff', '\xff', '\xff', '\xff'},
        "          1",
        "-0000000001",
        "0000000001",
        "00000000008",
        "0000000000A",
    };

    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
        uint8_t block[HD_USTAR_BLOCK];
        struct hd_err err = {0};
        uint64_t size;

        hd_ustar_make("a", 1, block);
        memcpy(block + 124, forms[i], 11);
        repair(block);
        CHECK_FAILS(hd_ustar_expect(block, "a", &size, &err), &err,
                    HD_E_BAD_HEADER, "a is not where it must be");
    }
}

static void any_changed_byte_of_a_block_is_refused(void)
{
    for (size_t at = 0; at < HD_USTAR_BLOCK; at++) {
        uint8_t block[HD_USTAR_BLOCK];
        struct hd_err err = {0};
        uint64_t size;

        hd_ustar_make("a", 1, block);
        block[at] ^= 1;
        CU_ASSERT_EQUAL(hd_ustar_expect(block, "a", &size, &err), -1);
        /* A size of other digits is another size, with a right checksum. */
        if (at >= 124 && at < 135)
            continue;
        repair(block);
        if (at < 148 || at > 155)
            CU_ASSERT_EQUAL(hd_ustar_expect(block, "a", &size, &err), -1);
    }
}

static const struct hd_test tests[] = {
    HD_TEST(a_block_gives_its_size_back),
    HD_TEST(any_other_name_is_refused),
    HD_TEST(links_devices_and_extensions_are_refused),
    HD_TEST(sizes_in_any_other_form_are_refused),
    HD_TEST(any_changed_byte_of_a_block_is_refused),
};

HD_SUITE("store/ustar", tests);
