/* SPDX-License-Identifier: MIT */
/* Tests hv/store/gpt. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../hv/store/gpt.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "power.h"
#include "unit.h"

#define SIZE (8u << 20)

static void fill(struct hd_gpt *gpt, uint32_t sector)
{
    memset(gpt, 0, sizeof(*gpt));
    gpt->sector = sector;
    gpt->n = 2;
    gpt->entries = 2 * sector;
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

/* Reads a good table with that lie in it. */
static int read_lie(const struct hd_gpt *gpt, const struct lie *lies, size_t n,
                    uint64_t size, struct hd_err *err)
{
    hd_autofree struct hd_gpt *back = malloc(sizeof(*back));
    hd_autofd int fd = hd_io_memfd("gpt", SIZE, err);
    uint8_t h[92];
    uint32_t crc;

    CHECK_OK(hd_gpt_write(fd, SIZE, gpt, err), err);
    CHECK_OK(hd_io_pread(fd, h, sizeof(h), 512, err), err);
    for (size_t i = 0; i < n; i++)
        memcpy(h + lies[i].at, &lies[i].value, lies[i].len);
    memset(h + 16, 0, 4);
    crc = slow_crc32(h, sizeof(h));
    memcpy(h + 16, &crc, 4);
    CHECK_OK(hd_io_pwrite(fd, h, sizeof(h), 512, err), err);
    return hd_gpt_read(fd, size, back, err);
}

/* A claim beyond the largest offset is a claim, and no error of ours. */
static void a_device_of_16_eib_has_its_table_where_it_can_be_read(void)
{
    hd_autofree struct hd_gpt *gpt = malloc(sizeof(*gpt));
    struct hd_err err = {0};
    static const struct lie far[] = {
        {40, 8, (1ull << 54) + 32, NULL},
        {48, 8, (1ull << 55) - 2, NULL},
        {72, 8, 1ull << 54, NULL},
    };

    fill(gpt, 512);
    CHECK_OK(read_back(gpt, UINT64_MAX, gpt, &err), &err);
    fill(gpt, 512);
    CHECK_FAILS(read_lie(gpt, far, HD_ARRAY_LEN(far), UINT64_MAX, &err), &err,
                HD_E_BAD_HEADER, "its own bounds cross");
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

        fill(gpt, 512);
        CHECK_FAILS(read_lie(gpt, &lies[i], 1, SIZE, &err), &err,
                    HD_E_BAD_HEADER, lies[i].words);
    }
}

/* A table on a file, and what may be found there while it is replaced. */
struct change {
    char path[32];
    struct hd_gpt from, to;
    unsigned olds, news;
};

static void change_init(struct change *c, uint32_t sector)
{
    struct hd_err err = {0};

    memset(c, 0, sizeof(*c));
    strcpy(c->path, "/tmp/hd-unit-XXXXXX");
    fill(&c->from, sector);
    hd_autofd int fd = mkstemp(c->path);
    CU_ASSERT_EQUAL(ftruncate(fd, SIZE), 0);
    CHECK_OK(hd_gpt_write(fd, SIZE, &c->from, &err), &err);
    c->to = c->from;
    c->to.parts[0].start += 4 * HD_GPT_ALIGN;
    c->to.parts[0].length = HD_GPT_ALIGN;
    hd_uuid_make(&c->to.parts[0].id, NULL);
}

static bool same_table(const struct hd_gpt *a, const struct hd_gpt *b)
{
    struct hd_gpt copy = *a;

    copy.entries = b->entries;
    return !memcmp(&copy, b, sizeof(copy));
}

static void one_of_both(void *ctx, int medium)
{
    hd_autofree struct hd_gpt *found = malloc(sizeof(*found));
    struct hd_err err = {0};
    struct change *c = ctx;

    CHECK_OK(hd_gpt_read(medium, SIZE, found, &err), &err);
    if (same_table(found, &c->from))
        c->olds++;
    else if (same_table(found, &c->to))
        c->news++;
    else
        CU_FAIL("neither the old table nor the new one");
}

