/* SPDX-License-Identifier: MIT */
/* hotdom top: shows again and again what stores and guests take; changes
 * nothing. */
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "cmd.h"
#include "rates.h"
#include "sample.h"
#include "screen.h"
#include "show_json.h"
#include "top_view.h"

struct top {
    bool batch, json;
    uint64_t interval_ms;
    uint64_t rounds; /* UINT64_MAX: until interrupted */
    enum hd_rates_order order;
    struct json_object *before; /* owned; the last sample, or NULL */
    uint64_t before_ms;
};

static int take_number(const char *name, const char *text, double least,
                       double most, double *ret, struct hd_err *err)
{
    char *end;
    double n = strtod(text, &end);

    if (!*text || *end || !(n >= least && n <= most))
        return hd_fail(err, HD_E_USAGE, "%s \"%.32s\": give %g to %g", name,
                       text, least, most);
    *ret = n;
    return 0;
}

static int take_options(int argc, char **argv, struct top *ret,
                        struct hd_err *err)
{
    static const struct option options[] = {
        {"batch", no_argument, NULL, 'b'},
        {"json", no_argument, NULL, 'j'},
        {"interval", required_argument, NULL, 'i'},
        {"rounds", required_argument, NULL, 'n'},
        {0}};
    double number;
    int c;

    while ((c = getopt_long(argc, argv, ":bi:n:", options, NULL)) != -1) {
        if (c == '?' || c == ':')
            return hd_fail(err, HD_E_USAGE, "%s %s",
                           c == ':' ? "no value for" : "unknown option",
                           argv[optind - 1]);
        ret->batch |= c == 'b';
        ret->json |= c == 'j';
        if (c == 'i' &&
            !take_number("--interval", optarg, 0.2, 3600, &number, err))
            ret->interval_ms = (uint64_t)(number * 1000);
        else if (c == 'n' &&
                 !take_number("--rounds", optarg, 1, 1e9, &number, err))
            ret->rounds = (uint64_t)number;
        else if (c == 'i' || c == 'n')
            return -1;
    }
    if (optind < argc)
        return hd_fail(err, HD_E_USAGE, "it takes options only");
    if (ret->json && !ret->batch)
        return hd_fail(err, HD_E_USAGE, "--json goes with --batch");
    return 0;
}

/* What was taken since the last call; the first time nothing. */
static int look(struct top *top, struct hd_rates *ret, struct hd_err *err)
{
    struct json_object *now;
    uint64_t ms;
    int rc;

    if (hd_sample_take(&now, err))
        return -1;
    ms = hd_io_now_ms();
    rc = hd_rates_make(top->before, now,
                       top->before ? (double)(ms - top->before_ms) / 1000 : 0,
                       ret, err);
    json_object_put(top->before);
    top->before = now;
    top->before_ms = ms;
    if (!rc)
        hd_rates_sort(ret, top->order);
    return rc;
}

static int print(const struct top *top, const struct hd_rates *rates,
                 struct hd_err *err)
{
    hd_autofree struct hd_top_line *lines = NULL;
    struct json_object *o;
    size_t n;

    if (top->json) {
        o = hd_rates_json(rates);
        hd_show_json_line(o);
        json_object_put(o);
    } else {
        n = hd_top_lines(rates, top->order, 0, &lines);
        if (!n)
            return hd_fail_errno(err, HD_E_FAILED, "print the rates");
        for (size_t i = 0; i < n; i++)
            puts(lines[i].text);
        puts("");
    }
    if (fflush(stdout))
        return hd_fail_errno(err, HD_E_FAILED, "print the rates");
    return 0;
}

static int run_batch(struct top *top, struct hd_err *err)
{
    struct hd_rates rates;
    int rc = look(top, &rates, err);

    if (!rc)
        hd_rates_fini(&rates);
    for (uint64_t i = 0; !rc && i < top->rounds; i++) {
        (void)poll(NULL, 0, (int)top->interval_ms);
        rc = look(top, &rates, err);
        if (!rc) {
            rc = print(top, &rates, err);
            hd_rates_fini(&rates);
        }
    }
    return rc;
}

static const struct {
    int key;
    enum hd_rates_order order;
} orders[] = {
    {'c', HD_RATES_BY_CPU}, {'m', HD_RATES_BY_MEMORY}, {'d', HD_RATES_BY_DISK},
    {'n', HD_RATES_BY_NET}, {'a', HD_RATES_BY_NAME},
};

static int draw(const struct top *top, struct hd_rates *rates,
                struct hd_err *err)
{
    hd_autofree struct hd_top_line *lines = NULL;
    size_t n;

    hd_rates_sort(rates, top->order);
    n = hd_top_lines(rates, top->order, hd_screen_height(), &lines);
    if (!n)
        return hd_fail_errno(err, HD_E_FAILED, "show the rates");
    hd_screen_draw(lines, n);
    return 0;
}

/* 1: it is to end; 0: the time is over. */
static int show_until(struct top *top, struct hd_rates *rates,
                      uint64_t deadline_ms, struct hd_err *err)
{
    do {
        int key;

        if (draw(top, rates, err))
            return -1;
        key = hd_screen_key(deadline_ms);
        if (key == 'q')
            return 1;
        for (size_t i = 0; i < HD_ARRAY_LEN(orders); i++)
            if (orders[i].key == key)
                top->order = orders[i].order;
    } while (hd_io_left_ms(deadline_ms));
    return 0;
}

static int run_screen(struct top *top, struct hd_err *err)
{
    struct hd_rates rates;
    int rc = 0;

    for (uint64_t i = 0; !rc && i < top->rounds; i++) {
        /* The second one comes soon, for the first has no rates. */
        uint64_t ms = i || top->interval_ms < 1000 ? top->interval_ms : 1000;

        rc = look(top, &rates, err);
        if (rc)
            break;
        rc = show_until(top, &rates, hd_io_now_ms() + ms, err);
        hd_rates_fini(&rates);
    }
    return rc < 0 ? -1 : 0;
}

int hd_cmd_top(int argc, char **argv, struct hd_err *err)
{
    struct top top = {.interval_ms = 2000, .rounds = UINT64_MAX};
    int rc;

    if (take_options(argc, argv, &top, err) ||
        (!top.batch && hd_screen_open(err)))
        return -1;
    rc = top.batch ? run_batch(&top, err) : run_screen(&top, err);
    hd_screen_close();
    json_object_put(top.before);
    return rc;
}
