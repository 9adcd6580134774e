/* SPDX-License-Identifier: MIT */
/* Tests what hotdom-reader hands over of encrypted volumes, and hostile stores
 * whose LUKS2 headers are not those that were signed. */
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../hv/store/reader.h"
#include "../../hv/volume/luks.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/paths.h"
#include "pack_kit.h"
#include "store_kit.h"
#include "unit.h"

static const char source[] = "hotdom: 1\n"
                             "store: {name: locked}\n"
                             "users: [{name: x}, {name: y}]\n"
                             "volumes:\n"
                             "  - {name: root, size: 1M}\n"
                             "  - {name: plain, encryption: none, size: 1M}\n"
                             "  - {name: home, size: 1M}\n"
                             "guests: [{name: one, kernel: kernel}]\n";

struct bench {
    struct pack_kit kit;
    int medium;
    struct hd_answer *a;
    int headers[HD_MAX_LUKS];
    size_t n;
};

static int look(struct bench *b, struct hd_err *err)
{
    char path[PATH_MAX];

    hd_beside(HD_READER, path);
    return hd_reader_run_luks(path, b->medium, NULL, 0, &b->a, b->headers,
                              &b->n, err);
}

static void forget(struct bench *b)
{
    while (b->n > 0)
        close(b->headers[--b->n]);
    free(b->a);
    b->a = NULL;
}

static void bench_init(struct bench *b)
{
    struct hd_packed packed = {0};
    struct hd_err err = {0};

    memset(b, 0, sizeof(*b));
    pack_kit_init(&b->kit);
    pack_kit_text(&b->kit, "m.yaml", source);
    CHECK_OK(hd_pack(&b->kit.in, &packed, &err), &err);
    hd_secret_free(packed.recovery);
    b->medium = open(b->kit.output, O_RDWR);
    CU_ASSERT_FATAL(b->medium >= 0);
    CHECK_OK(look(b, &err), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b->a);
    CU_ASSERT_EQUAL_FATAL(b->a->err.code, HD_OK);
}

static void bench_fini(struct bench *b)
{
    forget(b);
    close(b->medium);
    pack_kit_fini(&b->kit);
}

static void flip(struct bench *b, uint64_t at)
{
    struct hd_err err = {0};
    char byte;

    CHECK_OK(hd_io_pread(b->medium, &byte, 1, (off_t)at, &err), &err);
    byte ^= 1;
    CHECK_OK(hd_io_pwrite(b->medium, &byte, 1, (off_t)at, &err), &err);
}

/* The header of another store's volume over that of ours. */
static void swap(struct bench *to, int volume, struct bench *from, int other)
{
    const size_t len = 1 << 20;
    hd_autofree char *buf = malloc(len);
    struct hd_err err = {0};

    CU_ASSERT_PTR_NOT_NULL_FATAL(buf);
    CHECK_OK(hd_io_pread(from->medium, buf, len,
                         (off_t)from->a->extents[other].start, &err),
             &err);
    CHECK_OK(hd_io_pwrite(to->medium, buf, len,
                          (off_t)to->a->extents[volume].start, &err),
             &err);
}

static void refused(struct bench *b, const char *words)
{
    struct hd_err err = {0};

    forget(b);
    CHECK_OK(look(b, &err), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b->a);
    CU_ASSERT_EQUAL(b->a->err.code, HD_E_BAD_VOLUME);
    if (!strstr(b->a->err.msg, words)) {
        printf("\n    got \"%s\", not \"%s\"\n", b->a->err.msg, words);
        CU_FAIL("refused with other words");
    }
    CU_ASSERT_EQUAL(b->n, 0);
}

/* The same in this process, without a sandbox. */
static void headers_are_judged_with_the_rest_of_the_store(void)
{
    struct hd_err err = {0};
    struct bench b;

    bench_init(&b);
    CHECK_OK(kit_read(b.medium, &b.a->signer, &err), &err);
    flip(&b, b.a->extents[2].start + 5000);
    flip(&b, b.a->extents[2].start + HD_LUKS_JSON + 5000);
    CHECK_FAILS(kit_read(b.medium, &b.a->signer, &err), &err, HD_E_BAD_VOLUME,
                "volume home: the LUKS2 header's checksum does not fit");
    bench_fini(&b);
}

