/* SPDX-License-Identifier: MIT */
/* Tests dom-guest/xsdev: the wire's bytes, with the test at its other end. */
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <xen/io/xs_wire.h>

#include "../../dom-guest/xsdev.h"
#include "unit.h"

static struct hd_xsdev *x;
static int peer;

static void begin(void)
{
    struct hd_err err;
    int fds[2];

    CU_ASSERT_FATAL(!socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
    peer = fds[1];
    CHECK_OK(hd_xsdev_take(fds[0], &x, &err), &err);
}

static void end(void)
{
    hd_xsdev_free(hd_steal(&x));
    close(peer);
}

/* The answer to request number `seq`, before it is asked. */
static void say(uint32_t type, uint32_t seq, const void *body, uint32_t len)
{
    struct xsd_sockmsg msg = {.type = type, .req_id = seq, .len = len};

    CU_ASSERT_EQUAL(write(peer, &msg, sizeof(msg)), sizeof(msg));
    if (len)
        CU_ASSERT_EQUAL(write(peer, body, len), len);
}

static void check_heard(uint32_t type, const void *body, uint32_t len)
{
    struct xsd_sockmsg msg;
    char got[256];

    CU_ASSERT_EQUAL(read(peer, &msg, sizeof(msg)), sizeof(msg));
    CU_ASSERT_EQUAL(msg.type, type);
    CU_ASSERT_EQUAL_FATAL(msg.len, len);
    CU_ASSERT_EQUAL(read(peer, got, sizeof(got)), len);
    CU_ASSERT_EQUAL(memcmp(got, body, len), 0);
}

static void a_value_is_asked_for_and_read(void)
{
    struct hd_err err;
    char value[8];

    begin();
    say(XS_READ, 1, "1234567", 7);
    CU_ASSERT_EQUAL(hd_xsdev_read(x, "a/b", value, sizeof(value), &err), 1);
    CU_ASSERT_STRING_EQUAL(value, "1234567");
    check_heard(XS_READ, "a/b", 4);
    say(XS_READ, 2, "12345678", 8);
    CHECK_FAILS(hd_xsdev_read(x, "a/b", value, sizeof(value), &err), &err,
                HD_E_FAILED, "longer than 7");
    say(XS_READ, 3, "1\0002", 3);
    CHECK_FAILS(hd_xsdev_read(x, "a/b", value, sizeof(value), &err), &err,
                HD_E_FAILED, "no text");
    end();
}

static void what_is_not_there_is_no_error_and_what_is_forbidden_is(void)
{
    char value[8] = "kept", names[HD_XSDEV_PAYLOAD + 1];
    struct hd_err err;
    size_t len = 9;

    begin();
    say(XS_ERROR, 1, "ENOENT", 7);
    CU_ASSERT_EQUAL(hd_xsdev_read(x, "a", value, sizeof(value), &err), 0);
    CU_ASSERT_STRING_EQUAL(value, "kept");
    say(XS_ERROR, 2, "ENOENT", 7);
    CHECK_OK(hd_xsdev_list(x, "a", names, &len, &err), &err);
    CU_ASSERT_EQUAL(len, 0);
    say(XS_ERROR, 3, "EACCES", 7);
    CHECK_FAILS(hd_xsdev_read(x, "a", value, sizeof(value), &err), &err,
                HD_E_IO, "Permission denied");
    end();
}

static void a_value_is_written_without_its_end(void)
{
    struct hd_err err;

    begin();
    say(XS_WRITE, 1, "OK", 3);
    CHECK_OK(hd_xsdev_write(x, "a", "new", &err), &err);
    check_heard(XS_WRITE, "a\0new", 5);
    end();
}

static void names_come_each_with_its_end(void)
{
    char names[HD_XSDEV_PAYLOAD + 1];
    struct hd_err err;
    size_t len = 0;

    begin();
    say(XS_DIRECTORY, 1, "one\0two", 8);
    CHECK_OK(hd_xsdev_list(x, "a", names, &len, &err), &err);
    CU_ASSERT_EQUAL(len, 8);
    CU_ASSERT_STRING_EQUAL(names + 4, "two");
    say(XS_DIRECTORY, 2, "one\0two", 7);
    CHECK_FAILS(hd_xsdev_list(x, "a", names, &len, &err), &err, HD_E_IO,
                "without an end");
    end();
}

static void a_bell_rings_also_while_an_answer_is_awaited(void)
{
    struct hd_err err;
    uint32_t bells;

    begin();
    say(XS_WATCH_EVENT, 0, "data\0003", 7);
    say(XS_WATCH, 1, "OK", 3);
    CHECK_OK(hd_xsdev_watch(x, "data", 3, &err), &err);
    check_heard(XS_WATCH, "data\0003", 7);
    /* Nothing is to be read any more, and yet it has rung. */
    CU_ASSERT_TRUE(hd_xsdev_rung(x));
    say(XS_WATCH_EVENT, 0, "data/x\0005", 9);
    /* Of nobody's, and no bell at all. */
    say(XS_WATCH_EVENT, 0, "data\00099", 8);
    say(XS_WATCH_EVENT, 0, "data", 4);
    CHECK_OK(hd_xsdev_bells(x, &bells, &err), &err);
    CU_ASSERT_EQUAL(bells, 1u << 3 | 1u << 5);
    CU_ASSERT_FALSE(hd_xsdev_rung(x));
    CHECK_OK(hd_xsdev_bells(x, &bells, &err), &err);
    CU_ASSERT_EQUAL(bells, 0);
    end();
}

static void answers_that_cannot_be_are_errors(void)
{
    struct xsd_sockmsg msg = {.type = XS_READ, .req_id = 3, .len = 4097};
    struct hd_err err;
    char value[8];

    begin();
    /* One to an earlier question is passed over. */
    say(XS_READ, 77, "old", 3);
    say(XS_WRITE, 1, "OK", 3);
    CHECK_FAILS(hd_xsdev_read(x, "a", value, sizeof(value), &err), &err,
                HD_E_IO, "answers 2 with 11");
    say(XS_ERROR, 2, "EWHAT", 6);
    CHECK_FAILS(hd_xsdev_read(x, "a", value, sizeof(value), &err), &err,
                HD_E_IO, "EWHAT");
    CU_ASSERT_EQUAL(write(peer, &msg, sizeof(msg)), sizeof(msg));
    CHECK_FAILS(hd_xsdev_read(x, "a", value, sizeof(value), &err), &err,
                HD_E_IO, "4097 bytes");
    end();
}

static void a_closed_xenstore_is_named(void)
{
    struct hd_err err;
    char value[8];

    begin();
    shutdown(peer, SHUT_WR);
    CHECK_FAILS(hd_xsdev_read(x, "a", value, sizeof(value), &err), &err,
                HD_E_IO, "closed");
    end();
}

static void a_request_is_never_larger_than_a_message(void)
{
    char value[HD_XSDEV_PAYLOAD];
    struct hd_err err;

    begin();
    memset(value, 'v', sizeof(value));
    value[sizeof(value) - 1] = '\0';
    CHECK_FAILS(hd_xsdev_write(x, "a", value, &err), &err, HD_E_FAILED,
                "4097 bytes");
    end();
}

static const struct hd_test tests[] = {
    HD_TEST(a_value_is_asked_for_and_read),
    HD_TEST(what_is_not_there_is_no_error_and_what_is_forbidden_is),
    HD_TEST(a_value_is_written_without_its_end),
    HD_TEST(names_come_each_with_its_end),
    HD_TEST(a_bell_rings_also_while_an_answer_is_awaited),
    HD_TEST(answers_that_cannot_be_are_errors),
    HD_TEST(a_closed_xenstore_is_named),
    HD_TEST(a_request_is_never_larger_than_a_message),
};
HD_SUITE("dom-guest/xsdev", tests);
