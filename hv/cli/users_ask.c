/* SPDX-License-Identifier: MIT */
/* Passwords and recovery keys of a store's users, asked for and shown; keeps
 * none. */
#include "users_ask.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../volume/luks.h"
#include "password.h"

static bool is_recovery(const char *user)
{
    return !strcmp(user, HD_LUKS_RECOVERY_USER);
}

int hd_users_ask_old(int fd, const char *user, const char *store,
                     struct hd_secret **ret, struct hd_err *err)
{
    char prompt[128];

    if (is_recovery(user))
        snprintf(prompt, sizeof(prompt), "Recovery key of %s", store);
    else
        snprintf(prompt, sizeof(prompt), "Password of %s for %s", user, store);
    return hd_password_read(fd, prompt, ret, err);
}

int hd_users_ask_new(int fd, const char *user, struct hd_secret **ret,
                     struct hd_err *err)
{
    char prompt[128];

    if (is_recovery(user))
        return hd_luks_recovery_key(ret, err);
    snprintf(prompt, sizeof(prompt), "New password of %s", user);
    return hd_password_new(fd, prompt, ret, err);
}

int hd_users_ask_show(const char *user, const char *what,
                      const struct hd_secret *key, struct hd_err *err)
{
    if (!is_recovery(user))
        printf("user %s %s\n", user, what);
    else
        printf("recovery key: %.*s\n  write it down; it is shown once\n",
               (int)key->len, key->data);
    if (fflush(stdout))
        return hd_fail_errno(err, HD_E_IO, "the recovery key was not printed");
    return 0;
}
