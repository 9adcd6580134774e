/* SPDX-License-Identifier: MIT */
/* One request of HTTP/1.1; believes nothing of it but its first line. */
#include "http.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"

static const struct {
    int status;
    const char *text;
} texts[] = {
    {200, "OK"},
    {400, "Bad Request"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {503, "Service Unavailable"},
};

static const char *text_of(int status)
{
    for (size_t i = 0; i < HD_ARRAY_LEN(texts); i++)
        if (texts[i].status == status)
            return texts[i].text;
    return "";
}

static bool is(const char *word, size_t len, const char *want)
{
    return len == strlen(want) && !memcmp(word, want, len);
}

/* "GET /metrics?x HTTP/1.1": three words, one blank between. */
struct hd_http_request hd_http_parse(const char *text, size_t len,
                                     const char *path)
{
    const char *end = memmem(text, len, "\r\n", 2);
    const char *target = end ? memchr(text, ' ', (size_t)(end - text)) : NULL;
    const char *version =
        target ? memchr(target + 1, ' ', (size_t)(end - target - 1)) : NULL;
    struct hd_http_request ret = {.status = 400};
    size_t method_len, n;

    if (!version || end - version != (ptrdiff_t)strlen(" HTTP/1.1") ||
        memcmp(version, " HTTP/1.", strlen(" HTTP/1.")))
        return ret;
    method_len = (size_t)(target - text);
    n = (size_t)(version - ++target);
    if (memchr(target, '?', n))
        n = (size_t)((const char *)memchr(target, '?', n) - target);
    ret.head = is(text, method_len, "HEAD");
    if (!ret.head && !is(text, method_len, "GET"))
        ret.status = 405;
    else
        ret.status = is(target, n, path) ? 200 : 404;
    return ret;
}

/* 1: bytes or the end; 0: the deadline. */
static int wait_for(int fd, uint64_t deadline_ms, struct hd_err *err)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int rc;

    do
        rc = poll(&p, 1, hd_io_left_ms(deadline_ms));
    while (rc < 0 && errno == EINTR);
    return rc < 0 ? hd_fail_errno(err, HD_E_FAILED, "wait for a request") : rc;
}

int hd_http_read(int fd, const char *path, uint64_t deadline_ms,
                 struct hd_http_request *ret, struct hd_err *err)
{
    char text[HD_HTTP_REQUEST_MAX];
    size_t len = 0;

    while (!memmem(text, len, "\r\n\r\n", 4)) {
        int rc = len == sizeof(text) ? 0 : wait_for(fd, deadline_ms, err);
        ssize_t n;

        if (rc < 0)
            return -1;
        if (!rc) {
            *ret = (struct hd_http_request){
                .status = len == sizeof(text) ? 400 : 408};
            return 0;
        }
        n = read(fd, text + len, sizeof(text) - len);
        if (n <= 0)
            return hd_fail(err, HD_E_FAILED, "the request ended too early");
        len += (size_t)n;
    }
    *ret = hd_http_parse(text, len, path);
    return 0;
}

int hd_http_reply(int fd, const struct hd_http_request *request,
                  const char *type, const char *body, size_t len,
                  struct hd_err *err)
{
    char head[512];
    int n = snprintf(head, sizeof(head),
                     "HTTP/1.1 %d %s\r\n"
                     "Content-Type: %s\r\n"
                     "Content-Length: %zu\r\n"
                     "%s"
                     "Connection: close\r\n"
                     "\r\n",
                     request->status, text_of(request->status), type, len,
                     request->status == 405 ? "Allow: GET, HEAD\r\n" : "");

    if (hd_io_write(fd, head, (size_t)n, err))
        return -1;
    return request->head ? 0 : hd_io_write(fd, body, len, err);
}
