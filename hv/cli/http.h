/* SPDX-License-Identifier: MIT */
/* One request of HTTP/1.1 on descriptors that systemd hands over, for a page
 * that is made anew each time; knows GET and HEAD and nothing else. */
#ifndef HD_CLI_HTTP_H
#define HD_CLI_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"

#define HD_HTTP_REQUEST_MAX 8192 /* bytes of a request's head */

struct hd_http_request {
    int status; /* 200, or what is wrong with it */
    bool head;  /* HEAD: no body */
};

/* What a head is, up to and with its empty line; GET or HEAD of `path`, with or
 * without a query, is 200. */
struct hd_http_request hd_http_parse(const char *text, size_t len,
                                     const char *path);
/* Reads a head from `fd` until `deadline_ms`; 400 or 408 when none comes, and
 * -1 when nobody is there. */
int hd_http_read(int fd, const char *path, uint64_t deadline_ms,
                 struct hd_http_request *ret, struct hd_err *err);
/* Answers and says that the connection ends; blocks as `fd` does. */
int hd_http_reply(int fd, const struct hd_http_request *request,
                  const char *type, const char *body, size_t len,
                  struct hd_err *err);

#endif
