/* SPDX-License-Identifier: MIT */
/* The hash tree of an image volume, against veritysetup(8). */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "../../hv/volume/verity.h"
#include "../../pv-drivers/base/io.h"
#include "unit.h"

#define BLOCK HD_VERITY_BLOCK
#define START (3u << 20) /* where the data begins */

/* An image of `blocks` blocks, each of which differs, and its tree. */
static int make(uint64_t blocks, struct hd_verity *ret)
{
    hd_auto(hd_verity_maker) v = NULL;
    struct hd_err err = {0};
    static uint8_t buf[64 * BLOCK];
    int fd = hd_io_memfd("image", START + blocks * BLOCK, &err);

    CHECK_OK(hd_verity_begin(fd, START, blocks, &v, &err), &err);
    for (uint64_t at = 0; at < blocks; at += 64) {
        size_t n = blocks - at < 64 ? blocks - at : 64;

        memset(buf, 0x5a, sizeof(buf));
        for (size_t i = 0; i < n; i++)
            snprintf((char *)buf + i * BLOCK, BLOCK, "block %zu", at + i);
        CHECK_OK(
            hd_io_pwrite(fd, buf, n * BLOCK, (off_t)(START + at * BLOCK), &err),
            &err);
        CHECK_OK(hd_verity_add(v, buf, n * BLOCK, &err), &err);
    }
    CHECK_OK(hd_verity_end(v, ret, &err), &err);
    return fd;
}

static void flip(int fd, uint64_t byte)
{
    struct hd_err err = {0};
    uint8_t c;

    CHECK_OK(hd_io_pread(fd, &c, 1, (off_t)byte, &err), &err);
    c ^= 1;
    CHECK_OK(hd_io_pwrite(fd, &c, 1, (off_t)byte, &err), &err);
}

static void to_hex(const uint8_t *bytes, char ret[65])
{
    for (int i = 0; i < 32; i++)
        sprintf(ret + 2 * i, "%02x", bytes[i]);
}

static const uint64_t sizes[] = {1, 2, 127, 128, 129, 16384, 16385};

/* Data and tree of one image, as two files that veritysetup reads. */
static void compare(uint64_t blocks)
{
    char salt[65], root[65], command[2048];
    char dir[] = "/tmp/hd-unit-XXXXXX";
    struct hd_verity v = {0};
    int fd = make(blocks, &v);

    to_hex(v.salt, salt);
    to_hex(v.root, root);
    CU_ASSERT_EQUAL(v.blocks, blocks);
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    snprintf(command, sizeof(command),
             "set -e; PATH=$PATH:/usr/sbin; cd %s; "
             "command -v veritysetup >/dev/null || "
             "{ echo 'no veritysetup: run scripts/deps'; exit 1; }; "
             "tail -c +%u /proc/%d/fd/%d >all; head -c %llu all >data; "
             "tail -c +%llu all >tree; : >theirs; "
             "veritysetup format --no-superblock --salt=%s data theirs >out; "
             "grep -q '^Root hash: *\t*%s$' out || { cat out; exit 1; }; "
             "cmp tree theirs; "
             "veritysetup verify --no-superblock --salt=%s --data-blocks=%llu "
             "--hash-offset=%llu all all %s",
             dir, START + 1, getpid(), fd, (unsigned long long)(blocks * BLOCK),
             (unsigned long long)(blocks * BLOCK + 1), salt, root, salt,
             (unsigned long long)blocks, (unsigned long long)(blocks * BLOCK),
             root);
    CU_ASSERT_EQUAL(system(command), 0);
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    CU_ASSERT_EQUAL(system(command), 0);
    close(fd);
}

static void the_tree_is_the_one_that_veritysetup_makes(void)
{
    for (size_t i = 0; i < HD_ARRAY_LEN(sizes); i++)
        compare(sizes[i]);
}

