/* SPDX-License-Identifier: MIT */
/* hotdom plan: the steps from this host to a store's guests; does none. */
#include <getopt.h>
#include <stdio.h>

#include "../plan/plan_json.h"
#include "cmd.h"
#include "mapped.h"

/* Guests that would not start, and why. */
static void print_refused(const struct hd_map *map)
{
    for (uint32_t i = 0; i < map->n_guests; i++)
        if (map->guests[i].why.code)
            printf("    %s does not start (%s): %s\n", map->guests[i].name,
                   hd_err_reason(map->guests[i].why.code),
                   map->guests[i].why.msg);
        else if (map->guests[i].left_out)
            printf("    %s is not among the guests that user %s starts\n",
                   map->guests[i].name, map->user);
}

static void print_json(const struct hd_map *map, const struct hd_plan *plan)
{
    struct json_object *o = json_object_new_object();

    json_object_object_add(o, "map", hd_map_to_json(map));
    json_object_object_add(o, "plan", hd_plan_to_json(plan));
    puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
                                               JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(o);
}

static int plan(const char *store, const char *user, bool json,
                struct hd_err *err)
{
    hd_auto(hd_mapped) mapped = NULL;
    hd_autofree struct hd_plan *steps = NULL;

    if (hd_mapped_open(store, user, &mapped, err) ||
        hd_plan_make(mapped->store->answer, mapped->map, &steps, err))
        return -1;
    if (json) {
        print_json(mapped->map, steps);
        return 0;
    }
    hd_plan_print(steps, stdout);
    print_refused(mapped->map);
    return 0;
}

int hd_cmd_plan(int argc, char **argv, struct hd_err *err)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"user", required_argument, NULL, 'u'},
        {0},
    };
    const char *user = NULL;
    bool json = false;
    int c;

    while ((c = getopt_long(argc, argv, ":u:", options, NULL)) != -1) {
        if (c == ':')
            return hd_fail(err, HD_E_USAGE, "%s needs a value",
                           argv[optind - 1]);
        if (c == '?')
            return hd_fail(err, HD_E_USAGE, "unknown option %s",
                           argv[optind - 1]);
        if (c == 'u')
            user = optarg;
        json |= c == 'j';
    }
    if (optind != argc - 1)
        return hd_fail(err, HD_E_USAGE,
                       "name one store: an image, a device or a name");
    return plan(argv[optind], user, json, err);
}
