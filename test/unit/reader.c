/* SPDX-License-Identifier: MIT */
/* Tests hv/store/reader against the program hotdom-reader, and against peers
 * that lie. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zstd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/paths.h"
#include "store_kit.h"
#include "unit.h"

static void a_trusted_store_arrives_with_its_files(void)
{
    hd_autofree struct hd_answer *a = NULL;
    struct hd_err err = {0};
    char first[KIT_KERNEL];
    int fds[HD_MAX_FDS];
    struct kit_store s;
    size_t n = 0;
    int medium;

    kit_store_init(&s);
    medium = kit_store_build(&s);
    CHECK_OK(kit_run_reader(medium, &s.who, &a, fds, &n, &err), &err);
    CU_ASSERT_EQUAL_FATAL(n, 2);
    CU_ASSERT_EQUAL(a->err.code, HD_OK);
    CU_ASSERT_EQUAL(a->trusted, 1);
    CU_ASSERT_EQUAL(a->medium_size, KIT_SIZE);
    CU_ASSERT_EQUAL(a->extents[0].start, KIT_VOLUME);
    CU_ASSERT_EQUAL(a->extents[0].length, 1 << 20);
    CU_ASSERT_STRING_EQUAL(a->manifest.store.name, "travel");
    CHECK_OK(hd_io_check_sealed(fds[1], KIT_UNPACKED, &err), &err);
    CHECK_OK(hd_io_pread(fds[0], first, KIT_KERNEL, 0, &err), &err);
    CU_ASSERT_EQUAL(memcmp(first, s.files[0].data, KIT_KERNEL), 0);
    close(fds[0]);
    close(fds[1]);
    close(medium);
    kit_store_fini(&s);
}

static void a_refused_store_is_an_answer_without_files(void)
{
    hd_autofree struct hd_answer *a = NULL;
    struct hd_err err = {0};
    int fds[HD_MAX_FDS];
    struct kit_store s;
    size_t n = 9;
    int medium;

    kit_store_init(&s);
    medium = kit_store_build(&s);
    CHECK_OK(kit_run_reader(medium, NULL, &a, fds, &n, &err), &err);
    CU_ASSERT_EQUAL(n, 0);
    CU_ASSERT_EQUAL(a->err.code, HD_E_UNTRUSTED_SIGNER);
    CU_ASSERT_EQUAL(a->trusted, 0);
    CU_ASSERT_EQUAL(memcmp(&a->signer, &s.who, sizeof(s.who)), 0);
    CU_ASSERT_EQUAL(a->manifest.n_guests, 0);
    close(medium);
    kit_store_fini(&s);
}

/* The largest kernel there may be, in the largest window that zstd may have. */
static void put_largest_kernel(struct kit_member *m)
{
    hd_autofree uint8_t *plain = calloc(1, HD_UNPACKED_BYTES);
    hd_autofree uint8_t *packed = malloc(1 << 20);
    ZSTD_CCtx *z = ZSTD_createCCtx();
    size_t n;

    CU_ASSERT_PTR_NOT_NULL_FATAL(plain);
    kit_kernel(plain);
    ZSTD_CCtx_setParameter(z, ZSTD_c_windowLog, 23);
    n = ZSTD_compress2(z, packed, 1 << 20, plain, HD_UNPACKED_BYTES);
    CU_ASSERT_FALSE_FATAL(ZSTD_isError(n));
    ZSTD_freeCCtx(z);
    kit_store_put(m, packed, n);
    m->unpacked = HD_UNPACKED_BYTES;
}

/* The reader's own limit of address space holds it there; how much of it was
 * real is seen from here. */
static void the_largest_kernel_is_read_in_64_mebibytes(void)
{
    hd_autofree struct hd_answer *a = NULL;
    struct hd_err err = {0};
    int fds[HD_MAX_FDS];
    struct kit_store s;
    size_t n = 0;
    int medium;

    kit_store_init(&s);
    put_largest_kernel(&s.files[0]);
    kit_store_sign(&s, NULL);
    medium = kit_store_build(&s);
    CHECK_OK(kit_run_reader(medium, &s.who, &a, fds, &n, &err), &err);
    CU_ASSERT_STRING_EQUAL(a->err.msg, "");
    CU_ASSERT_EQUAL_FATAL(n, 2);
    CHECK_OK(hd_io_check_sealed(fds[0], HD_UNPACKED_BYTES, &err), &err);
#ifndef __SANITIZE_ADDRESS__
    CU_ASSERT_TRUE(kit_reader_usage.ru_maxrss * 1024ul <= HD_READER_MEMORY);
#endif
    close(fds[0]);
    close(fds[1]);
    close(medium);
    kit_store_fini(&s);
}

