/* SPDX-License-Identifier: MIT */
/* hotdom user: shows and changes who can open a store. */
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "password.h"
#include "show_json.h"
#include "users.h"
#include "users_ask.h"

static const struct option options[] = {
    {"user", required_argument, NULL, 'u'},
    {"password-fd", required_argument, NULL, 'p'},
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0}};

struct args {
    const char *store, *name, *as;
    int fd;
    bool json;
};

static int list(const struct hd_users *users, const struct args *args)
{
    struct json_object *o, *names;

    if (!args->json) {
        for (size_t i = 0; i < users->n; i++)
            puts(users->names[i]);
        if (users->encrypted)
            puts(users->recovery ? "(and a recovery key)"
                                 : "(no recovery key)");
        return 0;
    }
    o = json_object_new_object();
    names = json_object_new_array();
    for (size_t i = 0; i < users->n; i++)
        json_object_array_add(names, json_object_new_string(users->names[i]));
    json_object_object_add(o, "users", names);
    json_object_object_add(o, "recovery",
                           json_object_new_boolean(users->recovery));
    json_object_object_add(o, "encrypted",
                           json_object_new_boolean(users->encrypted));
    hd_show_json(o);
    json_object_put(o);
    return 0;
}

static int add(const struct hd_users *users, const struct args *args,
               struct hd_err *err)
{
    hd_auto(hd_secret) password = NULL;
    hd_auto(hd_secret) new = NULL;
    const char *as;

    if (hd_users_has(users, args->name))
        return hd_fail(err, HD_E_EXISTS, "there is a user %s", args->name);
    if (hd_users_find(users, args->as, &as, err) ||
        hd_users_ask_old(args->fd, as, args->store, &password, err) ||
        hd_users_ask_new(args->fd, args->name, &new, err) ||
        hd_users_change(users, HD_KEYS_ADD, args->name, as, password, new, err))
        return -1;
    return hd_users_ask_show(args->name, "was added", new, err);
}

static int rm(const struct hd_users *users, const struct args *args,
              struct hd_err *err)
{
    hd_auto(hd_secret) password = NULL;
    const char *as, *name;

    if (hd_users_find(users, args->name, &name, err) ||
        hd_users_find(users, args->as, &as, err) ||
        hd_users_ask_old(args->fd, as, args->store, &password, err) ||
        hd_users_change(users, HD_KEYS_REMOVE, name, as, password, NULL, err))
        return -1;
    printf("user %s was removed\n", name);
    return 0;
}

static int parse(int argc, char **argv, struct args *args, struct hd_err *err)
{
    int c;

    while ((c = getopt_long(argc, argv, "u:", options, NULL)) != -1) {
        if (c == 'u')
            args->as = optarg;
        else if (c == 'j')
            args->json = true;
        else if (c == 'p' && hd_password_fd(optarg, &args->fd, err))
            return -1;
        else if (c == '?')
            return hd_fail(err, HD_E_USAGE, "unknown or incomplete option %s",
                           argv[optind - 1]);
    }
    args->store = optind < argc ? argv[optind] : NULL;
    args->name = optind + 1 < argc ? argv[optind + 1] : NULL;
    return 0;
}

int hd_cmd_user(int argc, char **argv, struct hd_err *err)
{
    const char *verb = argc > 1 ? argv[1] : "";
    bool lists = !strcmp(verb, "list"), adds = !strcmp(verb, "add");
    hd_auto(hd_users) users = NULL;
    struct args args = {.fd = -1};

    hd_password_protect();
    if (!lists && !adds && strcmp(verb, "rm"))
        return hd_fail(err, HD_E_USAGE, "say list, add or rm");
    if (parse(argc - 1, argv + 1, &args, err))
        return -1;
    if (argc - 1 - optind != (lists ? 1 : 2) || (args.json && !lists))
        return hd_fail(err, HD_E_USAGE,
                       lists ? "name one store" : "name a store and a user");
    if (hd_users_open(args.store, &users, err))
        return -1;
    if (lists)
        return list(users, &args);
    if (!users->encrypted)
        return hd_fail(err, HD_E_FAILED, HD_LUKS_NO_KEYSLOTS);
    return adds ? add(users, &args, err) : rm(users, &args, err);
}
