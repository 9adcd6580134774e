/* SPDX-License-Identifier: MIT */
/* hotdom table: shows and changes what a guest that runs reads of the host. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "client.h"
#include "cmd.h"
#include "show_json.h"
#include "table.h"

#define TEXT 1200 /* of a path, escaped */

struct args {
    bool json, inclusion;
};

static const char *shown(struct json_object *o, const char *key,
                         char text[TEXT])
{
    hd_table_escape(hd_client_text(o, key), text, TEXT);
    return text;
}

static void print_list(struct json_object *reply)
{
    struct json_object *list, *e;
    char text[TEXT];

    printf("%-5s  %-8s  %-7s  %s\n", "SIDE", "FROM", "POLICY", "PATH");
    if (!json_object_object_get_ex(reply, "entries", &list))
        return;
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        const char *side, *policy;

        e = json_object_array_get_idx(list, i);
        side = hd_client_text(e, "side");
        policy = json_object_get_boolean(json_object_object_get(e, "allowed"))
                     ? "ok"
                     : "no";
        printf("%-5s  %-8s  %-7s  %s\n", side, hd_client_text(e, "from"),
               strcmp(side, "host") ? "-" : policy, shown(e, "path", text));
    }
}

static void print_which(struct json_object *reply)
{
    char path[TEXT], entry[TEXT];

    printf("%s: %s, ", shown(reply, "path", path),
           hd_client_text(reply, "side"));
    if (*shown(reply, "entry", entry))
        printf("by %s of the %s\n", entry, hd_client_text(reply, "from"));
    else
        puts("for no entry covers it");
}

static void print_change(struct json_object *reply)
{
    char text[TEXT];

    printf("%s.%s: %s\n", hd_client_text(reply, "store"),
           hd_client_text(reply, "guest"), shown(reply, "message", text));
}

/* Each at once: who reads this may be a program that waits for it. */
static void print_asked(struct json_object *reply, bool json)
{
    char path[TEXT], entry[TEXT];
    int64_t lost = hd_client_number(reply, "lost");

    if (json) {
        hd_show_json_line(reply);
        fflush(stdout);
        return;
    }
    if (lost)
        printf("(%lld more)\n", (long long)lost);
    printf("%-5s  %-9s  %s", hd_client_text(reply, "side"),
           hd_client_text(reply, "asked"), shown(reply, "path", path));
    if (*shown(reply, "entry", entry))
        printf("  by %s", entry);
    putchar('\n');
    fflush(stdout);
}

static const struct verb {
    const char *name, *method;
    bool path; /* it takes one */
    void (*print)(struct json_object *reply);
    hd_client_fn *each; /* instead: it is answered until it is interrupted */
} verbs[] = {
    {"list", "Table", false, print_list, NULL},
    {"which", "TableWhich", true, print_which, NULL},
    {"add", "TableAdd", true, print_change, NULL},
    {"rm", "TableRemove", true, print_change, NULL},
    {"log", "TableLog", false, NULL, print_asked},
};

static const struct verb *find(const char *name)
{
    for (size_t i = 0; i < HD_ARRAY_LEN(verbs); i++)
        if (!strcmp(verbs[i].name, name))
            return &verbs[i];
    return NULL;
}

static int parse(int argc, char **argv, struct args *args, struct hd_err *err)
{
    static const struct option options[] = {
        {"inclusion", no_argument, NULL, 'i'},
        {"json", no_argument, NULL, 'j'},
        {0},
    };
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == '?')
            return hd_fail(err, HD_E_USAGE, "unknown option %s",
                           argv[optind - 1]);
        args->inclusion |= c == 'i';
        args->json |= c == 'j';
    }
    return 0;
}

static int call(const struct verb *verb, struct json_object *parameters,
                bool json, struct hd_err *err)
{
    struct json_object *reply;

    if (hd_client_call(verb->method, parameters, &reply, err))
        return -1;
    if (json)
        hd_show_json(reply);
    else
        verb->print(reply);
    json_object_put(reply);
    return 0;
}

/* `path` may be NULL. */
static struct json_object *parameters_of(const struct args *args,
                                         const char *guest, const char *path)
{
    struct json_object *o = json_object_new_object();

    json_object_object_add(o, "guest", json_object_new_string(guest));
    if (path)
        json_object_object_add(o, "path", json_object_new_string(path));
    if (args->inclusion)
        json_object_object_add(o, "side", json_object_new_string("guest"));
    return o;
}

int hd_cmd_table(int argc, char **argv, struct hd_err *err)
{
    struct args args = {0};
    const struct verb *verb;
    struct json_object *o;
    int n;

    if (parse(argc, argv, &args, err))
        return -1;
    n = argc - optind;
    verb = n > 1 ? find(argv[optind + 1]) : NULL;
    if (!verb)
        return hd_fail(err, HD_E_USAGE,
                       "name a guest, and say list, which, add, rm or log");
    if (n != (verb->path ? 3 : 2))
        return hd_fail(err, HD_E_USAGE,
                       verb->path ? "name one path" : "it takes no path");
    if (args.inclusion && strcmp(verb->name, "add"))
        return hd_fail(err, HD_E_USAGE, "--inclusion belongs to add");
    o = parameters_of(&args, argv[optind],
                      verb->path ? argv[optind + 2] : NULL);
    return verb->each ? hd_client_each(verb->method, o, true, verb->each,
                                       args.json, err)
                      : call(verb, o, args.json, err);
}