/* Spoilt on the medium, so that it is refused if it is looked at. */
static void a_known_file_is_neither_read_nor_sent(void)
{
    hd_autofree struct hd_answer *a = NULL, *b = NULL;
    struct hd_err err = {0};
    int fds[HD_MAX_FDS];
    struct hd_known known;
    struct kit_store s;
    size_t n = 0;
    int medium;

    kit_store_init(&s);
    medium = kit_store_build(&s);
    CHECK_OK(kit_run_reader(medium, &s.who, &a, fds, &n, &err), &err);
    known = hd_known_of(&a->manifest, &a->manifest.files[0]);
    close(fds[0]);
    close(fds[1]);
    close(medium);
    ((char *)s.files[0].data)[KIT_KERNEL - 1] ^= 1;
    medium = kit_store_build(&s);
    CHECK_OK(
        kit_run_reader_knowing(medium, &s.who, &known, 1, &b, fds, &n, &err),
        &err);
    CU_ASSERT_STRING_EQUAL(b->err.msg, "");
    CU_ASSERT_EQUAL_FATAL(n, 2);
    CU_ASSERT_EQUAL(b->known[0], 1);
    CU_ASSERT_EQUAL(b->known[1], 0);
    CU_ASSERT_EQUAL(fds[0], -1);
    CHECK_OK(hd_io_check_sealed(fds[1], KIT_UNPACKED, &err), &err);
    close(fds[1]);
    close(medium);
    kit_store_fini(&s);
}

/* The same digest is not enough: unpacked to another size it is another file.
 */
static void a_file_that_is_known_otherwise_is_read(void)
{
    hd_autofree struct hd_answer *a = NULL;
    struct hd_err err = {0};
    int fds[HD_MAX_FDS];
    struct hd_known known;
    struct kit_store s;
    size_t n = 0;
    int medium;

    kit_store_init(&s);
    medium = kit_store_build(&s);
    CHECK_OK(kit_run_reader(medium, &s.who, &a, fds, &n, &err), &err);
    for (int i = 0; i < 3; i++) {
        hd_autofree struct hd_answer *b = NULL;

        close(fds[0]);
        close(fds[1]);
        known = hd_known_of(&a->manifest, &a->manifest.files[1]);
        known.sha256[31] ^= i == 0;
        known.size += i == 1;
        known.unpacked += i == 2;
        CHECK_OK(kit_run_reader_knowing(medium, &s.who, &known, 1, &b, fds, &n,
                                        &err),
                 &err);
        CU_ASSERT_EQUAL(b->known[1], 0);
        CHECK_OK(hd_io_check_sealed(fds[1], KIT_UNPACKED, &err), &err);
    }
    close(fds[0]);
    close(fds[1]);
    close(medium);
    kit_store_fini(&s);
}

static void inspecting_asks_no_trust_but_a_signature(void)
{
    char path[PATH_MAX];
    struct hd_err err = {0};
    struct kit_store s;

    hd_beside(HD_READER, path);
    kit_store_init(&s);
    for (int i = 0; i < 3; i++) {
        hd_autofree struct hd_answer *a = NULL;
        hd_autofd int medium = -1;

        if (i == 2)
            ((char *)s.sig.data)[5] ^= 1;
        medium = kit_store_build(&s);
        CHECK_OK(hd_reader_run(path, medium, &s.who, i == 1, &a, &err), &err);
        CU_ASSERT_EQUAL(a->err.code, i == 2 ? HD_E_BAD_SIGNATURE : HD_OK);
        CU_ASSERT_EQUAL(a->trusted, i == 1);
        CU_ASSERT_EQUAL(a->manifest.n_guests, i != 2);
    }
    kit_store_fini(&s);
}

static void a_reader_that_is_missing_or_dies_is_an_error(void)
{
    hd_autofd int medium = open("/dev/null", O_RDONLY);
    hd_autofree struct hd_answer *a = NULL;
    struct hd_err err = {0};

    CHECK_FAILS(hd_reader_run("/nonexistent", medium, NULL, 0, &a, &err), &err,
                HD_E_FAILED, "/nonexistent: No such file");
    CHECK_FAILS(hd_reader_run("/bin/false", medium, NULL, 0, &a, &err), &err,
                HD_E_FAILED, "it ended without one");
}

static void without_descriptors_no_reader_is_started(void)
{
    hd_autofree struct hd_answer *a = NULL;
    struct rlimit few, old;
    struct hd_err err = {0};
    int rc;

    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &old), 0);
    few = old;
    few.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &few);
    rc = hd_reader_run("/bin/false", 0, NULL, 0, &a, &err);
    setrlimit(RLIMIT_NOFILE, &old);
    CU_ASSERT_EQUAL(rc, -1);
    CU_ASSERT_EQUAL(err.sys, EMFILE);
}

