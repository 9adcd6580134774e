/* SPDX-License-Identifier: MIT */
/* hotdom explain: what a guest got, or would get, of this host and why; changes
 * nothing. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "../plan/map_diff.h"
#include "../plan/map_text.h"
#include "../plan/plan_json.h"
#include "client.h"
#include "cmd.h"
#include "mapped.h"
#include "moved.h"
#include "show_json.h"
#include "table.h"

struct wish {
    const char *guest, *resource, *store, *user;
    const char *diff; /* a file, "-" or NULL: the last time here */
    bool moved, json;
};

/* What is told: of the daemon, or mapped here. */
struct found {
    struct json_object *guest; /* owned; of hd_map_to_json */
    struct hd_uuid store;
};

/* ---- printed */

static void line(const char *head, const char *text)
{
    char safe[4 * 256];

    if (!*text)
        return;
    hd_table_escape(text, safe, sizeof(safe));
    printf("    %-7s %s\n", head, safe);
}

static void print_row(struct json_object *row)
{
    const char *host = hd_map_text_get(row, "host");
    char name[256], given[256];

    hd_table_escape(hd_map_text_get(row, "name"), name, sizeof(name));
    printf("%s (%s, %s)\n", name, hd_map_text_get(row, "class"),
           hd_map_text_get(row, "level"));
    snprintf(given, sizeof(given), "%s%s%s", hd_map_text_get(row, "how"),
             *host ? " " : "", host);
    line("wished", hd_map_text_get(row, "wish"));
    line("found", hd_map_text_get(row, "found"));
    line("chosen", given);
    line("why", hd_map_text_get(row, "why"));
    line("change", hd_map_text_get(row, "change"));
}

/* Of a guest that runs. */
static void print_agent(struct json_object *agent)
{
    struct json_object *addresses = json_object_object_get(agent, "addresses");
    char state[64], text[4 * 256];

    hd_table_escape(hd_client_text(agent, "state"), state, sizeof(state));
    printf("agent %s\n", state);
    line("os", hd_client_text(agent, "os"));
    line("why", hd_client_text(agent, "message"));
    for (size_t i = 0; addresses && i < json_object_array_length(addresses);
         i++) {
        snprintf(
            text, sizeof(text), "%.64s",
            json_object_get_string(json_object_array_get_idx(addresses, i)));
        line("address", text);
    }
}

static void print_text(struct json_object *guest)
{
    struct json_object *rows = json_object_object_get(guest, "rows");
    const char *name = hd_map_text_get(guest, "guest");
    char message[4 * 256];

    hd_table_escape(hd_map_text_get(guest, "message"), message,
                    sizeof(message));
    if (*hd_map_text_get(guest, "reason"))
        printf("%s does not start (%s): %s\n", name,
               hd_map_text_get(guest, "reason"), message);
    else if (json_object_get_boolean(json_object_object_get(guest, "left_out")))
        printf("%s is not among the guests that the user starts\n", name);
    if (json_object_object_get(guest, "agent"))
        print_agent(json_object_object_get(guest, "agent"));
    for (size_t i = 0; i < json_object_array_length(rows); i++)
        print_row(json_object_array_get_idx(rows, i));
}

/* ---- found */

static int find_mapped(const struct wish *w, const char *store,
                       const char *guest, struct found *ret, struct hd_err *err)
{
    hd_auto(hd_mapped) mapped = NULL;
    struct json_object *map;

    if (hd_mapped_open(store, w->user, &mapped, err))
        return -1;
    map = hd_map_to_json(mapped->map);
    ret->guest = json_object_get(hd_map_text_guest(map, guest));
    json_object_put(map);
    ret->store = mapped->store->answer->manifest.store.id;
    if (!ret->guest)
        return hd_fail(err, HD_E_NO_GUEST, "the store has no guest %s", guest);
    return 0;
}

