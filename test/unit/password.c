/* SPDX-License-Identifier: MIT */
/* Tests hv/cli/password, from descriptors; the terminal is tested in the bed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "../../hv/cli/password.h"
#include "../../hv/store/auth.h"
#include "unit.h"

/* The read end of a pipe that holds `text`. */
static int holding(const char *text, size_t len)
{
    int pair[2];

    CU_ASSERT_EQUAL_FATAL(pipe(pair), 0);
    CU_ASSERT_EQUAL((size_t)write(pair[1], text, len), len);
    close(pair[1]);
    return pair[0];
}

static void each_line_is_one_password_and_the_last_needs_no_newline(void)
{
    hd_autofd int fd = holding("first one\nsecond", 16);
    hd_auto(hd_secret) a = NULL;
    hd_auto(hd_secret) b = NULL;
    struct hd_err err = {0};

    CHECK_OK(hd_password_read(fd, "x", &a, &err), &err);
    CHECK_OK(hd_password_new(fd, "x", &b, &err), &err);
    CU_ASSERT_EQUAL(a->len, 9);
    CU_ASSERT_STRING_EQUAL(a->data, "first one");
    CU_ASSERT_STRING_EQUAL(b->data, "second");
}

static void nothing_and_an_empty_line_are_no_password(void)
{
    hd_autofd int fd = holding("\n", 1);
    struct hd_secret *secret = NULL;
    struct hd_err err = {0};

    for (int i = 0; i < 2; i++)
        CHECK_FAILS(hd_password_read(fd, "x", &secret, &err), &err, HD_E_USAGE,
                    "empty");
    CU_ASSERT_PTR_NULL(secret);
}

static void the_longest_password_fits_and_one_byte_more_does_not(void)
{
    char text[HD_PASSWORD_MAX + 1];
    hd_auto(hd_secret) secret = NULL;
    struct hd_err err = {0};

    memset(text, 'p', sizeof(text));
    {
        hd_autofd int fd = holding(text, HD_PASSWORD_MAX);

        CHECK_OK(hd_password_read(fd, "x", &secret, &err), &err);
        CU_ASSERT_EQUAL(secret->len, HD_PASSWORD_MAX);
    }
    {
        hd_autofd int fd = holding(text, HD_PASSWORD_MAX + 1);

        CHECK_FAILS(hd_password_read(fd, "x", &secret, &err), &err, HD_E_USAGE,
                    "longer than 512");
    }
}

static void a_nul_byte_is_refused(void)
{
    hd_autofd int fd = holding("a\0b\n", 4);
    struct hd_secret *secret;
    struct hd_err err = {0};

    CHECK_FAILS(hd_password_read(fd, "x", &secret, &err), &err, HD_E_USAGE,
                "NUL");
}

/* An old one is only compared, so it may be anything. */
static void a_new_password_must_be_utf_8(void)
{
    static const char *const bad[] = {"caf\xe9\n", "\xc0\xaf\n",
                                      "\xed\xa0\x80\n", "a\x80\n"};
    hd_auto(hd_secret) secret = NULL;
    struct hd_err err = {0};

    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++) {
        hd_autofd int fd = holding(bad[i], strlen(bad[i]));

        CHECK_FAILS(hd_password_new(fd, "x", &secret, &err), &err, HD_E_USAGE,
                    "not UTF-8 text");
    }
    CU_ASSERT_PTR_NULL(secret);
    {
        hd_autofd int fd = holding("caf\xc3\xa9 \xe2\x82\xac\n", 10);

        CHECK_OK(hd_password_new(fd, "x", &secret, &err), &err);
    }
}

static void only_open_descriptors_are_taken(void)
{
    static const char *const bad[] = {"", "x", "-1", "1x", "9999", "99999999"};
    struct hd_err err = {0};
    int fd = -1;

    for (size_t i = 0; i < HD_ARRAY_LEN(bad); i++)
        CHECK_FAILS(hd_password_fd(bad[i], &fd, &err), &err, HD_E_USAGE,
                    "no open descriptor");
    CHECK_OK(hd_password_fd("1", &fd, &err), &err);
    CU_ASSERT_EQUAL(fd, 1);
}

static const struct hd_test tests[] = {
    HD_TEST(each_line_is_one_password_and_the_last_needs_no_newline),
    HD_TEST(nothing_and_an_empty_line_are_no_password),
    HD_TEST(the_longest_password_fits_and_one_byte_more_does_not),
    HD_TEST(a_nul_byte_is_refused),
    HD_TEST(a_new_password_must_be_utf_8),
    HD_TEST(only_open_descriptors_are_taken),
};

HD_SUITE("cli/password", tests);