/* What a reader taken over by a store might send. */
struct lie {
    struct hd_answer *a; /* a good answer, to be spoilt */
    int files[2];
};

static int send_and_receive(const char *hello, const void *answer, size_t len,
                            bool seal, const int *files, size_t n,
                            struct hd_err *err)
{
    int pair[2], fds[8], got[HD_MAX_FDS], rc;
    struct hd_answer *back = NULL;
    size_t n_got = 0;

    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    fds[0] = hd_io_memfd("answer", len, err);
    CHECK_OK(hd_io_pwrite(fds[0], answer, len, 0, err), err);
    if (seal)
        CHECK_OK(hd_io_seal(fds[0], err), err);
    memcpy(fds + 1, files, n * sizeof(*fds));
    CHECK_OK(hd_io_send_fds(pair[1], hello, strlen(hello), fds, 1 + n, err),
             err);
    rc = hd_reader_receive(pair[0], &back, got, &n_got, err);
    for (size_t i = 0; i < n_got; i++)
        close(got[i]);
    free(back);
    close(fds[0]);
    close(pair[0]);
    close(pair[1]);
    return rc;
}

static void lie_init(struct lie *l)
{
    int fds[HD_MAX_FDS];
    struct hd_err err = {0};
    struct kit_store s;
    size_t n = 0;
    int medium;

    kit_store_init(&s);
    medium = kit_store_build(&s);
    CHECK_OK(kit_run_reader(medium, &s.who, &l->a, fds, &n, &err), &err);
    CU_ASSERT_EQUAL_FATAL(n, 2);
    memcpy(l->files, fds, sizeof(l->files));
    close(medium);
    kit_store_fini(&s);
}

static struct hd_answer bad; /* too large for a stack, many times */

#define LIE(spoil, words)                                                      \
    do {                                                                       \
        bad = *l.a;                                                            \
        spoil;                                                                 \
        CHECK_FAILS(send_and_receive(HD_READER_HELLO, &bad, sizeof(bad), true, \
                                     l.files, 2, &err),                        \
                    &err, err.code, words);                                    \
    } while (0)

static void answers_of_a_captured_reader_are_refused(void)
{
    struct hd_err err = {0};
    struct lie l;

    lie_init(&l);
    CHECK_OK(send_and_receive(HD_READER_HELLO, l.a, sizeof(*l.a), true, l.files,
                              2, &err),
             &err);
    LIE(bad.trusted = 0, "accepted without trust");
    LIE(bad.trusted = 2, "neither trusted nor not");
    LIE(bad.err.code = HD_CODE_COUNT, "no such refusal");
    LIE(bad.err.code = -1, "no such refusal");
    LIE(memset(bad.err.msg, 'x', sizeof(bad.err.msg)), "no such refusal");
    LIE(bad.err.code = HD_E_IO, "files of a refused store");
    LIE(bad.manifest.n_guests = UINT32_MAX, "guests: 4294967295 of them");
    LIE(memset(bad.manifest.guests[0].name, 'x', HD_NAME_SIZE),
        "the text does not end");
    LIE(bad.manifest.guests[0].memory.min = UINT64_MAX, "out of range");
    LIE(strcpy(bad.manifest.guests[0].disks[0].name, "../x"), "is not a name");
    LIE(bad.manifest.n_files = 1, "too many files or too few");
    LIE(bad.known[0] = 1, "too many files or too few");
    LIE(bad.known[0] = 2, "too many files or too few");
    LIE(bad.known[2] = 1, "too many files or too few");
    LIE(bad.manifest.files[1].unpacked++, "sealed memory of 300000 bytes");
    LIE(bad.extents[0].start++, "a volume is not where the table says");
    LIE(bad.extents[0].length -= 512, "a volume is not where the table says");
    LIE(bad.manifest.volumes[0].size *= 2,
        "a volume is not where the table says");
    LIE(bad.gpt.parts[1].id.byte[0]++, "a volume is not where the table says");
    LIE(bad.gpt.n = 1, "a volume is not where the table says");
    LIE(bad.gpt.n = UINT32_MAX, "the partition table is damaged");
    LIE(bad.gpt.sector = 0, "the partition table is damaged");
    LIE(bad.gpt.parts[1].start = UINT64_MAX - 511, "is out of bounds");
    LIE(bad.gpt.parts[1].start = KIT_HEADER, "two partitions overlap");
    LIE(bad.medium_size = KIT_VOLUME, "is out of bounds");
    LIE(bad.gpt.parts[1].type = bad.gpt.parts[0].type, "there is no header");
    LIE(bad.luks.n_users = 1, "too many users or too few");
    LIE(bad.luks.memory_kib = UINT32_MAX, "cost is out of range");
    LIE(bad.files_at = 0, "files are outside the header");
    LIE(bad.files_at = KIT_VOLUME - 512, "files are outside the header");
    LIE(bad.files_at = UINT64_MAX, "files are outside the header");
    free(l.a);
    close(l.files[0]);
    close(l.files[1]);
}