static void the_tree_takes_as_much_as_it_says(void)
{
    static const uint64_t trees[] = {0, 1, 1, 1, 3, 129, 132};

    for (size_t i = 0; i < HD_ARRAY_LEN(sizes); i++)
        CU_ASSERT_EQUAL(hd_verity_tree_size(sizes[i]), trees[i] * BLOCK);
}

static void what_was_made_passes_the_check(void)
{
    for (size_t i = 0; i < HD_ARRAY_LEN(sizes); i++) {
        struct hd_err err = {0};
        struct hd_verity v = {0};
        int fd = make(sizes[i], &v);

        CHECK_OK(hd_verity_check(fd, START, &v, NULL, NULL, NULL, &err), &err);
        close(fd);
    }
}

static void the_first_bad_block_is_named(void)
{
    static const uint64_t at[] = {16384, 300, 255, 0};
    struct hd_verity v = {0};
    struct hd_err err = {0};
    int fd = make(16385, &v);
    char words[32];

    for (size_t i = 0; i < HD_ARRAY_LEN(at); i++) {
        uint64_t bad = 1;

        flip(fd, START + at[i] * BLOCK + 4095);
        snprintf(words, sizeof(words), "block %llu was changed",
                 (unsigned long long)at[i]);
        CHECK_FAILS(hd_verity_check(fd, START, &v, NULL, NULL, &bad, &err),
                    &err, HD_E_BAD_VOLUME, words);
        CU_ASSERT_EQUAL(bad, at[i]);
    }
    close(fd);
}

static void the_only_block_is_held_against_the_root(void)
{
    struct hd_verity v = {0};
    struct hd_err err = {0};
    int fd = make(1, &v);
    uint64_t bad = 1;

    flip(fd, START);
    CHECK_FAILS(hd_verity_check(fd, START, &v, NULL, NULL, &bad, &err), &err,
                HD_E_BAD_VOLUME, "block 0 was changed");
    CU_ASSERT_EQUAL(bad, 0);
    close(fd);
}

/* The top, the middle, the leaves, and the zeros behind the last digest. */
static void a_changed_tree_is_told_from_changed_data(void)
{
    static const uint64_t at[] = {0, 1, 3, 131};
    struct hd_verity v = {0};
    struct hd_err err = {0};
    int fd = make(16385, &v);

    for (size_t i = 0; i < HD_ARRAY_LEN(at); i++) {
        uint64_t byte = START + (16385 + at[i]) * BLOCK + 4000, bad = 1;

        flip(fd, byte);
        CHECK_FAILS(hd_verity_check(fd, START, &v, NULL, NULL, &bad, &err),
                    &err, HD_E_BAD_VOLUME, "the hash tree was changed");
        CU_ASSERT_EQUAL(bad, UINT64_MAX);
        flip(fd, byte);
    }
    v.root[31] ^= 1;
    CHECK_FAILS(hd_verity_check(fd, START, &v, NULL, NULL, NULL, &err), &err,
                HD_E_BAD_VOLUME, "the hash tree was changed");
    v.root[31] ^= 1;
    v.salt[0] ^= 1;
    CHECK_FAILS(hd_verity_check(fd, START, &v, NULL, NULL, NULL, &err), &err,
                HD_E_BAD_VOLUME, "the hash tree was changed");
    close(fd);
}

/* /proc/self/mem gives EIO where nothing is mapped, as a medium does where it
 * is worn. */
