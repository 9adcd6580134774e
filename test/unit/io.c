/* SPDX-License-Identifier: MIT */
/* Tests pv-drivers/base/io and mem. */
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

static void a_short_file_says_where_it_ends(void)
{
    struct hd_err err = {0};
    hd_autofd int fd = hd_io_memfd("test", 100, &err);
    char buf[64];

    CHECK_FAILS(hd_io_pread(fd, buf, sizeof(buf), 60, &err), &err,
                HD_E_BAD_HEADER, "ends at byte 100");
}

static void sealed_memory_is_known_from_open_memory(void)
{
    struct hd_err err = {0};
    hd_autofd int fd = hd_io_memfd("test", 4096, &err);

    CHECK_FAILS(hd_io_check_sealed(fd, 4096, &err), &err, HD_E_FAILED,
                "not sealed");
    CHECK_OK(hd_io_seal(fd, &err), &err);
    CHECK_OK(hd_io_check_sealed(fd, 4096, &err), &err);
    CHECK_FAILS(hd_io_check_sealed(fd, 4095, &err), &err, HD_E_FAILED, "4096");
    CHECK_FAILS(hd_io_pwrite(fd, "x", 1, 0, &err), &err, HD_E_IO, "byte 0");
}

static void descriptors_travel_with_their_message(void)
{
    struct hd_err err = {0};
    int pair[2], fds[4], sent;
    size_t n = 4;
    char buf[16];
    struct stat a, b;

    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    sent = hd_io_memfd("test", 1, &err);
    CHECK_OK(hd_io_send_fds(pair[0], "hello", 5, &sent, 1, &err), &err);
    CU_ASSERT_EQUAL(hd_io_recv_fds(pair[1], buf, sizeof(buf), fds, &n, &err),
                    5);
    CU_ASSERT_EQUAL_FATAL(n, 1);
    CU_ASSERT_EQUAL(fstat(sent, &a), 0);
    CU_ASSERT_EQUAL(fstat(fds[0], &b), 0);
    CU_ASSERT_EQUAL(a.st_ino, b.st_ino);
    close(sent);
    close(fds[0]);
    close(pair[0]);
    close(pair[1]);
}

static void a_file_is_replaced_whole_and_has_a_bound(void)
{
    struct hd_err err = {0};
    char path[] = "/tmp/hd-unit-XXXXXX";
    hd_autofree char *text = NULL;
    size_t len = 0;

    close(mkstemp(path));
    CHECK_OK(hd_io_write_file(path, "0123456789", 10, 0600, &err), &err);
    CHECK_OK(hd_io_read_file(path, 10, &text, &len, &err), &err);
    CU_ASSERT_EQUAL(len, 10);
    CU_ASSERT_STRING_EQUAL(text, "0123456789");
    CHECK_FAILS(hd_io_read_file(path, 9, &text, &len, &err), &err, HD_E_IO,
                "larger than 9");
    unlink(path);
}

static void secrets_compare_equal_only_when_every_byte_is(void)
{
    hd_auto(hd_secret) s = hd_secret_new(32);

    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    memcpy(s->data, "abcdef", 6);
    CU_ASSERT_EQUAL(hd_secret_compare(s->data, "abcdef", 6), 0);
    CU_ASSERT_NOT_EQUAL(hd_secret_compare(s->data, "abcdeg", 6), 0);
    CU_ASSERT_NOT_EQUAL(hd_secret_compare(s->data, "Abcdef", 6), 0);
}

static void a_deadline_that_is_over_leaves_nothing(void)
{
    uint64_t now = hd_io_now_ms();

    CU_ASSERT_EQUAL(hd_io_left_ms(now), 0);
    CU_ASSERT_EQUAL(hd_io_left_ms(now - 1), 0);
    CU_ASSERT_TRUE(hd_io_left_ms(now + 60000) > 50000);
    CU_ASSERT_TRUE(hd_io_left_ms(UINT64_MAX) > 0);
}

static void who_looks_once_a_minute_looks_with_the_others(void)
{
    CU_ASSERT_EQUAL(hd_io_to_minute(120000), 60000);
    CU_ASSERT_EQUAL(hd_io_to_minute(120001), 59999);
    CU_ASSERT_EQUAL(hd_io_to_minute(179000), 1000);
    /* A timer that was early is not there twice. */
    CU_ASSERT_EQUAL(hd_io_to_minute(179998), 60002);
}

static const struct hd_test tests[] = {
    HD_TEST(a_short_file_says_where_it_ends),
    HD_TEST(sealed_memory_is_known_from_open_memory),
    HD_TEST(descriptors_travel_with_their_message),
    HD_TEST(a_file_is_replaced_whole_and_has_a_bound),
    HD_TEST(secrets_compare_equal_only_when_every_byte_is),
    HD_TEST(a_deadline_that_is_over_leaves_nothing),
    HD_TEST(who_looks_once_a_minute_looks_with_the_others),
};

HD_SUITE("base/io", tests);
