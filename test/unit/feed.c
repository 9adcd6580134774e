/* SPDX-License-Identifier: MIT */
/* Tests hv/control/feed: what is told of a guest's requests, and by whom it is
 * believed. */
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../hv/control/feed.h"
#include "../../pv-drivers/fs9p/control.h"
#include "unit.h"

/* hotdom-9p's end of the one socket, the client's end of the other. */
static struct bench {
    uv_loop_t loop;
    struct hd_conn conn;
    int process, client;
} b;

static void begin(void)
{
    struct hd_err err = {0};
    int from[2], to[2];

    memset(&b, 0, sizeof(b));
    uv_loop_init(&b.loop);
    CU_ASSERT_FATAL(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, from) &&
                    !socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, to));
    uv_pipe_init(&b.loop, &b.conn.pipe, 0);
    b.conn.pipe.data = &b.conn;
    CU_ASSERT_EQUAL_FATAL(uv_pipe_open(&b.conn.pipe, to[1]), 0);
    b.process = from[0];
    b.client = to[0];
    b.conn.busy = b.conn.more = true;
    CHECK_OK(hd_feed_begin(&b.loop, from[1], &b.conn, &err), &err);
}

static void end(void)
{
    if (b.process >= 0)
        close(b.process);
    uv_run(&b.loop, UV_RUN_DEFAULT);
    close(b.client);
    uv_close((uv_handle_t *)&b.conn.pipe, NULL);
    uv_run(&b.loop, UV_RUN_DEFAULT);
    CU_ASSERT_EQUAL(uv_loop_close(&b.loop), 0);
}

static void tell(struct hd_9p_told t, const char *path, size_t len)
{
    memcpy(t.path, path, len);
    CU_ASSERT(send(b.process, &t, offsetof(struct hd_9p_told, path) + len, 0) >
              0);
}

/* All that the client has been told by now, NULs as "|". */
static const char *heard(void)
{
    static char text[1 << 16];
    ssize_t n;

    for (int i = 0; i < 4; i++) {
        usleep(HD_FEED_MS * 1000 / 2);
        uv_run(&b.loop, UV_RUN_NOWAIT);
    }
    n = recv(b.client, text, sizeof(text) - 1, 0);
    for (ssize_t i = 0; i < n; i++)
        text[i] = text[i] ? text[i] : '|';
    text[n > 0 ? n : 0] = '\0';
    return text;
}

static void a_path_is_told_with_what_decided(void)
{
    const char *got;

    begin();
    tell((struct hd_9p_told){.side = HD_SIDE_HOST, .entry = 4, .opened = 1},
         "/etc/motd", 9);
    tell((struct hd_9p_told){.side = HD_SIDE_GUEST, .lost = 3}, "/root", 5);
    got = heard();
    CU_ASSERT_STRING_EQUAL(
        got, "{\"parameters\":{\"path\":\"\\/etc\\/motd\",\"side\":\"host\","
             "\"entry\":\"\\/etc\",\"asked\":\"opened\",\"lost\":0},"
             "\"continues\":true}|"
             "{\"parameters\":{\"path\":\"\\/root\",\"side\":\"guest\","
             "\"entry\":null,\"asked\":\"looked-up\",\"lost\":3},"
             "\"continues\":true}|");
    CU_ASSERT(b.conn.busy);
    end();
    CU_ASSERT_FALSE(b.conn.busy);
}

static void a_name_that_no_terminal_should_see_is_made_printable(void)
{
    begin();
    tell((struct hd_9p_told){.side = HD_SIDE_HOST}, "/a\x1b[2J\xff\nb", 9);
    CU_ASSERT_PTR_NOT_NULL(strstr(heard(), "\"\\/a?[2J??b\""));
    end();
}

static void a_process_that_tells_nonsense_is_not_heard_on(void)
{
    static const struct {
        struct hd_9p_told told;
        const char *path;
        size_t len;
    } bad[] = {
        {{.side = 2}, "/a", 2}, {{.entry = 3}, "/a", 2},
        {{.entry = 0}, "a", 1}, {{.entry = 0}, "/\0a", 3},
        {{.entry = 0}, "", 0},
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        begin();
        tell(bad[i].told, bad[i].path, bad[i].len);
        tell((struct hd_9p_told){.side = HD_SIDE_HOST}, "/good", 5);
        CU_ASSERT_PTR_NULL(strstr(heard(), "good"));
        CU_ASSERT_FALSE(b.conn.busy);
        CU_ASSERT_PTR_NULL(b.conn.holder);
        end();
    }
}

static void it_ends_with_the_guest_and_with_who_listens(void)
{
    begin();
    close(b.process);
    b.process = -1;
    CU_ASSERT_STRING_EQUAL(heard(), "{\"parameters\":{}}|");
    CU_ASSERT_FALSE(b.conn.busy);
    end();
    begin();
    *b.conn.holder = NULL; /* as when it hangs up */
    b.conn.holder = NULL;
    CU_ASSERT_STRING_EQUAL(heard(), "");
    CU_ASSERT_EQUAL(send(b.process, "x", 1, MSG_NOSIGNAL), -1);
    end();
}

static void a_guest_that_asks_without_end_takes_a_bounded_part(void)
{
    static char text[1 << 16];
    struct hd_9p_told t = {.side = HD_SIDE_HOST, .path = "/a"};
    size_t sent = 0, told = 0;
    ssize_t n;

    begin();
    while (send(b.process, &t, offsetof(struct hd_9p_told, path) + 2,
                MSG_DONTWAIT) > 0)
        sent++;
    CU_ASSERT_FATAL(sent > HD_FEED_BATCH);
    uv_run(&b.loop, UV_RUN_NOWAIT);
    while ((n = recv(b.client, text, sizeof(text), 0)) > 0)
        for (ssize_t i = 0; i < n; i++)
            told += !text[i];
    CU_ASSERT_EQUAL(told, HD_FEED_BATCH);
    end();
}

static const struct hd_test tests[] = {
    HD_TEST(a_path_is_told_with_what_decided),
    HD_TEST(a_name_that_no_terminal_should_see_is_made_printable),
    HD_TEST(a_process_that_tells_nonsense_is_not_heard_on),
    HD_TEST(it_ends_with_the_guest_and_with_who_listens),
    HD_TEST(a_guest_that_asks_without_end_takes_a_bounded_part),
};
HD_SUITE("control/feed", tests);
