/* SPDX-License-Identifier: MIT */
/* hotdom block-attach, block-detach, network-attach and network-detach: asks
 * hotdomd for a device of a running guest, and waits. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "cmd.h"
#include "follow.h"
#include "show_json.h"
#include "table.h"

/* What one of the four takes beside the guest: its second word, and options. */
struct form {
    const char *method;
    const char *word;    /* the parameter that it is */
    const char *what;    /* for who left it out */
    const char *options; /* of "arf": --as, --read-only, --force */
    const char *done;    /* "attached" */
};

static const struct option all[] = {
    {"as", required_argument, NULL, 'a'},
    {"read-only", no_argument, NULL, 'r'},
    {"force", no_argument, NULL, 'f'},
    {"json", no_argument, NULL, 'j'},
    {0},
};

static void put(struct json_object *o, const char *key, const char *text)
{
    json_object_object_add(o, key, json_object_new_string(text));
}

/* Takes the options into `o`; 1: --json. */
static int take_options(const struct form *form, int argc, char **argv,
                        struct json_object *o, struct hd_err *err)
{
    int c, json = 0;

    while ((c = getopt_long(argc, argv, ":", all, NULL)) != -1) {
        if (c == ':')
            return hd_fail(err, HD_E_USAGE, "%s needs a value",
                           argv[optind - 1]);
        if (c != 'j' && (c == '?' || !strchr(form->options, c)))
            return hd_fail(err, HD_E_USAGE, "unknown option %s",
                           argv[optind - 1]);
        json |= c == 'j';
        if (c == 'a')
            put(o, "as", optarg);
        else if (c != 'j')
            json_object_object_add(o, c == 'f' ? "force" : "read_only",
                                   json_object_new_boolean(true));
    }
    if (optind != argc - 2)
        return hd_fail(err, HD_E_USAGE, "name a guest and %s", form->what);
    return json;
}

static void print(const struct form *form, struct json_object *reply)
{
    char text[1200];

    hd_table_escape(hd_client_text(reply, "message"), text, sizeof(text));
    printf("%s.%s: %s %s\n", hd_client_text(reply, "store"),
           hd_client_text(reply, "guest"), form->done, text);
}

static int run(const struct form *form, int argc, char **argv,
               struct hd_err *err)
{
    struct json_object *o = json_object_new_object(), *reply;
    int json = take_options(form, argc, argv, o, err);

    if (json < 0) {
        json_object_put(o);
        return -1;
    }
    put(o, "guest", argv[optind]);
    put(o, form->word, argv[optind + 1]);
    if (hd_follow_call(form->method, o, &reply, err))
        return -1;
    if (json)
        hd_show_json(reply);
    else
        print(form, reply);
    json_object_put(reply);
    return 0;
}

int hd_cmd_block_attach(int argc, char **argv, struct hd_err *err)
{
    static const struct form form = {"BlockAttach", "source",
                                     "ram:SIZE or a role", "ar", "attached"};

    return run(&form, argc, argv, err);
}

int hd_cmd_block_detach(int argc, char **argv, struct hd_err *err)
{
    static const struct form form = {"BlockDetach", "disk", "a disk", "f",
                                     "detached"};

    return run(&form, argc, argv, err);
}

int hd_cmd_network_attach(int argc, char **argv, struct hd_err *err)
{
    static const struct form form = {"NetworkAttach", "role", "a role", "a",
                                     "attached"};

    return run(&form, argc, argv, err);
}

int hd_cmd_network_detach(int argc, char **argv, struct hd_err *err)
{
    static const struct form form = {
        "NetworkDetach", "nic", "a NIC, by its name or MAC", "f", "detached"};

    return run(&form, argc, argv, err);
}
