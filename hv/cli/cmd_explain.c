/* SPDX-License-Identifier: MIT */
/* hotdom explain: why a guest would get what on this host; changes nothing. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "../plan/plan_json.h"
#include "cmd.h"
#include "mapped.h"
#include "table.h"

static void line(const char *head, const char *text)
{
    char safe[4 * 256];

    if (!*text)
        return;
    hd_table_escape(text, safe, sizeof(safe));
    printf("    %-7s %s\n", head, safe);
}

static void print_row(const struct hd_map_row *row)
{
    char given[128];

    printf("%s (%s, %s)\n", row->guest_name, hd_class_name(row->class),
           hd_map_level_name(row->level));
    snprintf(given, sizeof(given), "%s%s%s", hd_how_name(row->how),
             *row->host_name ? " " : "", row->host_name);
    line("wished", row->wish);
    line("found", row->found);
    line("chosen", given);
    line("why", row->reason);
    line("change", row->change);
}

/* `resource`: the guest's name of it, a class, or NULL for all. */
static bool is_meant(const char *resource, const char *name, const char *class)
{
    return !resource || !strcmp(resource, name) || !strcmp(resource, class);
}

static size_t print_text(const struct hd_map *map,
                         const struct hd_map_guest *guest, const char *resource)
{
    size_t n = 0;

    for (uint32_t i = 0; i < guest->n_rows; i++) {
        const struct hd_map_row *row = &map->rows[guest->first_row + i];

        if (!is_meant(resource, row->guest_name, hd_class_name(row->class)))
            continue;
        print_row(row);
        n++;
    }
    return n;
}

static struct json_object *find_guest(struct json_object *map, const char *name)
{
    struct json_object *guests = json_object_object_get(map, "guests");

    for (size_t i = 0; i < json_object_array_length(guests); i++) {
        struct json_object *g = json_object_array_get_idx(guests, i);

        if (!strcmp(json_object_get_string(json_object_object_get(g, "guest")),
                    name))
            return g;
    }
    return NULL;
}

static const char *text_of(struct json_object *row, const char *key)
{
    const char *text = json_object_get_string(json_object_object_get(row, key));

    return text ? text : "";
}

/* The guest's object of the map, with the rows that are meant. */
static size_t print_json(const struct hd_map *map, const char *name,
                         const char *resource)
{
    struct json_object *all = hd_map_to_json(map);
    struct json_object *guest = find_guest(all, name);
    struct json_object *rows = json_object_object_get(guest, "rows");
    struct json_object *meant = json_object_new_array();
    size_t n;

    for (size_t i = 0; i < json_object_array_length(rows); i++) {
        struct json_object *row = json_object_array_get_idx(rows, i);

        if (is_meant(resource, text_of(row, "name"), text_of(row, "class")))
            json_object_array_add(meant, json_object_get(row));
    }
    n = json_object_array_length(meant);
    json_object_object_add(guest, "rows", meant);
    if (n)
        puts(json_object_to_json_string_ext(
            guest, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(all);
    return n;
}

struct wish {
    const char *guest, *resource, *store, *user;
    bool json;
};

static int explain(const struct wish *w, struct hd_err *err)
{
    hd_auto(hd_mapped) mapped = NULL;
    const struct hd_map_guest *guest;
    size_t n;

    if (hd_mapped_open(w->store, w->user, &mapped, err))
        return -1;
    guest = hd_map_guest(mapped->map, w->guest);
    if (!guest)
        return hd_fail(err, HD_E_NO_GUEST, "the store has no guest %s",
                       w->guest);
    if (!w->json && guest->why.code)
        printf("%s does not start (%s): %s\n", guest->name,
               hd_err_reason(guest->why.code), guest->why.msg);
    n = w->json ? print_json(mapped->map, w->guest, w->resource)
                : print_text(mapped->map, guest, w->resource);
    if (!n)
        return hd_fail(err, HD_E_FAILED,
                       "guest %s asks for no %s; leave it out to see all",
                       w->guest, w->resource ? w->resource : "resource");
    return 0;
}

int hd_cmd_explain(int argc, char **argv, struct hd_err *err)
{
    static const struct option options[] = {
        {"in", required_argument, NULL, 'i'},
        {"user", required_argument, NULL, 'u'},
        {"json", no_argument, NULL, 'j'},
        {0},
    };
    struct wish w = {0};
    int c;

    while ((c = getopt_long(argc, argv, ":u:", options, NULL)) != -1) {
        if (c == ':')
            return hd_fail(err, HD_E_USAGE, "%s needs a value",
                           argv[optind - 1]);
        if (c == '?')
            return hd_fail(err, HD_E_USAGE, "unknown option %s",
                           argv[optind - 1]);
        if (c == 'i')
            w.store = optarg;
        if (c == 'u')
            w.user = optarg;
        w.json |= c == 'j';
    }
    if (argc - optind < 1 || argc - optind > 2 || !w.store)
        return hd_fail(err, HD_E_USAGE,
                       "name a guest, its store with --in, and perhaps one "
                       "resource");
    w.guest = argv[optind];
    w.resource = argv[optind + 1];
    return explain(&w, err);
}
