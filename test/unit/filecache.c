/* SPDX-License-Identifier: MIT */
/* Tests hv/daemon/filecache with made-up manifests and real memory files. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../hv/daemon/filecache.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

#define MIB (1u << 20)

/* A store of two files of 1 MiB and `size`: one that no guest has, and the
 * kernel, whose digest begins with `digest`. */
struct made {
    struct hd_answer *a;
    int fds[2];
};

static struct made make(uint8_t digest, uint64_t size)
{
    struct made made = {calloc(1, sizeof(*made.a)), {-1, -1}};
    struct hd_err err = {0};
    struct hd_manifest *m;

    CU_ASSERT_PTR_NOT_NULL_FATAL(made.a);
    m = &made.a->manifest;
    m->n_files = 2;
    m->n_guests = 1;
    strcpy(m->files[0].name, "other");
    strcpy(m->files[1].name, "kernel");
    strcpy(m->guests[0].kernel, "kernel");
    m->files[0].size = MIB;
    m->files[0].sha256[0] = (uint8_t)(digest ^ 0x80);
    m->files[1].size = 1000;
    m->files[1].unpacked = size;
    m->files[1].sha256[0] = digest;
    made.fds[0] = hd_io_memfd("other", MIB, &err);
    made.fds[1] = hd_io_memfd("kernel", size, &err);
    return made;
}

static void unmake(struct made *made)
{
    for (int i = 0; i < 2; i++)
        if (made->fds[i] >= 0)
            close(made->fds[i]);
    free(made->a);
}

static void add(struct hd_filecache *cache, uint8_t digest, uint64_t size,
                uint64_t now_ms)
{
    struct made made = make(digest, size);

    hd_filecache_add(cache, &made.a->manifest, made.fds, now_ms);
    unmake(&made);
}

/* The first file is the guest's ramdisk. */
static struct made make_with_ramdisk(uint8_t digest, uint64_t size)
{
    struct made made = make(digest, size);

    strcpy(made.a->manifest.guests[0].ramdisk, "other");
    return made;
}

static void add_with_ramdisk(struct hd_filecache *cache, uint8_t digest,
                             uint64_t size, uint64_t now_ms)
{
    struct made made = make_with_ramdisk(digest, size);

    hd_filecache_add(cache, &made.a->manifest, made.fds, now_ms);
    unmake(&made);
}

/* Is the file with this digest in it? */
static bool knows(struct hd_filecache *cache, uint8_t digest)
{
    struct hd_filecache_view *view = hd_filecache_view_new(cache);
    const struct hd_known *list;
    bool found = false;
    size_t n;

    CU_ASSERT_PTR_NOT_NULL_FATAL(view);
    list = hd_filecache_view_list(view, &n);
    for (size_t i = 0; i < n; i++)
        found = found || list[i].sha256[0] == digest;
    hd_filecache_view_free(view);
    return found;
}

static void what_guests_begin_with_is_kept_and_nothing_else(void)
{
    struct hd_filecache *cache = hd_filecache_new();

    hd_filecache_limit(cache, 8 * MIB);
    add(cache, 1, 2 * MIB, 0);
    CU_ASSERT_TRUE(knows(cache, 1));
    CU_ASSERT_FALSE(knows(cache, 0x81));
    CU_ASSERT_EQUAL(hd_filecache_bytes(cache), 2 * MIB);
    add_with_ramdisk(cache, 1, 2 * MIB, 1);
    CU_ASSERT_TRUE(knows(cache, 0x81));
    CU_ASSERT_EQUAL(hd_filecache_bytes(cache), 3 * MIB);
    hd_filecache_free(cache);
}

/* The ramdisk comes first in the manifest. */
static void a_stores_kernel_does_not_make_way_for_its_ramdisk(void)
{
    struct hd_filecache *cache = hd_filecache_new();

    hd_filecache_limit(cache, 3 * MIB);
    add(cache, 7, 2 * MIB, 1);
    add_with_ramdisk(cache, 1, 5 * MIB / 2, 2);
    CU_ASSERT_FALSE(knows(cache, 7));
    CU_ASSERT_TRUE(knows(cache, 1));
    CU_ASSERT_FALSE(knows(cache, 0x81));
    hd_filecache_limit(cache, 4 * MIB);
    add_with_ramdisk(cache, 1, 5 * MIB / 2, 3);
    CU_ASSERT_TRUE(knows(cache, 1));
    CU_ASSERT_TRUE(knows(cache, 0x81));
    hd_filecache_free(cache);
}

