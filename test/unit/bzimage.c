/* SPDX-License-Identifier: MIT */
/* Tests hv/store/bzimage with small images made here. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "../../hv/store/bzimage.h"
#include "../../pv-drivers/base/mem.h"
#include "store_kit.h"
#include "unit.h"

#define PAYLOAD_AT 1024 /* one sector of setup code, one of boot code */

/* A bzImage around a payload, as Linux' x86 boot protocol 2.08 says. */
static size_t make_bzimage(const void *payload, uint32_t len, uint8_t *image)
{
    uint32_t offset = 0;

    memset(image, 0, PAYLOAD_AT);
    image[0x1f1] = 1;
    memcpy(image + 0x202, "HdrS\x08\x02", 6);
    memcpy(image + 0x248, &offset, 4);
    memcpy(image + 0x24c, &len, 4);
    memcpy(image + PAYLOAD_AT, payload, len);
    return PAYLOAD_AT + len;
}

static uint32_t pack_zstd(const void *data, size_t len, uint8_t *out,
                          size_t room)
{
    size_t n = ZSTD_compress(out, room - 4, data, len, 3);
    uint32_t size = (uint32_t)len;

    memcpy(out + n, &size, 4);
    return (uint32_t)n + 4;
}

static void the_kernel_of_a_bzimage_comes_out_whole(void)
{
    uint8_t elf[KIT_KERNEL], payload[2048], image[4096];
    hd_autofree void *out = NULL;
    struct hd_err err = {0};
    size_t n, len;

    kit_kernel(elf);
    n = make_bzimage(
        payload, pack_zstd(elf, sizeof(elf), payload, sizeof(payload)), image);
    CHECK_OK(hd_bzimage_unpack(image, n, &out, &len, &err), &err);
    CU_ASSERT_EQUAL_FATAL(len, sizeof(elf));
    CU_ASSERT_EQUAL(memcmp(out, elf, len), 0);
}

static void a_bare_elf_is_taken_as_it_is(void)
{
    hd_autofree void *out = NULL;
    struct hd_err err = {0};
    uint8_t elf[KIT_KERNEL];
    size_t len;

    kit_kernel(elf);
    CHECK_OK(hd_bzimage_unpack(elf, sizeof(elf), &out, &len, &err), &err);
    CU_ASSERT_EQUAL_FATAL(len, sizeof(elf));
    CU_ASSERT_EQUAL(memcmp(out, elf, len), 0);
}

static void images_with_wrong_bounds_are_refused(void)
{
    static const struct {
        size_t at, len;
        uint64_t value;
        const char *words;
    } cases[] = {
        {0x202, 4, 0, "no bzImage and no ELF"},
        {0x206, 2, 0x0207, "older than"},
        {0x248, 4, 0xffffffff, "it is cut off"},
        {0x248, 4, 4096, "it is cut off"},
        {0x24c, 4, 0xffffffff, "it is cut off"},
        {0x24c, 4, 7, "it is cut off"},
        {0x24c, 4, 0, "it is cut off"},
        {0x1f1, 1, 0, "it is cut off"},
        {0x1f1, 1, 255, "it is cut off"},
        {PAYLOAD_AT, 8, 0, "cannot unpack it"},
        {PAYLOAD_AT + 8, 8, UINT64_MAX, "cannot unpack it"},
    };
    uint8_t elf[KIT_KERNEL], payload[2048], image[4096];

    for (size_t i = 0; i < HD_ARRAY_LEN(cases); i++) {
        struct hd_err err = {0};
        void *out = NULL;
        size_t n, len;

        kit_kernel(elf);
        n = make_bzimage(payload,
                         pack_zstd(elf, sizeof(elf), payload, sizeof(payload)),
                         image);
        memcpy(image + cases[i].at, &cases[i].value, cases[i].len);
        CHECK_FAILS(hd_bzimage_unpack(image, n, &out, &len, &err), &err,
                    HD_E_BAD_KERNEL, cases[i].words);
    }
}

static void every_shorter_image_is_refused(void)
{
    uint8_t elf[KIT_KERNEL], payload[2048], image[4096];
    size_t n, len;

    kit_kernel(elf);
    n = make_bzimage(
        payload, pack_zstd(elf, sizeof(elf), payload, sizeof(payload)), image);
    for (size_t cut = 0; cut < n; cut += 3) {
        hd_autofree void *exact = malloc(cut + 1), *out = NULL;
        struct hd_err err = {0};

        memcpy(exact, image, cut);
        CU_ASSERT_EQUAL(hd_bzimage_unpack(exact, cut, &out, &len, &err), -1);
        CU_ASSERT_EQUAL(err.code, HD_E_BAD_KERNEL);
    }
}

static void what_comes_out_must_be_a_kernel(void)
{
    uint8_t rubbish[KIT_KERNEL] = {1, 2, 3}, payload[2048], image[4096];
    hd_autofree void *out = NULL;
    struct hd_err err = {0};
    size_t n, len;

    n = make_bzimage(
        payload, pack_zstd(rubbish, sizeof(rubbish), payload, sizeof(payload)),
        image);
    CHECK_FAILS(hd_bzimage_unpack(image, n, &out, &len, &err), &err,
                HD_E_BAD_KERNEL, "it is no ELF file");
    kit_kernel(rubbish);
    rubbish[EI_CLASS] = ELFCLASS32;
    CHECK_FAILS(hd_bzimage_unpack(rubbish, sizeof(rubbish), &out, &len, &err),
                &err, HD_E_BAD_KERNEL, "not for x86-64");
    /* Refused by its length, before a byte behind the magic is looked at. */
    CHECK_FAILS(hd_bzimage_unpack(rubbish, (1u << 28) + 1, &out, &len, &err),
                &err, HD_E_BAD_KERNEL, "it is larger than 256 MiB");
    CU_ASSERT_PTR_NULL(out);
}

static void a_payload_that_unpacks_without_end_is_refused(void)
{
    size_t large = (1u << 28) + 1, room = 1 << 20, n, len;
    hd_autofree void *zeros = calloc(1, large);
    hd_autofree uint8_t *payload = malloc(room), *image = malloc(2 * room);
    struct hd_err err = {0};
    void *out = NULL;

    n = make_bzimage(payload, pack_zstd(zeros, large, payload, room), image);
    CHECK_FAILS(hd_bzimage_unpack(image, n, &out, &len, &err), &err,
                HD_E_BAD_KERNEL, "it unpacks to more than 256 MiB");
}

static const struct hd_test tests[] = {
    HD_TEST(the_kernel_of_a_bzimage_comes_out_whole),
    HD_TEST(a_bare_elf_is_taken_as_it_is),
    HD_TEST(images_with_wrong_bounds_are_refused),
    HD_TEST(every_shorter_image_is_refused),
    HD_TEST(what_comes_out_must_be_a_kernel),
    HD_TEST(a_payload_that_unpacks_without_end_is_refused),
};

HD_SUITE("store/bzimage", tests);