static void messages_of_another_form_are_refused(void)
{
    struct hd_err err = {0};
    struct lie l;
    int open_file, pair[2], fds[HD_MAX_FDS];
    struct hd_answer *back = NULL;
    size_t n = 0;

    lie_init(&l);
    CHECK_FAILS(send_and_receive("hotdom-reader 3", l.a, sizeof(*l.a), true,
                                 l.files, 2, &err),
                &err, HD_E_FAILED, "it speaks another version");
    CHECK_FAILS(send_and_receive(HD_READER_HELLO "!", l.a, sizeof(*l.a), true,
                                 l.files, 2, &err),
                &err, HD_E_FAILED, "it speaks another version");
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    CU_ASSERT_EQUAL(write(pair[1], HD_READER_HELLO, 15), 15);
    CHECK_FAILS(hd_reader_receive(pair[0], &back, fds, &n, &err), &err,
                HD_E_FAILED, "no answer in it");
    close(pair[0]);
    close(pair[1]);
    CHECK_FAILS(hd_reader_receive(-1, &back, fds, &n, &err), &err, err.code,
                "");
    CHECK_FAILS(send_and_receive(HD_READER_HELLO, l.a, sizeof(*l.a) - 1, true,
                                 l.files, 2, &err),
                &err, HD_E_FAILED, "sealed memory of");
    CHECK_FAILS(send_and_receive(HD_READER_HELLO, l.a, sizeof(*l.a), false,
                                 l.files, 2, &err),
                &err, HD_E_FAILED, "not sealed");
    CHECK_FAILS(send_and_receive(HD_READER_HELLO, l.a, sizeof(*l.a), true,
                                 l.files, 1, &err),
                &err, HD_E_FAILED, "too many files or too few");
    open_file = hd_io_memfd("open", KIT_UNPACKED, &err);
    CHECK_FAILS(send_and_receive(HD_READER_HELLO, l.a, sizeof(*l.a), true,
                                 (int[]){l.files[0], open_file}, 2, &err),
                &err, HD_E_FAILED,
                "file desk/extra.zst: the memory is not "
                "sealed");
    close(open_file);
    free(l.a);
    close(l.files[0]);
    close(l.files[1]);
}

static void a_refusal_cannot_write_on_the_terminal(void)
{
    struct hd_answer *a = calloc(1, sizeof(*a)), *back = NULL;
    int pair[2], fds[HD_MAX_FDS], fd;
    struct hd_err err = {0};
    size_t n;

    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    a->err.code = HD_E_BAD_HEADER;
    strcpy(a->err.msg, "\033[2J\xff\n gone");
    fd = hd_io_memfd("answer", sizeof(*a), &err);
    CHECK_OK(hd_io_pwrite(fd, a, sizeof(*a), 0, &err), &err);
    CHECK_OK(hd_io_seal(fd, &err), &err);
    CHECK_OK(hd_io_send_fds(pair[1], HD_READER_HELLO, 15, &fd, 1, &err), &err);
    CHECK_OK(hd_reader_receive(pair[0], &back, fds, &n, &err), &err);
    CU_ASSERT_STRING_EQUAL(back->err.msg, "?[2J?? gone");
    free(a);
    free(back);
    close(fd);
    close(pair[0]);
    close(pair[1]);
}

static const struct hd_test tests[] = {
    HD_TEST(a_trusted_store_arrives_with_its_files),
    HD_TEST(a_refused_store_is_an_answer_without_files),
    HD_TEST(the_largest_kernel_is_read_in_64_mebibytes),
    HD_TEST(a_known_file_is_neither_read_nor_sent),
    HD_TEST(a_file_that_is_known_otherwise_is_read),
    HD_TEST(inspecting_asks_no_trust_but_a_signature),
    HD_TEST(a_reader_that_is_missing_or_dies_is_an_error),
    HD_TEST(without_descriptors_no_reader_is_started),
    HD_TEST(answers_of_a_captured_reader_are_refused),
    HD_TEST(messages_of_another_form_are_refused),
    HD_TEST(a_refusal_cannot_write_on_the_terminal),
};

HD_SUITE("store/reader", tests);
