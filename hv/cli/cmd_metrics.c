/* SPDX-License-Identifier: MIT */
/* hotdom metrics: prints numbers of stores and guests for Prometheus, or
 * answers its request; changes nothing, and needs no right. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "cmd.h"
#include "http.h"
#include "openmetrics.h"
#include "sample.h"

#define REQUEST_MS 5000 /* how long a request may be in coming */

static int print(struct hd_err *err)
{
    struct json_object *sample;

    if (hd_sample_take(&sample, err))
        return -1;
    hd_openmetrics_write(sample, stdout);
    json_object_put(sample);
    return 0;
}

static int make_page(char **ret, size_t *ret_len, struct hd_err *err)
{
    struct json_object *sample;
    FILE *out;

    if (hd_sample_take(&sample, err))
        return -1;
    out = open_memstream(ret, ret_len);
    if (out)
        hd_openmetrics_write(sample, out);
    json_object_put(sample);
    if (!out || fclose(out))
        return hd_fail_errno(err, HD_E_FAILED, "write the metrics");
    return 0;
}

/* stdin and stdout are the connection; who asks is told what went wrong. */
static int serve(struct hd_err *err)
{
    hd_autofree char *page = NULL;
    struct hd_http_request request;
    struct hd_err why = {0};
    char text[sizeof(why.msg) + 2] = "";
    size_t len = 0;

    if (hd_http_read(STDIN_FILENO, "/metrics", hd_io_now_ms() + REQUEST_MS,
                     &request, err))
        return -1;
    if (request.status == 200 && !make_page(&page, &len, &why))
        return hd_http_reply(STDOUT_FILENO, &request, HD_OPENMETRICS_TYPE, page,
                             len, err);
    if (request.status == 200)
        request.status = 503;
    snprintf(text, sizeof(text), "%s\n",
             why.code ? why.msg : "the metrics are at /metrics");
    return hd_http_reply(STDOUT_FILENO, &request, "text/plain; charset=utf-8",
                         text, strlen(text), err);
}

int hd_cmd_metrics(int argc, char **argv, struct hd_err *err)
{
    bool http = argc == 2 && !strcmp(argv[1], "--http");

    if (argc > 1 && !http)
        return hd_fail(err, HD_E_USAGE, "it takes --http or nothing");
    return http ? serve(err) : print(err);
}
