/* SPDX-License-Identifier: MIT */
/* hotdom events: prints the changes of state that hotdomd tells. */
#include <getopt.h>
#include <stdio.h>

#include "../daemon/event.h"
#include "client.h"
#include "cmd.h"
#include "follow.h"
#include "show_json.h"
#include "since.h"

static const struct option options[] = {{"follow", no_argument, NULL, 'f'},
                                        {"json", no_argument, NULL, 'j'},
                                        {"since", required_argument, NULL, 's'},
                                        {NULL, 0, NULL, 0}};

/* Each at once: who reads this may be a program that waits for it. */
static void print(struct json_object *event, bool json)
{
    int64_t lost = hd_client_number(event, "lost");
    char line[4800];

    if (lost)
        fprintf(stderr,
                "hotdom: %lld events before this are no longer kept; see "
                "journalctl -t hotdomd\n",
                (long long)lost);
    if (json) {
        hd_show_json_line(event);
    } else {
        hd_follow_line(event, line, sizeof(line));
        printf("%s  %7.3fs  %s\n", hd_client_text(event, "time"),
               hd_client_seconds(event, "seconds"), line);
    }
    fflush(stdout);
}

static int follow(bool until_interrupted, uint64_t since_ms, bool json,
                  struct hd_err *err)
{
    struct json_object *parameters = json_object_new_object();

    json_object_object_add(parameters, "follow",
                           json_object_new_boolean(until_interrupted));
    json_object_object_add(parameters, "since",
                           json_object_new_int64((int64_t)since_ms));
    return hd_client_each("Events", parameters, until_interrupted, print, json,
                          err);
}

int hd_cmd_events(int argc, char **argv, struct hd_err *err)
{
    bool until_interrupted = false, json = false;
    uint64_t since_ms = 0;
    int c;

    while ((c = getopt_long(argc, argv, ":f", options, NULL)) != -1) {
        if (c == ':')
            return hd_fail(err, HD_E_USAGE, "%s needs a value",
                           argv[optind - 1]);
        if (c == '?')
            return hd_fail(err, HD_E_USAGE, "unknown option %s",
                           argv[optind - 1]);
        until_interrupted |= c == 'f';
        json |= c == 'j';
        if (c == 's' &&
            hd_since_parse(optarg, hd_event_now_ms(), &since_ms, err))
            return -1;
    }
    if (optind < argc)
        return hd_fail(err, HD_E_USAGE, "it takes options only");
    return follow(until_interrupted, since_ms, json, err);
}