static void what_does_not_fit_beside_its_own_store_drops_nobody(void)
{
    struct hd_filecache *cache = hd_filecache_new();

    hd_filecache_limit(cache, 4 * MIB);
    add(cache, 2, 3 * MIB + 1, 1);
    add(cache, 7, 4096, 2);
    add_with_ramdisk(cache, 2, 3 * MIB + 1, 3);
    CU_ASSERT_TRUE(knows(cache, 7));
    CU_ASSERT_TRUE(knows(cache, 2));
    CU_ASSERT_FALSE(knows(cache, 0x82));
    hd_filecache_free(cache);
}

static void the_one_not_used_for_longest_makes_room(void)
{
    struct hd_filecache *cache = hd_filecache_new();

    hd_filecache_limit(cache, 8 * MIB);
    add(cache, 1, 3 * MIB, 1);
    add(cache, 2, 3 * MIB, 2);
    add(cache, 1, 3 * MIB, 3); /* used again */
    add(cache, 3, 3 * MIB, 4);
    CU_ASSERT_TRUE(knows(cache, 1));
    CU_ASSERT_FALSE(knows(cache, 2));
    CU_ASSERT_TRUE(knows(cache, 3));
    CU_ASSERT_EQUAL(hd_filecache_bytes(cache), 6 * MIB);
    add(cache, 4, 9 * MIB, 5); /* larger than all the room */
    CU_ASSERT_FALSE(knows(cache, 4));
    CU_ASSERT_EQUAL(hd_filecache_bytes(cache), 6 * MIB);
    hd_filecache_free(cache);
}

static void with_a_limit_of_nothing_it_holds_nothing(void)
{
    struct hd_filecache *cache = hd_filecache_new();

    add(cache, 1, MIB, 1);
    CU_ASSERT_EQUAL(hd_filecache_bytes(cache), 0);
    hd_filecache_limit(cache, 8 * MIB);
    add(cache, 1, MIB, 1);
    CU_ASSERT_EQUAL(hd_filecache_bytes(cache), MIB);
    hd_filecache_limit(cache, 0);
    CU_ASSERT_EQUAL(hd_filecache_bytes(cache), 0);
    hd_filecache_free(cache);
}

static void the_number_of_entries_has_a_bound_too(void)
{
    struct hd_filecache *cache = hd_filecache_new();

    hd_filecache_limit(cache, 8 * MIB);
    for (unsigned i = 0; i < HD_FILECACHE_MAX + 5; i++)
        add(cache, (uint8_t)i, 4096, i);
    CU_ASSERT_EQUAL(hd_filecache_bytes(cache), HD_FILECACHE_MAX * 4096);
    CU_ASSERT_FALSE(knows(cache, 4));
    CU_ASSERT_TRUE(knows(cache, 5));
    hd_filecache_free(cache);
}

static void after_a_day_unused_it_is_dropped(void)
{
    struct hd_filecache *cache = hd_filecache_new();

    hd_filecache_limit(cache, 8 * MIB);
    add(cache, 1, MIB, 1000);
    add(cache, 2, MIB, 2000);
    hd_filecache_expire(cache, 1000 + HD_FILECACHE_AGE_MS);
    CU_ASSERT_FALSE(knows(cache, 1));
    CU_ASSERT_TRUE(knows(cache, 2));
    hd_filecache_free(cache);
}

static bool same_file(int a, int b)
{
    struct stat sa, sb;

    return !fstat(a, &sa) && !fstat(b, &sb) && sa.st_ino == sb.st_ino;
}

