/* SPDX-License-Identifier: MIT */
/* hotdom doctor: whether this host can start guests, and what would mend it;
 * never mends it. */
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../pv-drivers/base/mem.h"
#include "../host/doctor.h"
#include "../host/sysfs.h"
#include "client.h"
#include "cmd.h"
#include "show_json.h"
#include "table.h"

static void ask_daemon(struct hd_doctor_host *h)
{
    struct json_object *reply;

    if (hd_client_call("GetVersion", NULL, &reply, &h->daemon))
        return;
    snprintf(h->daemon_version, sizeof(h->daemon_version), "%s",
             hd_client_text(reply, "program"));
    json_object_put(reply);
}

static void print_text(const struct hd_finding *list, size_t n)
{
    char safe[4 * sizeof(list->text)];

    for (size_t i = 0; i < n; i++) {
        hd_table_escape(list[i].text, safe, sizeof(safe));
        printf("%-8s %-9s %s\n", hd_verdict_name(list[i].verdict),
               list[i].check, safe);
        if (*list[i].fix)
            printf("%-18s fix: %s\n", "", list[i].fix);
    }
}

static void print_json(const struct hd_finding *list, size_t n)
{
    struct json_object *array = json_object_new_array();

    for (size_t i = 0; i < n; i++) {
        const struct hd_finding *f = &list[i];
        struct json_object *o = json_object_new_object();

        json_object_object_add(o, "check", json_object_new_string(f->check));
        json_object_object_add(
            o, "verdict", json_object_new_string(hd_verdict_name(f->verdict)));
        json_object_object_add(o, "text", json_object_new_string(f->text));
        json_object_object_add(o, "fix",
                               *f->fix ? json_object_new_string(f->fix) : NULL);
        json_object_array_add(array, o);
    }
    hd_show_json(array);
    json_object_put(array);
}

static int examine(bool json, struct hd_err *err)
{
    struct hd_finding list[HD_DOCTOR_CHECKS];
    hd_autofree struct hd_link *links = NULL;
    hd_autofd int root = hd_sysfs_root(err);
    struct hd_doctor_host host;
    size_t n, problems = 0;

    if (root < 0)
        return -1;
    hd_doctor_ask(root, &host, &links);
    ask_daemon(&host);
    n = hd_doctor_run(&host, list);
    if (json)
        print_json(list, n);
    else
        print_text(list, n);
    for (size_t i = 0; i < n; i++)
        problems += list[i].verdict == HD_DOCTOR_PROBLEM;
    return problems ? hd_fail(err, HD_E_FAILED, "%zu problem%s", problems,
                              problems == 1 ? "" : "s")
                    : 0;
}

int hd_cmd_doctor(int argc, char **argv, struct hd_err *err)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {0},
    };
    bool json = false;
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c != 'j')
            return hd_fail(err, HD_E_USAGE, "unknown option %s",
                           argv[optind - 1]);
        json = true;
    }
    if (optind != argc)
        return hd_fail(err, HD_E_USAGE, "unexpected argument %s", argv[optind]);
    if (geteuid() != 0)
        return hd_fail(err, HD_E_USAGE,
                       "it looks at the whole host; run it as root");
    return examine(json, err);
}
