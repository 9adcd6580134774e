/* SPDX-License-Identifier: MIT */
/* Tests hv/store/member with streams that end where they must not. */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../hv/store/member.h"
#include "../../hv/store/ustar.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

#define AT     4096 /* of the stream on its medium */
#define STREAM (4 * HD_USTAR_BLOCK)

/* One file of 100 bytes, its padding, and the two blocks of zeros. */
static struct hd_stream make_stream(struct hd_file *file)
{
    uint8_t bytes[STREAM] = {0};
    struct hd_err err = {0};
    struct hd_stream s = {.fd = hd_io_memfd("stream", AT + STREAM, &err),
                          .at = AT,
                          .end = AT + STREAM};

    *file = (struct hd_file){.name = "desk/initrd", .size = 100};
    hd_ustar_make(file->name, file->size, bytes);
    memset(bytes + HD_USTAR_BLOCK, 'x', file->size);
    EVP_Digest(bytes + HD_USTAR_BLOCK, file->size, file->sha256, NULL,
               EVP_sha256(), NULL);
    CHECK_OK(hd_io_pwrite(s.fd, bytes, sizeof(bytes), AT, &err), &err);
    return s;
}

static int read_all(struct hd_stream s, const struct hd_file *file,
                    struct hd_err *err)
{
    hd_autofd int fd = hd_member_copy(&s, file, err);

    return fd < 0 ? -1 : hd_member_end(&s, err);
}

static int pass_all(struct hd_stream s, const struct hd_file *file,
                    struct hd_err *err)
{
    return hd_member_skip(&s, file, err) ? -1 : hd_member_end(&s, err);
}

static void a_whole_stream_is_read_or_passed_over(void)
{
    struct hd_err err = {0};
    struct hd_file file;
    struct hd_stream s = make_stream(&file);

    CHECK_OK(read_all(s, &file, &err), &err);
    CHECK_OK(pass_all(s, &file, &err), &err);
    close(s.fd);
}

static void a_header_that_ends_too_early_is_refused(void)
{
    struct hd_file file;
    struct hd_stream s = make_stream(&file);

    for (uint64_t end = AT; end < AT + STREAM; end += 4) {
        struct hd_err err = {0};

        s.end = end;
        CHECK_FAILS(read_all(s, &file, &err), &err, HD_E_BAD_HEADER,
                    "its header ends too early");
        CHECK_FAILS(pass_all(s, &file, &err), &err, HD_E_BAD_HEADER,
                    "its header ends too early");
    }
    close(s.fd);
}

/* The table speaks of more than the medium gives. */
static void a_medium_that_ends_in_the_header_is_refused(void)
{
    struct hd_file file;
    struct hd_stream s = make_stream(&file);

    for (off_t end = AT + STREAM - 4; end >= AT; end -= 4) {
        struct hd_err err = {0};

        CU_ASSERT_EQUAL(ftruncate(s.fd, end), 0);
        CHECK_FAILS(read_all(s, &file, &err), &err, HD_E_BAD_HEADER,
                    "the store was cut off");
    }
    close(s.fd);
}

static void a_medium_that_cannot_be_read_is_no_bad_store(void)
{
    struct hd_err err = {0};
    struct hd_file file;
    struct hd_stream s = make_stream(&file);
    char *text;
    size_t len;

    close(s.fd);
    s.fd = -1;
    CHECK_FAILS(read_all(s, &file, &err), &err, HD_E_IO, "cannot read");
    CHECK_FAILS(hd_member_read(&s, "desk/initrd", 4096, HD_E_BAD_MEMBER, &text,
                               &len, &err),
                &err, HD_E_IO, "cannot read");
}

static void a_member_is_there_as_text_whole_or_not_at_all(void)
{
    struct hd_file file;
    struct hd_stream good = make_stream(&file), s = good;
    struct hd_err err = {0};
    hd_autofree char *text = NULL, *none = NULL;
    size_t len = 0;

    CHECK_OK(hd_member_read(&s, "desk/initrd", 100, HD_E_BAD_MEMBER, &text,
                            &len, &err),
             &err);
    CU_ASSERT_EQUAL(len, 100);
    CU_ASSERT_EQUAL(strlen(text), 100);
    s = good;
    CHECK_FAILS(hd_member_read(&s, "desk/initrd", 99, HD_E_BAD_MEMBER, &none,
                               &len, &err),
                &err, HD_E_BAD_MEMBER, "has 100 bytes, 1 to 99 allowed");
    s = good;
    s.end = AT + HD_USTAR_BLOCK + 99;
    CHECK_FAILS(hd_member_read(&s, "desk/initrd", 100, HD_E_BAD_MEMBER, &none,
                               &len, &err),
                &err, HD_E_BAD_HEADER, "its header ends too early");
    CU_ASSERT_PTR_NULL(none);
    close(good.fd);
}

/* Sizes that overflow: the largest a block can say, and what it is padded to.
 */
static void the_largest_size_of_a_block_reads_nothing(void)
{
    struct hd_err err = {0};
    struct hd_file file;
    struct hd_stream s = make_stream(&file);
    uint8_t block[HD_USTAR_BLOCK];
    char *text;
    size_t len;

    file.size = HD_USTAR_MAX;
    hd_ustar_make(file.name, file.size, block);
    CHECK_OK(hd_io_pwrite(s.fd, block, sizeof(block), AT, &err), &err);
    CHECK_FAILS(read_all(s, &file, &err), &err, HD_E_BAD_HEADER,
                "its header ends too early");
    CHECK_FAILS(pass_all(s, &file, &err), &err, HD_E_BAD_HEADER,
                "its header ends too early");
    CHECK_FAILS(hd_member_read(&s, "desk/initrd", 4096, HD_E_BAD_MEMBER, &text,
                               &len, &err),
                &err, HD_E_BAD_MEMBER, "has 8589934591 bytes, 1 to 4096");
    close(s.fd);
}

static const struct hd_test tests[] = {
    HD_TEST(a_whole_stream_is_read_or_passed_over),
    HD_TEST(a_header_that_ends_too_early_is_refused),
    HD_TEST(a_medium_that_ends_in_the_header_is_refused),
    HD_TEST(a_medium_that_cannot_be_read_is_no_bad_store),
    HD_TEST(a_member_is_there_as_text_whole_or_not_at_all),
    HD_TEST(the_largest_size_of_a_block_reads_nothing),
};

HD_SUITE("store/member", tests);