/* Dropped in the middle of a reading, it is still there for that one. */
static void a_known_file_stays_while_a_store_is_read(void)
{
    struct hd_filecache *cache = hd_filecache_new();
    struct made first = make(1, MIB), second = make(1, MIB);
    struct hd_filecache_view *view;
    struct hd_err err = {0};

    hd_filecache_limit(cache, 8 * MIB);
    hd_filecache_add(cache, &first.a->manifest, first.fds, 1);
    view = hd_filecache_view_new(cache);
    hd_filecache_free(cache);
    close(second.fds[1]);
    second.fds[1] = -1;
    second.a->known[1] = 1;
    CHECK_OK(hd_filecache_view_fill(view, second.a, second.fds, &err), &err);
    CU_ASSERT_TRUE(same_file(first.fds[1], second.fds[1]));
    hd_filecache_view_free(view);
    unmake(&first);
    unmake(&second);
}

/* A reader that a store has captured calls a file known that is not. */
static void what_is_not_known_is_not_found(void)
{
    struct hd_filecache *cache = hd_filecache_new();
    struct hd_filecache_view *view;
    struct hd_err err = {0};
    struct made made = make(1, MIB);

    hd_filecache_limit(cache, 8 * MIB);
    hd_filecache_add(cache, &made.a->manifest, made.fds, 1);
    view = hd_filecache_view_new(cache);
    for (int i = 0; i < 3; i++) {
        struct hd_answer other = *made.a;
        int fds[2] = {-1, -1};

        other.known[1] = 1;
        other.known[0] = i == 0;
        other.manifest.files[1].unpacked += i == 1;
        other.manifest.files[1].sha256[31] ^= i == 2;
        CHECK_FAILS(hd_filecache_view_fill(view, &other, fds, &err), &err,
                    HD_E_FAILED, "is not known");
        CU_ASSERT_EQUAL(fds[0], -1);
        CU_ASSERT_EQUAL(fds[1], -1);
    }
    hd_filecache_view_free(view);
    hd_filecache_free(cache);
    unmake(&made);
}

/* Nobody looked whether it is a kernel: the next store's reader does. */
static void a_ramdisk_is_no_kernel_for_another_store(void)
{
    struct hd_filecache *cache = hd_filecache_new();
    struct made first = make_with_ramdisk(1, 2 * MIB);
    struct made second = make(0x81, MIB);
    struct hd_filecache_view *view;
    struct hd_err err = {0};
    int fds[2] = {-1, -1};

    second.a->manifest.files[1] = first.a->manifest.files[0];
    strcpy(second.a->manifest.files[1].name, "kernel");
    hd_filecache_limit(cache, 8 * MIB);
    hd_filecache_add(cache, &first.a->manifest, first.fds, 1);
    second.a->known[1] = 1;
    view = hd_filecache_view_new(cache);
    CHECK_FAILS(hd_filecache_view_fill(view, second.a, fds, &err), &err,
                HD_E_FAILED, "kernel is not known");
    hd_filecache_view_free(view);

    /* Read and looked at, it is one, in the place of the other. */
    hd_filecache_add(cache, &second.a->manifest, second.fds, 2);
    CU_ASSERT_EQUAL(hd_filecache_bytes(cache), 3 * MIB);
    view = hd_filecache_view_new(cache);
    CHECK_OK(hd_filecache_view_fill(view, second.a, fds, &err), &err);
    CU_ASSERT_TRUE(same_file(fds[1], second.fds[1]));
    close(fds[1]);
    hd_filecache_view_free(view);
    hd_filecache_free(cache);
    unmake(&first);
    unmake(&second);
}

static const struct hd_test tests[] = {
    HD_TEST(what_guests_begin_with_is_kept_and_nothing_else),
    HD_TEST(a_stores_kernel_does_not_make_way_for_its_ramdisk),
    HD_TEST(what_does_not_fit_beside_its_own_store_drops_nobody),
    HD_TEST(a_ramdisk_is_no_kernel_for_another_store),
    HD_TEST(the_one_not_used_for_longest_makes_room),
    HD_TEST(with_a_limit_of_nothing_it_holds_nothing),
    HD_TEST(the_number_of_entries_has_a_bound_too),
    HD_TEST(after_a_day_unused_it_is_dropped),
    HD_TEST(a_known_file_stays_while_a_store_is_read),
    HD_TEST(what_is_not_known_is_not_found),
};

HD_SUITE("daemon/filecache", tests);