static void the_reader_hands_over_all_luks_headers_and_the_users(void)
{
    struct hd_err err = {0};
    struct bench b;

    bench_init(&b);
    CU_ASSERT_EQUAL(b.n, 2);
    CHECK_OK(hd_io_check_sealed(b.headers[0], HD_LUKS_OFFSET_KEY, &err), &err);
    CHECK_OK(hd_io_check_sealed(b.headers[1], HD_LUKS_OFFSET_OTHER, &err),
             &err);
    CU_ASSERT_EQUAL(b.a->luks.n_users, 3);
    CU_ASSERT_STRING_EQUAL(b.a->luks.users[0].name, "x");
    CU_ASSERT_STRING_EQUAL(b.a->luks.users[1].name, "y");
    CU_ASSERT_STRING_EQUAL(b.a->luks.users[2].name, "recovery");
    CU_ASSERT_EQUAL(b.a->luks.memory_kib, 1024);
    bench_fini(&b);
}

static void what_was_handed_over_opens_every_volume(void)
{
    hd_auto(hd_secret) password = hd_secret_new(20);
    hd_auto(hd_secret) key = NULL;
    hd_auto(hd_secret) derived = NULL;
    hd_auto(hd_secret) other = NULL;
    const struct hd_volume *home;
    struct hd_err err = {0};
    struct bench b;

    bench_init(&b);
    home = &b.a->manifest.volumes[2];
    password->len = strlen(strcpy(password->data, "y's secret"));
    CHECK_OK(hd_luks_open(b.headers[0], 1, password, &key, &err), &err);
    CHECK_OK(hd_luks_check_mark(key, &b.a->manifest.volumes[0].luks, &err),
             &err);
    CHECK_OK(hd_luks_derive(key, &home->luks.uuid, &derived, &err), &err);
    CHECK_OK(hd_luks_open(b.headers[1], 0, derived, &other, &err), &err);
    CHECK_OK(hd_luks_check_mark(other, &home->luks, &err), &err);
    bench_fini(&b);
}