/* Three in a row: to the first place, to the other one, and back to it. */
static void a_switched_table_is_the_old_or_the_new_whenever_power_fails(void)
{
    static const uint32_t sectors[] = {512, 4096};

    for (size_t i = 0; i < 2; i++) {
        hd_autofree struct change *c = malloc(sizeof(*c));
        struct hd_err err = {0};

        change_init(c, sectors[i]);
        for (unsigned round = 0; round < 3; round++) {
            hd_autofd int fd = open(c->path, O_RDWR);
            struct power_log *log = power_begin(c->path);
            uint64_t before = c->to.entries;

            CHECK_OK(hd_gpt_switch(fd, SIZE, &c->to, &err), &err);
            power_end(log);
            CU_ASSERT_NOT_EQUAL(c->to.entries, before);
            c->olds = c->news = 0;
            power_replay(log, 5, one_of_both, c);
            power_free(log);
            CU_ASSERT_TRUE(c->olds > 32 && c->news > 32);
            c->from = c->to;
            CHECK_OK(hd_gpt_read(fd, SIZE, &c->to, &err), &err);
            CU_ASSERT_EQUAL(c->to.entries, c->from.entries);
            c->to.parts[0].start = (6 - round % 2) * HD_GPT_ALIGN;
        }
        unlink(c->path);
    }
}

/* Also on a medium that has grown since the first table was written. */
static void sfdisk_agrees_with_a_switched_table(void)
{
    hd_autofree struct change *c = malloc(sizeof(*c));
    struct hd_err err = {0};
    char command[512];

    change_init(c, 512);
    hd_autofd int fd = open(c->path, O_RDWR);
    for (unsigned round = 0; round < 2; round++) {
        uint64_t size = SIZE + round * SIZE;

        CU_ASSERT_EQUAL(ftruncate(fd, (off_t)size), 0);
        CHECK_OK(hd_gpt_switch(fd, size, &c->to, &err), &err);
        CHECK_OK(hd_gpt_read(fd, size, &c->to, &err), &err);
        snprintf(
            command, sizeof(command),
            "PATH=$PATH:/sbin:/usr/sbin; sfdisk --verify %s 2>&1 | "
            "grep -q '^No errors detected' && "
            "! sfdisk --verify %s 2>&1 | grep -qi 'corrupt\\|mismatch' && "
            "sfdisk -d %s | grep -qi 'start= *10240, size= *2048, "
            "type=7C0F4E4A-6864-4D02-8A57-686F74646F6D' && "
            "dd if=%s bs=512 skip=%u count=1 2>/dev/null | grep -q '^EFI PART'",
            c->path, c->path, c->path, c->path, (unsigned)(size / 512 - 1));
        CU_ASSERT_EQUAL(system(command), 0);
    }
    unlink(c->path);
}

/* The primary table is lost: sfdisk finds the same partitions by the backup. */
static void the_backup_follows_a_switch(void)
{
    hd_autofree struct change *c = malloc(sizeof(*c));
    static const char zeros[512];
    struct hd_err err = {0};
    char command[256];

    change_init(c, 512);
    hd_autofd int fd = open(c->path, O_RDWR);
    CHECK_OK(hd_gpt_switch(fd, SIZE, &c->to, &err), &err);
    CHECK_OK(hd_io_pwrite(fd, zeros, sizeof(zeros), 512, &err), &err);
    CHECK_FAILS(hd_gpt_read(fd, SIZE, &c->from, &err), &err, HD_E_NOT_A_STORE,
                "no GPT");
    snprintf(command, sizeof(command),
             "PATH=$PATH:/sbin:/usr/sbin; sfdisk -d %s 2>/dev/null | "
             "grep -qi 'start= *10240, size= *2048, '",
             c->path);
    CU_ASSERT_EQUAL(system(command), 0);
    unlink(c->path);
}

