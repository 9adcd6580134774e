/* SPDX-License-Identifier: MIT */
/* Passwords and recovery keys of a store's users, asked for and shown. */
#ifndef HD_CLI_USERS_ASK_H
#define HD_CLI_USERS_ASK_H

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/mem.h"

/* As hd_password_read: `user`'s present one. */
int hd_users_ask_old(int fd, const char *user, const char *store,
                     struct hd_secret **ret, struct hd_err *err);
/* As hd_password_new; for the recovery key a new one is made. */
int hd_users_ask_new(int fd, const char *user, struct hd_secret **ret,
                     struct hd_err *err);
/* Says what was done to `user`, and shows a new recovery key. */
int hd_users_ask_show(const char *user, const char *what,
                      const struct hd_secret *key, struct hd_err *err);

#endif
