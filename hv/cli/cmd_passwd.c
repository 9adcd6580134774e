/* SPDX-License-Identifier: MIT */
/* hotdom passwd: gives a store's user another password; keeps none. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "password.h"
#include "users.h"
#include "users_ask.h"

static const struct option options[] = {
    {"user", required_argument, NULL, 'u'},
    {"as", required_argument, NULL, 'a'},
    {"password-fd", required_argument, NULL, 'p'},
    {NULL, 0, NULL, 0}};

struct args {
    const char *store, *user, *as;
    int fd;
};

static int parse(int argc, char **argv, struct args *args, struct hd_err *err)
{
    int c;

    while ((c = getopt_long(argc, argv, "u:", options, NULL)) != -1) {
        if (c == 'u')
            args->user = optarg;
        else if (c == 'a')
            args->as = optarg;
        else if (c == 'p' && hd_password_fd(optarg, &args->fd, err))
            return -1;
        else if (c == '?')
            return hd_fail(err, HD_E_USAGE, "unknown or incomplete option %s",
                           argv[optind - 1]);
    }
    if (optind != argc - 1)
        return hd_fail(err, HD_E_USAGE, "name one store");
    args->store = argv[optind];
    return 0;
}

int hd_cmd_passwd(int argc, char **argv, struct hd_err *err)
{
    struct args args = {.fd = -1};
    hd_auto(hd_users) users = NULL;
    hd_auto(hd_secret) old = NULL;
    hd_auto(hd_secret) new = NULL;

    hd_password_protect();
    if (parse(argc, argv, &args, err) || hd_users_open(args.store, &users, err))
        return -1;
    if (!users->encrypted)
        return hd_fail(err, HD_E_FAILED, HD_LUKS_NO_KEYSLOTS);
    if (hd_users_find(users, args.user, &args.user, err) ||
        (args.as && hd_users_find(users, args.as, &args.as, err)) ||
        hd_users_ask_old(args.fd, args.as ? args.as : args.user, args.store,
                         &old, err) ||
        hd_users_ask_new(args.fd, args.user, &new, err) ||
        hd_users_change(users, HD_KEYS_CHANGE, args.user,
                        args.as ? args.as : args.user, old, new, err))
        return -1;
    return hd_users_ask_show(args.user, "has a new password", new, err);
}