/* What hotdomd knows, or what is made here of a store that is locked. */
static int find_attached(const struct wish *w, struct found *ret,
                         struct hd_err *err)
{
    struct json_object *ask = json_object_new_object(), *reply, *guest;
    char device[80];
    int rc;

    json_object_object_add(ask, "guest", json_object_new_string(w->guest));
    if (hd_client_call("Explain", ask, &reply, err))
        return -1;
    guest = json_object_object_get(reply, "map");
    snprintf(device, sizeof(device), "/dev/%s",
             hd_client_text(reply, "device"));
    if (guest && w->user)
        rc = hd_fail(err, HD_E_USAGE,
                     "the guests of %s were started already; -u is for what a "
                     "guest would get",
                     hd_client_text(reply, "store"));
    else if (guest) {
        ret->guest = json_object_get(guest);
        json_object_object_add(
            guest, "agent",
            json_object_get(json_object_object_get(reply, "agent")));
        rc = hd_uuid_parse(hd_client_text(reply, "id"), &ret->store, err);
    } else
        rc = find_mapped(w, device, hd_client_text(reply, "guest"), ret, err);
    json_object_put(reply);
    return rc;
}

/* ---- told */

/* `resource`: the guest's name of it, a class, or NULL for all. */
static int keep_rows(struct json_object *object, const char *resource,
                     struct hd_err *err)
{
    struct json_object *rows = json_object_object_get(object, "rows");
    struct json_object *meant = json_object_new_array();

    for (size_t i = 0; resource && i < json_object_array_length(rows); i++) {
        struct json_object *row = json_object_array_get_idx(rows, i);

        if (!strcmp(resource, hd_map_text_get(row, "name")) ||
            !strcmp(resource, hd_map_text_get(row, "class")))
            json_object_array_add(meant, json_object_get(row));
    }
    if (resource && !json_object_array_length(meant)) {
        json_object_put(meant);
        return hd_fail(err, HD_E_FAILED,
                       "guest %s asks for no %s; leave it out to see all",
                       hd_map_text_get(object, "guest"), resource);
    }
    if (resource)
        json_object_object_add(object, "rows", meant);
    else
        json_object_put(meant);
    return 0;
}

static int tell_moved(const struct wish *w, const struct found *found,
                      struct hd_err *err)
{
    struct json_object *before, *diff;
    int rc;

    if (hd_moved_load(w->diff, &found->store,
                      hd_map_text_get(found->guest, "guest"), &before, err))
        return -1;
    diff = hd_map_diff(before, found->guest);
    rc = keep_rows(diff, w->resource, err);
    if (!rc && w->json)
        hd_show_json(diff);
    else if (!rc)
        rc = hd_moved_print(diff, err);
    json_object_put(diff);
    json_object_put(before);
    return rc;
}

static int tell(const struct wish *w, const struct found *found,
                struct hd_err *err)
{
    if (w->moved)
        return tell_moved(w, found, err);
    if (keep_rows(found->guest, w->resource, err))
        return -1;
    if (w->json)
        hd_show_json(found->guest);
    else
        print_text(found->guest);
    return 0;
}

static int explain(const struct wish *w, struct hd_err *err)
{
    struct found found = {0};
    int rc = w->store ? find_mapped(w, w->store, w->guest, &found, err)
                      : find_attached(w, &found, err);

    if (!rc)
        rc = tell(w, &found, err);
    json_object_put(found.guest);
    return rc;
}

int hd_cmd_explain(int argc, char **argv, struct hd_err *err)
{
    static const struct option options[] = {
        {"in", required_argument, NULL, 'i'},
        {"user", required_argument, NULL, 'u'},
        {"diff", optional_argument, NULL, 'd'},
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
        if (c == 'd')
            w.diff = optarg;
        w.moved |= c == 'd';
        w.json |= c == 'j';
    }
    if (argc - optind < 1 || argc - optind > 2)
        return hd_fail(err, HD_E_USAGE,
                       "name a guest, and perhaps one resource");
    w.guest = argv[optind];
    w.resource = argv[optind + 1];
    return explain(&w, err);
}