static void files_and_headers_come_in_order(void)
{
    struct hd_answer *a = NULL;
    struct hd_err err = {0};
    int fds[HD_MAX_FDS];
    struct bench b;
    size_t n = 0;

    bench_init(&b);
    CHECK_OK(kit_run_reader(b.medium, &b.a->signer, &a, fds, &n, &err), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    CU_ASSERT_EQUAL_FATAL(n, 3);
    CHECK_OK(hd_io_check_sealed(fds[1], HD_LUKS_OFFSET_KEY, &err), &err);
    CHECK_OK(hd_io_check_sealed(fds[2], HD_LUKS_OFFSET_OTHER, &err), &err);
    while (n > 0)
        close(fds[--n]);
    free(a);
    bench_fini(&b);
}

/* The manifest is the header's first member, behind its block. */
static void the_digest_is_of_the_manifests_bytes(void)
{
    struct hd_err err = {0};
    char text[8192], *end;
    uint8_t digest[32];
    struct bench b;

    bench_init(&b);
    CHECK_OK(hd_io_pread(b.medium, text, sizeof(text),
                         (off_t)b.a->gpt.parts[0].start + 512, &err),
             &err);
    end = memchr(text, '\0', sizeof(text));
    CU_ASSERT_PTR_NOT_NULL_FATAL(end);
    EVP_Digest(text, (size_t)(end - text), digest, NULL, EVP_sha256(), NULL);
    CU_ASSERT_EQUAL(memcmp(digest, b.a->digest, sizeof(digest)), 0);
    bench_fini(&b);
}

static void the_luks_header_of_another_store_is_refused(void)
{
    struct bench b, thief;

    bench_init(&b);
    bench_init(&thief);
    swap(&b, 0, &thief, 0);
    refused(&b, "volume root: the LUKS2 header is another volume's");
    bench_fini(&thief);
    bench_fini(&b);
}

static void the_luks_header_of_another_volume_is_refused(void)
{
    struct bench b;

    bench_init(&b);
    swap(&b, 2, &b, 0);
    refused(&b, "volume home: the LUKS2 header is another volume's");
    bench_fini(&b);
}

/* Made with a key of the thief's, under the UUID that was signed: the header
 * is a good one, and its key is not the one that was signed. */
static void a_swapped_luks_header_does_not_match_the_mark(void)
{
    const struct hd_luks_cost cheap = {32, 4, 1};
    hd_auto(hd_secret) password = hd_secret_new(20);
    hd_auto(hd_secret) made = NULL;
    hd_auto(hd_secret) key = NULL;
    hd_autofd int header = -1;
    struct hd_err err = {0};
    struct hd_luks luks;
    struct bench b;

    bench_init(&b);
    luks = b.a->manifest.volumes[0].luks;
    password->len = strlen(strcpy(password->data, "thief"));
    CHECK_OK(hd_luks_make(&luks.uuid, luks.offset, &header, &made, &err), &err);
    CHECK_OK(hd_luks_add(header, made, "x", password, &cheap, &err), &err);
    CHECK_OK(hd_luks_write(header, b.medium, b.a->extents[0].start, &err),
             &err);
    forget(&b);
    CHECK_OK(look(&b, &err), &err);
    CU_ASSERT_EQUAL_FATAL(b.n, 2);
    CHECK_OK(hd_luks_open(b.headers[0], 0, password, &key, &err), &err);
    CHECK_FAILS(hd_luks_check_mark(key, &luks, &err), &err, HD_E_BAD_VOLUME,
                "the header is not the one that was signed");
    bench_fini(&b);
}

static void a_damaged_luks_header_is_refused_with_its_volume(void)
{
    uint64_t at;
    struct bench b;

    bench_init(&b);
    at = b.a->extents[2].start;
    flip(&b, at + 5000);
    flip(&b, at + HD_LUKS_JSON + 5000);
    refused(&b, "volume home: the LUKS2 header's checksum does not fit");
    bench_fini(&b);
}

static void a_torn_luks_header_is_whole_in_the_copy(void)
{
    uint8_t both[2 * HD_LUKS_JSON];
    struct hd_luks_facts facts;
    hd_autofd int again = -1;
    struct hd_err err = {0};
    uint64_t at;
    struct bench b;

    bench_init(&b);
    at = b.a->extents[0].start;
    flip(&b, at + 5000);
    forget(&b);
    CHECK_OK(look(&b, &err), &err);
    CU_ASSERT_EQUAL_FATAL(b.n, 2);
    CHECK_OK(hd_io_pread(b.headers[0], both, sizeof(both), 0, &err), &err);
    CU_ASSERT_EQUAL(memcmp(both, "LUKS\xba\xbe", 6), 0);
    CU_ASSERT_EQUAL(memcmp(both + 5000, both + HD_LUKS_JSON + 5000, 5000), 0);
    again = hd_luks_header_copy(b.headers[0], 0, 64 << 20,
                                &b.a->manifest.volumes[0].luks, &facts, &err);
    CU_ASSERT(again >= 0);
    bench_fini(&b);
}

static void facts_from_the_reader_are_checked(void)
{
    struct hd_luks_facts good = {
        .n_users = 2, .memory_kib = 32, .time = 4, .lanes = 1};
    struct hd_luks_facts f;
    struct hd_err err = {0};

    strcpy(good.users[0].name, "x");
    strcpy(good.users[1].name, "y");
    good.users[1].keyslot = 1;
    CHECK_OK(hd_luks_header_check_facts(&good, true, &err), &err);
#define BAD(spoil, users, words)                                               \
    f = good;                                                                  \
    spoil;                                                                     \
    CHECK_FAILS(hd_luks_header_check_facts(&f, users, &err), &err,             \
                HD_E_BAD_VOLUME, words)
    BAD((void)0, false, "too many users or too few");
    BAD(f.n_users = 33, true, "too many users or too few");
    BAD(f.n_users = 0, true, "too many users or too few");
    BAD(f.users[1].keyslot = 0, true, "user 1 is none");
    BAD(f.users[1].keyslot = 32, true, "user 1 is none");
    BAD(strcpy(f.users[1].name, "x"), true, "user 1 is none");
    BAD(strcpy(f.users[1].name, "a\n"), true, "user 1 is none");
    BAD(memset(f.users[1].name, 'x', HD_NAME_SIZE), true, "user 1 is none");
    BAD(f.memory_kib = HD_LUKS_MEMORY_MAX + 1, true, "cost is out of range");
    BAD(f.lanes = 0, true, "cost is out of range");
    BAD(f.time = HD_LUKS_TIME_MAX + 1, true, "cost is out of range");
    BAD(f.lanes = HD_LUKS_LANES_MAX + 1, true, "cost is out of range");
#undef BAD
}

static const struct hd_test tests[] = {
    HD_TEST(headers_are_judged_with_the_rest_of_the_store),
    HD_TEST(the_reader_hands_over_all_luks_headers_and_the_users),
    HD_TEST(what_was_handed_over_opens_every_volume),
    HD_TEST(files_and_headers_come_in_order),
    HD_TEST(the_digest_is_of_the_manifests_bytes),
    HD_TEST(the_luks_header_of_another_store_is_refused),
    HD_TEST(the_luks_header_of_another_volume_is_refused),
    HD_TEST(a_swapped_luks_header_does_not_match_the_mark),
    HD_TEST(a_damaged_luks_header_is_refused_with_its_volume),
    HD_TEST(a_torn_luks_header_is_whole_in_the_copy),
    HD_TEST(facts_from_the_reader_are_checked),
};

HD_SUITE("store/reader_luks", tests);
