/* SPDX-License-Identifier: MIT */
/* Tests hv/store/gpt. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../hv/store/gpt.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

#define SIZE (8u << 20)

static void fill(struct hd_gpt *gpt, uint32_t sector)
{
    memset(gpt, 0, sizeof(*gpt));
    gpt->sector = sector;
    gpt->n = 2;
    for (uint32_t i = 0; i < 2; i++) {
        struct hd_part *p = &gpt->parts[i];

        hd_uuid_parse("7c0f4e4a-6864-4d02-8a57-686f74646f6d", &p->type, NULL);
        hd_uuid_make(&p->id, NULL);
        p->start = (1 + 2 * i) * HD_GPT_ALIGN;
        p->length = 2 * HD_GPT_ALIGN;
    }
    hd_uuid_make(&gpt->disk, NULL);
    strcpy(gpt->parts[0].name, "hotdom:");
    strcpy(gpt->parts[1].name, "hotdom:abcdefghijklmnopqrstuvwxyz012");
}

/* What one write, by anybody, makes of a table that is good otherwise. */
static int read_back(const struct hd_gpt *gpt, uint64_t size,
                     struct hd_gpt *ret, struct hd_err *err)
{
    hd_autofd int fd = hd_io_memfd("gpt", SIZE, err);

    if (fd < 0 || hd_gpt_write(fd, SIZE, gpt, err))
        return -1;
    return hd_gpt_read(fd, size, ret, err);
}

static void a_table_reads_back_with_either_sector_size(void)
{
    static const uint32_t sectors[] = {512, 4096};

    for (size_t i = 0; i < 2; i++) {
        hd_autofree struct hd_gpt *gpt = malloc(2 * sizeof(*gpt));
        struct hd_err err = {0};

        fill(&gpt[0], sectors[i]);
        CHECK_OK(read_back(&gpt[0], SIZE, &gpt[1], &err), &err);
        CU_ASSERT_EQUAL(memcmp(&gpt[0], &gpt[1], sizeof(*gpt)), 0);
    }
}

static void sfdisk_agrees_with_the_table(void)
{
    hd_autofree struct hd_gpt *gpt = malloc(sizeof(*gpt));
    char path[] = "/tmp/hd-unit-XXXXXX", command[256];
    hd_autofd int fd = mkstemp(path);
    struct hd_err err = {0};

    fill(gpt, 512);
    CU_ASSERT_EQUAL(ftruncate(fd, SIZE), 0);
    CHECK_OK(hd_gpt_write(fd, SIZE, gpt, &err), &err);
    snprintf(command, sizeof(command),
             "PATH=$PATH:/sbin:/usr/sbin; sfdisk -q --verify %s >/dev/null 2>&1"
             " && sfdisk -d %s | grep -qi 'start= *2048, size= *4096, "
             "type=7C0F4E4A-6864-4D02-8A57-686F74646F6D'",
             path, path);
    CU_ASSERT_EQUAL(system(command), 0);
    unlink(path);
}

static void a_table_for_a_larger_medium_is_refused(void)
{
    hd_autofree struct hd_gpt *gpt = malloc(sizeof(*gpt));
    struct hd_err err = {0};

    fill(gpt, 512);
    CHECK_FAILS(read_back(gpt, SIZE / 2, gpt, &err), &err, HD_E_BAD_HEADER,
                "speaks of more; it was cut off");
    /* An image on a larger stick is as good as on its own. */
    fill(gpt, 512);
    CHECK_OK(read_back(gpt, UINT64_MAX, gpt, &err), &err);
}

static void partitions_lie_apart_and_inside(void)
{
    hd_autofree struct hd_gpt *gpt = malloc(sizeof(*gpt));
    struct hd_err err = {0};

    fill(gpt, 512);
    gpt->parts[0].length += 512;
    CHECK_FAILS(read_back(gpt, SIZE, gpt, &err), &err, HD_E_BAD_HEADER,
                "two partitions overlap");
    fill(gpt, 512);
    gpt->parts[1] = gpt->parts[0];
    CHECK_FAILS(read_back(gpt, SIZE, gpt, &err), &err, HD_E_BAD_HEADER,
                "two partitions overlap");
    fill(gpt, 512);
    gpt->parts[1].length = 4 * HD_GPT_ALIGN + 512 * (HD_GPT_ALIGN / 512 - 33);
    CHECK_OK(read_back(gpt, SIZE, gpt, &err), &err);
    fill(gpt, 512);
    gpt->parts[1].length = 4 * HD_GPT_ALIGN + 512 * (HD_GPT_ALIGN / 512 - 32);
    CHECK_FAILS(read_back(gpt, SIZE, gpt, &err), &err, HD_E_BAD_HEADER,
                "a partition is out of bounds");
    fill(gpt, 512);
    gpt->parts[0].start = 33 * 512;
    gpt->parts[0].length = 512;
    CHECK_FAILS(read_back(gpt, SIZE, gpt, &err), &err, HD_E_BAD_HEADER,
                "a partition is out of bounds");
    fill(gpt, 512);
    gpt->parts[0].start = UINT64_MAX / 512 * 512;
    gpt->parts[0].length = 1024;
    CHECK_FAILS(read_back(gpt, SIZE, gpt, &err), &err, HD_E_BAD_HEADER,
                "a partition is out of bounds");
    fill(gpt, 512);
    gpt->parts[0].length = 0;
    CHECK_FAILS(read_back(gpt, SIZE, gpt, &err), &err, HD_E_BAD_HEADER,
                "a partition is out of bounds");
}

