/* SPDX-License-Identifier: MIT */
/* hotdom unlock: hands a user's password to hotdomd; keeps it nowhere. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "cmd.h"
#include "follow.h"
#include "password.h"

static const struct option options[] = {
    {"user", required_argument, NULL, 'u'},
    {"password-fd", required_argument, NULL, 'p'},
    {NULL, 0, NULL, 0}};

struct args {
    const char *store, *user;
    int fd;
};

static int parse(int argc, char **argv, struct args *args, struct hd_err *err)
{
    int c;

    while ((c = getopt_long(argc, argv, "u:", options, NULL)) != -1) {
        if (c == 'u')
            args->user = optarg;
        else if (c == 'p' && hd_password_fd(optarg, &args->fd, err))
            return -1;
        else if (c == '?')
            return hd_fail(err, HD_E_USAGE, "unknown or incomplete option %s",
                           argv[optind - 1]);
    }
    if (argc - optind > 1)
        return hd_fail(err, HD_E_USAGE, "one store at a time");
    args->store = argv[optind];
    return 0;
}

/* No use to ask for a password when nobody is there to take it. */
static int check_daemon(struct hd_err *err)
{
    hd_auto(hd_client) client = NULL;

    return hd_client_open(&client, err);
}

static void print_guests(struct json_object *store)
{
    struct json_object *guests = json_object_object_get(store, "guests");

    for (size_t i = 0; guests && i < json_object_array_length(guests); i++) {
        struct json_object *guest = json_object_array_get_idx(guests, i);

        printf("%s.%s: %s\n", hd_client_text(store, "store"),
               hd_client_text(guest, "guest"), hd_client_text(guest, "state"));
    }
}

int hd_cmd_unlock(int argc, char **argv, struct hd_err *err)
{
    struct args args = {.fd = -1};
    hd_auto(hd_secret) password = NULL;
    struct json_object *parameters, *reply;
    char prompt[128];

    hd_password_protect();
    if (parse(argc, argv, &args, err) || check_daemon(err))
        return -1;
    snprintf(prompt, sizeof(prompt), "Password%s%s%s%s",
             args.user ? " of " : "", args.user ? args.user : "",
             args.store ? " for " : "", args.store ? args.store : "");
    if (hd_password_read(args.fd, prompt, &password, err))
        return -1;
    parameters = hd_follow_store("store", args.store);
    if (args.user)
        json_object_object_add(parameters, "user",
                               json_object_new_string(args.user));
    json_object_object_add(
        parameters, "password",
        json_object_new_string_len(password->data, (int)password->len));
    if (hd_follow_call("Unlock", parameters, &reply, err))
        return -1;
    print_guests(json_object_object_get(reply, "store"));
    json_object_put(reply);
    return 0;
}