static void a_switch_without_room_writes_nothing(void)
{
    hd_autofree struct change *c = malloc(sizeof(*c));
    struct hd_err err = {0};

    change_init(c, 512);
    hd_autofd int fd = open(c->path, O_RDWR);
    struct power_log *log = power_begin(c->path);

    c->to.parts[0].start = 34 * 512;
    CHECK_FAILS(hd_gpt_switch(fd, SIZE, &c->to, &err), &err, HD_E_BAD_HEADER,
                "no room beside it");
    c->to.parts[0].start = 7 * HD_GPT_ALIGN;
    CHECK_FAILS(hd_gpt_switch(fd, SIZE, &c->to, &err), &err, HD_E_BAD_HEADER,
                "no room beside it");
    c->to.parts[0].start = 8 * HD_GPT_ALIGN;
    CHECK_FAILS(hd_gpt_switch(fd, SIZE, &c->to, &err), &err, HD_E_BAD_HEADER,
                "out of bounds");
    c->to.parts[0].start = 5 * HD_GPT_ALIGN;
    c->to.entries = 20 * 512;
    CHECK_FAILS(hd_gpt_switch(fd, SIZE, &c->to, &err), &err, HD_E_BAD_HEADER,
                "where hotdom puts none");
    power_end(log);
    power_replay(log, 0, one_of_both, c);
    CU_ASSERT_EQUAL(c->olds, 1);
    power_free(log);
    unlink(c->path);
}

static void a_table_from_another_process_is_checked(void)
{
    hd_autofree struct hd_gpt *gpt = malloc(sizeof(*gpt));
    struct hd_err err = {0};

    fill(gpt, 512);
    CHECK_OK(hd_gpt_check(gpt, SIZE, &err), &err);
    gpt->sector = 0;
    CHECK_FAILS(hd_gpt_check(gpt, SIZE, &err), &err, HD_E_BAD_HEADER,
                "unknown version");
    fill(gpt, 512);
    gpt->n = HD_GPT_PARTS + 1;
    CHECK_FAILS(hd_gpt_check(gpt, SIZE, &err), &err, HD_E_BAD_HEADER,
                "unknown version");
    fill(gpt, 512);
    gpt->entries = UINT64_MAX / 512 * 512;
    CHECK_FAILS(hd_gpt_check(gpt, SIZE, &err), &err, HD_E_BAD_HEADER,
                "its own bounds cross");
    fill(gpt, 512);
    gpt->parts[1].start = UINT64_MAX / 512 * 512;
    CHECK_FAILS(hd_gpt_check(gpt, SIZE, &err), &err, HD_E_BAD_HEADER,
                "out of bounds");
    fill(gpt, 512);
    gpt->parts[1].start = gpt->parts[0].start + 512;
    CHECK_FAILS(hd_gpt_check(gpt, SIZE, &err), &err, HD_E_BAD_HEADER,
                "two partitions overlap");
    fill(gpt, 512);
    memset(gpt->parts[1].name, 'a', HD_GPT_NAME);
    CHECK_FAILS(hd_gpt_check(gpt, SIZE, &err), &err, HD_E_BAD_HEADER,
                "no proper name");
}

static const struct hd_test tests[] = {
    HD_TEST(a_table_reads_back_with_either_sector_size),
    HD_TEST(sfdisk_agrees_with_the_table),
    HD_TEST(a_table_for_a_larger_medium_is_refused),
    HD_TEST(partitions_lie_apart_and_inside),
    HD_TEST(a_name_that_is_not_ours_stays_empty),
    HD_TEST(a_device_of_16_eib_has_its_table_where_it_can_be_read),
    HD_TEST(headers_with_a_fitting_checksum_may_still_lie),
    HD_TEST(a_switched_table_is_the_old_or_the_new_whenever_power_fails),
    HD_TEST(sfdisk_agrees_with_a_switched_table),
    HD_TEST(the_backup_follows_a_switch),
    HD_TEST(a_switch_without_room_writes_nothing),
    HD_TEST(a_table_from_another_process_is_checked),
};

HD_SUITE("store/gpt", tests);
