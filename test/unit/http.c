/* SPDX-License-Identifier: MIT */
/* Tests hv/cli/http: what a request is, and who does not send one. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../hv/cli/http.h"
#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "unit.h"

static int status_of(const char *text)
{
    return hd_http_parse(text, strlen(text), "/metrics").status;
}

static void only_get_and_head_of_the_one_page_are_answered(void)
{
    static const struct {
        const char *text;
        int status;
    } cases[] = {
        {"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 200},
        {"GET /metrics?a=b HTTP/1.0\r\n\r\n", 200},
        {"HEAD /metrics HTTP/1.1\r\n\r\n", 200},
        {"GET / HTTP/1.1\r\n\r\n", 404},
        {"GET /metrics/ HTTP/1.1\r\n\r\n", 404},
        {"GET ?/metrics HTTP/1.1\r\n\r\n", 404},
        {"POST /metrics HTTP/1.1\r\n\r\n", 405},
        {"get /metrics HTTP/1.1\r\n\r\n", 405},
        {"GET /metrics HTTP/2.0\r\n\r\n", 400},
        {"GET /metrics\r\n\r\n", 400},
        {"GET  HTTP/1.1\r\n\r\n", 404},
        {"\r\n\r\n", 400},
        {"GET /metrics HTTP/1.1", 400},
        {"", 400},
    };

    for (size_t i = 0; i < HD_ARRAY_LEN(cases); i++)
        CU_ASSERT_EQUAL(status_of(cases[i].text), cases[i].status);
    CU_ASSERT_TRUE(
        hd_http_parse("HEAD /metrics HTTP/1.1\r\n", 24, "/metrics").head);
}

static int read_request(const char *bytes, size_t len, bool hang_up,
                        struct hd_http_request *ret, struct hd_err *err)
{
    int pair[2], rc;

    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    CU_ASSERT_EQUAL(write(pair[0], bytes, len), (ssize_t)len);
    if (hang_up)
        shutdown(pair[0], SHUT_WR);
    rc = hd_http_read(pair[1], "/metrics", hd_io_now_ms() + 30, ret, err);
    close(pair[0]);
    close(pair[1]);
    return rc;
}

static void a_head_is_read_to_its_end_and_no_longer_than_the_deadline(void)
{
    struct hd_http_request r;
    struct hd_err err = {0};
    char *long_ = malloc(HD_HTTP_REQUEST_MAX);

    CU_ASSERT_PTR_NOT_NULL_FATAL(long_);
    CHECK_OK(read_request("GET /metrics HTTP/1.1\r\n\r\n", 25, false, &r, &err),
             &err);
    CU_ASSERT_EQUAL(r.status, 200);
    CHECK_OK(read_request("GET /metr", 9, false, &r, &err), &err);
    CU_ASSERT_EQUAL(r.status, 408);
    CHECK_FAILS(read_request("GET /metr", 9, true, &r, &err), &err, HD_E_FAILED,
                "ended too early");
    memset(long_, 'x', HD_HTTP_REQUEST_MAX);
    CHECK_OK(read_request(long_, HD_HTTP_REQUEST_MAX, false, &r, &err), &err);
    CU_ASSERT_EQUAL(r.status, 400);
    free(long_);
}

static const char *reply(struct hd_http_request request)
{
    static char text[1000];
    struct hd_err err = {0};
    int pair[2];
    ssize_t n;

    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    CHECK_OK(hd_http_reply(pair[0], &request, "text/plain", "body", 4, &err),
             &err);
    n = read(pair[1], text, sizeof(text) - 1);
    text[n > 0 ? n : 0] = '\0';
    close(pair[0]);
    close(pair[1]);
    return text;
}

static void an_answer_says_how_long_it_is(void)
{
    CU_ASSERT_STRING_EQUAL(reply((struct hd_http_request){.status = 200}),
                           "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                           "Content-Length: 4\r\nConnection: close\r\n\r\n"
                           "body");
    CU_ASSERT_STRING_EQUAL(
        reply((struct hd_http_request){.status = 200, .head = true}),
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
        "Content-Length: 4\r\nConnection: close\r\n\r\n");
    CU_ASSERT_PTR_NOT_NULL(strstr(
        reply((struct hd_http_request){.status = 405}), "Allow: GET, HEAD"));
}

static const struct hd_test tests[] = {
    HD_TEST(only_get_and_head_of_the_one_page_are_answered),
    HD_TEST(a_head_is_read_to_its_end_and_no_longer_than_the_deadline),
    HD_TEST(an_answer_says_how_long_it_is),
};

HD_SUITE("cli/http", tests);
