/* SPDX-License-Identifier: MIT */
/* Tests hv/store/verify: a byte is flipped, and its place is named. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../hv/store/verify.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/paths.h"
#include "pack_kit.h"
#include "unit.h"

static const char source[] =
    "hotdom: 1\n"
    "store: {name: travel}\n"
    "volumes:\n"
    "  - {name: root, kind: image, from: root.img}\n"
    "  - {name: home, encryption: none, size: 3M}\n"
    "guests:\n"
    "  - {name: one, kernel: kernel,"
    " volumes: [{name: root, as: xvda}, {name: home, as: xvdb}]}\n";

/* A packed store with an image, opened. */
struct bench {
    struct pack_kit kit;
    struct hd_answer *a;
    int medium;
    struct hd_bad_place bad;
};

static void bench_init(struct bench *b)
{
    struct hd_err err = {0};
    char reader[PATH_MAX];

    memset(b, 0, sizeof(*b));
    pack_kit_init(&b->kit);
    pack_kit_text(&b->kit, "m.yaml", source);
    CHECK_OK(hd_pack(&b->kit.in, &(struct hd_packed){.size = 0}, &err), &err);
    b->medium = open(b->kit.output, O_RDWR);
    hd_beside(HD_READER, reader);
    CHECK_OK(hd_reader_run(reader, b->medium, NULL, 0, &b->a, &err), &err);
    CU_ASSERT_EQUAL_FATAL(b->a->err.code, HD_OK);
    b->kit.phases[0] = '\0';
}

static void bench_fini(struct bench *b)
{
    close(b->medium);
    free(b->a);
    pack_kit_fini(&b->kit);
}

static int run(struct bench *b, struct hd_err *err)
{
    struct hd_verify in = {b->medium, b->a, b->kit.in.ops};

    return hd_verify(&in, &b->bad, err);
}

static void flip(struct bench *b, uint64_t at)
{
    struct hd_err err = {0};
    char byte;

    CHECK_OK(hd_io_pread(b->medium, &byte, 1, (off_t)at, &err), &err);
    byte ^= 4;
    CHECK_OK(hd_io_pwrite(b->medium, &byte, 1, (off_t)at, &err), &err);
}

static void a_whole_store_is_read_to_its_end(void)
{
    struct hd_err err = {0};
    struct bench b;

    bench_init(&b);
    CHECK_OK(run(&b, &err), &err);
    CU_ASSERT_STRING_EQUAL(b.kit.phases, "volume root;volume home;");
    CU_ASSERT_STRING_EQUAL(b.bad.volume, "");
    bench_fini(&b);
}

static void the_first_flipped_block_is_named(void)
{
    struct hd_err err = {0};
    uint64_t start;
    struct bench b;

    bench_init(&b);
    start = b.a->extents[0].start;
    flip(&b, start + 300 * 4096ul + 17);
    flip(&b, start + 383 * 4096ul + 4095);
    CHECK_FAILS(run(&b, &err), &err, HD_E_BAD_VOLUME,
                "image root: block 300 (byte 0x12c000) is not what was signed");
    CU_ASSERT_STRING_EQUAL(b.bad.volume, "root");
    CU_ASSERT_EQUAL(b.bad.byte, 300 * 4096);
    flip(&b, start + 300 * 4096ul + 17);
    CHECK_FAILS(run(&b, &err), &err, HD_E_BAD_VOLUME,
                "image root: block 383 (byte 0x17f000) is not what was signed");
    flip(&b, start + 383 * 4096ul + 4095);
    flip(&b, start + 384 * 4096ul);
    CHECK_FAILS(run(&b, &err), &err, HD_E_BAD_VOLUME,
                "image root: its hash tree is not what was signed");
    CU_ASSERT_EQUAL(b.bad.byte, UINT64_MAX);
    bench_fini(&b);
}

/* Data is the guest's own: what it holds is not ours to judge. */
static void data_is_only_read(void)
{
    struct hd_err err = {0};
    struct bench b;

    bench_init(&b);
    flip(&b, b.a->extents[1].start + 12345);
    CHECK_OK(run(&b, &err), &err);
    /* The medium ends in the middle of it. */
    CU_ASSERT_EQUAL(
        ftruncate(b.medium, (off_t)b.a->extents[1].start + 2 * MIB + 8192), 0);
    CHECK_FAILS(run(&b, &err), &err, HD_E_IO, "volume home: byte 0x202000: ");
    CU_ASSERT_STRING_EQUAL(b.bad.volume, "home");
    CU_ASSERT_EQUAL(b.bad.byte, 2 * MIB + 8192);
    bench_fini(&b);
}

static void verifying_can_be_interrupted(void)
{
    struct hd_err err = {0};
    unsigned all;
    struct bench b;

    bench_init(&b);
    b.kit.calls = 0;
    CHECK_OK(run(&b, &err), &err);
    all = b.kit.calls;
    CU_ASSERT_TRUE(all > 4);
    for (unsigned at = 1; at <= all; at++) {
        b.kit.calls = 0;
        b.kit.stop_at = at;
        CHECK_FAILS(run(&b, &err), &err, HD_E_FAILED, "interrupted");
    }
    bench_fini(&b);
}

static const struct hd_test tests[] = {
    HD_TEST(a_whole_store_is_read_to_its_end),
    HD_TEST(the_first_flipped_block_is_named),
    HD_TEST(data_is_only_read),
    HD_TEST(verifying_can_be_interrupted),
};

HD_SUITE("store/verify", tests);
