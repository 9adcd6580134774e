/* SPDX-License-Identifier: MIT */
/* hotdom verify-host: proves that nothing of hotdom is left on the host, or
 * says what; never removes it. */
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "../host/snapshot.h"
#include "cmd.h"
#include "leftovers.h"
#include "show_json.h"
#include "table.h"

struct options {
    bool all, json, baseline;
};

static struct json_object *to_json(const struct hd_leftover *left)
{
    const struct hd_leftover_kind *kind = hd_leftover_kind(left->line);
    struct json_object *o = json_object_new_object();

    json_object_object_add(o, "kind", json_object_new_string(kind->name));
    json_object_object_add(
        o, "value",
        json_object_new_string(left->line + strlen(kind->name) + 1));
    json_object_object_add(
        o, "change", json_object_new_string(left->added ? "new" : "gone"));
    json_object_object_add(o, "ours", json_object_new_boolean(left->ours));
    json_object_object_add(
        o, "remedy", json_object_new_string(left->ours ? kind->remedy : ""));
    return o;
}

static void print_text(const struct hd_leftover *left)
{
    const struct hd_leftover_kind *kind = hd_leftover_kind(left->line);
    char text[1200];

    hd_table_escape(left->line, text, sizeof(text));
    if (left->ours)
        printf("%s: %s; %s\n", text, kind->what, kind->remedy);
    else
        printf("%s: %s, not ours\n", text, left->added ? "new" : "gone");
}

static void print_list(const struct options *o, const struct hd_leftovers *l)
{
    struct json_object *list = json_object_new_array();

    for (size_t i = 0; i < l->n; i++) {
        if (!l->list[i].ours && !o->all)
            continue;
        if (o->json)
            json_object_array_add(list, to_json(&l->list[i]));
        else
            print_text(&l->list[i]);
    }
    if (o->json)
        hd_show_json(list);
    else if (!l->ours)
        puts("verify-host: no differences");
    json_object_put(list);
}

static int verify(const struct options *o, struct hd_err *err)
{
    hd_auto(hd_leftovers) l = NULL;

    if (hd_leftovers_find(&l, err))
        return -1;
    print_list(o, l);
    return l->ours ? hd_fail(err, HD_E_FAILED, "%zu difference%s", l->ours,
                             l->ours == 1 ? "" : "s")
                   : 0;
}

static int parse(int argc, char **argv, struct options *o, struct hd_err *err)
{
    static const struct option longs[] = {{"all", no_argument, NULL, 'a'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"baseline", no_argument, NULL, 'b'},
                                          {0}};
    int c;

    while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (c == 'a')
            o->all = true;
        else if (c == 'j')
            o->json = true;
        else if (c == 'b')
            o->baseline = true;
        else
            return hd_fail(err, HD_E_USAGE, "bad option; see --help");
    }
    if (optind < argc)
        return hd_fail(err, HD_E_USAGE, "\"%s\" is too much", argv[optind]);
    return 0;
}

int hd_cmd_verify_host(int argc, char **argv, struct hd_err *err)
{
    struct options o = {0};

    if (parse(argc, argv, &o, err))
        return -1;
    if (geteuid() != 0)
        return hd_fail(err, HD_E_USAGE,
                       "it looks at the whole host; run it as root");
    return o.baseline ? hd_snapshot_baseline(err) : verify(&o, err);
}