static void a_block_that_cannot_be_read_is_an_io_error(void)
{
    struct hd_verity v = {0};
    struct hd_err err = {0};
    int fd = make(600, &v), mem = open("/proc/self/mem", O_RDONLY);
    size_t len = (600 + 6) * BLOCK;
    uint64_t bad = 1;
    char *map = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, START);

    CU_ASSERT_TRUE_FATAL(map != MAP_FAILED && mem >= 0);
    CHECK_OK(hd_verity_check(mem, (uint64_t)(uintptr_t)map, &v, NULL, NULL,
                             &bad, &err),
             &err);
    munmap(map + 400 * BLOCK, BLOCK);
    CHECK_FAILS(hd_verity_check(mem, (uint64_t)(uintptr_t)map, &v, NULL, NULL,
                                &bad, &err),
                &err, HD_E_IO, "block 400");
    CU_ASSERT_EQUAL(bad, 400);
    /* A changed block before it, in the same megabyte, comes first. */
    flip(fd, START + 300 * BLOCK);
    CHECK_FAILS(hd_verity_check(mem, (uint64_t)(uintptr_t)map, &v, NULL, NULL,
                                &bad, &err),
                &err, HD_E_BAD_VOLUME, "block 300 was changed");
    munmap(map + 600 * BLOCK, BLOCK);
    CHECK_FAILS(hd_verity_check(mem, (uint64_t)(uintptr_t)map, &v, NULL, NULL,
                                &bad, &err),
                &err, HD_E_IO, "hash tree");
    CU_ASSERT_EQUAL(bad, UINT64_MAX);
    munmap(map, len);
    close(mem);
    close(fd);
}

struct seen {
    uint64_t done, total;
    int calls, stop_at;
};

static int see(void *ctx, uint64_t done, uint64_t total)
{
    struct seen *s = ctx;

    CU_ASSERT_TRUE(done > s->done && done <= total);
    s->done = done;
    s->total = total;
    return ++s->calls == s->stop_at;
}

static void the_check_tells_how_far_it_is_and_can_be_stopped(void)
{
    struct seen s = {0}, t = {.stop_at = 2};
    struct hd_verity v = {0};
    struct hd_err err = {0};
    int fd = make(129, &v);

    CHECK_OK(hd_verity_check(fd, START, &v, see, &s, NULL, &err), &err);
    CU_ASSERT_EQUAL(s.done, s.total);
    CU_ASSERT_EQUAL(s.total, 132 * BLOCK);
    CHECK_FAILS(hd_verity_check(fd, START, &v, see, &t, NULL, &err), &err,
                HD_E_FAILED, "interrupted");
    close(fd);
}

static void other_blocks_than_announced_are_refused(void)
{
    static const uint8_t data[3 * BLOCK];
    hd_auto(hd_verity_maker) v = NULL;
    struct hd_verity out = {0};
    struct hd_err err = {0};
    int fd = hd_io_memfd("image", 0, &err);

    CHECK_FAILS(hd_verity_begin(fd, 0, 0, &v, &err), &err, HD_E_BAD_VOLUME,
                "an image cannot have 0 blocks");
    CHECK_FAILS(hd_verity_begin(fd, 0, UINT64_MAX, &v, &err), &err,
                HD_E_BAD_VOLUME, "an image cannot have");
    CHECK_OK(hd_verity_begin(fd, 0, 2, &v, &err), &err);
    CHECK_FAILS(hd_verity_add(v, data, 100, &err), &err, HD_E_FAILED,
                "not the blocks");
    CHECK_FAILS(hd_verity_add(v, data, 3 * BLOCK, &err), &err, HD_E_FAILED,
                "not the blocks");
    CHECK_OK(hd_verity_add(v, data, BLOCK, &err), &err);
    CHECK_FAILS(hd_verity_end(v, &out, &err), &err, HD_E_FAILED,
                "1 of 2 blocks came");
    CU_ASSERT_EQUAL(out.blocks, 0);
    close(fd);
}

static const struct hd_test tests[] = {
    HD_TEST(the_tree_is_the_one_that_veritysetup_makes),
    HD_TEST(the_tree_takes_as_much_as_it_says),
    HD_TEST(what_was_made_passes_the_check),
    HD_TEST(the_first_bad_block_is_named),
    HD_TEST(the_only_block_is_held_against_the_root),
    HD_TEST(a_changed_tree_is_told_from_changed_data),
    HD_TEST(a_block_that_cannot_be_read_is_an_io_error),
    HD_TEST(the_check_tells_how_far_it_is_and_can_be_stopped),
    HD_TEST(other_blocks_than_announced_are_refused),
};

HD_SUITE("volume/verity", tests);