static void a_name_that_is_not_ours_stays_empty(void)
{
    hd_autofree struct hd_gpt *gpt = malloc(sizeof(*gpt));
    struct hd_err err = {0};

    fill(gpt, 512);
    strcpy(gpt->parts[0].name, "hot\ndom");
    CHECK_OK(read_back(gpt, SIZE, gpt, &err), &err);
    CU_ASSERT_STRING_EQUAL(gpt->parts[0].name, "");
    CU_ASSERT_STRING_EQUAL(gpt->parts[1].name,
                           "hotdom:abcdefghijklmnopqrstuvwxyz012");
}

/* One field of the header, with its checksum made to fit. */
struct lie {
    size_t at, len;
    uint64_t value;
    const char *words;
};

static uint32_t slow_crc32(const uint8_t *p, size_t len)
{
    uint32_t crc = UINT32_MAX;

    for (size_t bit = 0; bit < 8 * len; bit++) {
        uint32_t in = p[bit / 8] >> bit % 8 & 1;

        crc = crc >> 1 ^ ((crc ^ in) & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

static void headers_with_a_fitting_checksum_may_still_lie(void)
{
    static const struct lie lies[] = {
        {8, 4, 0x20000, "unknown version"},
        {12, 4, 96, "unknown version"},
        {24, 8, 2, "for another place"},
        {40, 8, 10, "its own bounds cross"},
        {40, 8, UINT64_MAX, "its own bounds cross"},
        {48, 8, 1, "its own bounds cross"},
        {48, 8, SIZE / 512, "cut off"},
        {48, 8, UINT64_MAX, "cut off"},
        {72, 8, 1, "its own bounds cross"},
        {72, 8, 3, "its own bounds cross"},
        {72, 8, UINT64_MAX - 1, "its own bounds cross"},
        {72, 8, 1ull << 55, "its own bounds cross"},
        {80, 4, 129, "not 128 entries"},
        {80, 4, 0, "not 128 entries"},
        {84, 4, 256, "not 128 entries"},
        {88, 4, 0, "wrong checksum of the entries"},
    };
    hd_autofree struct hd_gpt *gpt = malloc(sizeof(*gpt));

    for (size_t i = 0; i < HD_ARRAY_LEN(lies); i++) {
        struct hd_err err = {0};
        hd_autofd int fd = hd_io_memfd("gpt", SIZE, &err);
        uint8_t h[92];
        uint32_t crc;

        fill(gpt, 512);
        CHECK_OK(hd_gpt_write(fd, SIZE, gpt, &err), &err);
        CHECK_OK(hd_io_pread(fd, h, sizeof(h), 512, &err), &err);
        memcpy(h + lies[i].at, &lies[i].value, lies[i].len);
        memset(h + 16, 0, 4);
        crc = slow_crc32(h, sizeof(h));
        memcpy(h + 16, &crc, 4);
        CHECK_OK(hd_io_pwrite(fd, h, sizeof(h), 512, &err), &err);
        CHECK_FAILS(hd_gpt_read(fd, SIZE, gpt, &err), &err, HD_E_BAD_HEADER,
                    lies[i].words);
    }
}

static const struct hd_test tests[] = {
    HD_TEST(a_table_reads_back_with_either_sector_size),
    HD_TEST(sfdisk_agrees_with_the_table),
    HD_TEST(a_table_for_a_larger_medium_is_refused),
    HD_TEST(partitions_lie_apart_and_inside),
    HD_TEST(a_name_that_is_not_ours_stays_empty),
    HD_TEST(headers_with_a_fitting_checksum_may_still_lie),
};

HD_SUITE("store/gpt", tests);
