/* SPDX-License-Identifier: MIT */
/* Who can open a store, and changes of that: through hotdomd when the store is
 * attached, else on the image or device itself; asks for no password. */
#ifndef HD_CLI_USERS_H
#define HD_CLI_USERS_H

#include <stdbool.h>
#include <stddef.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/mem.h"
#include "../volume/luks_users.h"
#include "open_store.h"

struct hd_users {
    const char *store;          /* as it was named; borrowed */
    bool attached;              /* hotdomd does the work */
    bool encrypted;             /* they can be changed */
    bool recovery;              /* there is a recovery key */
    struct hd_open_store *open; /* owned; NULL when attached */
    size_t n;                   /* without the recovery key */
    char names[HD_MAX_USERS][HD_NAME_SIZE];
};

/* `store` is an image, a device, or the name of an attached store; it must
 * outlive `*ret`.  Blocks as the medium does. */
int hd_users_open(const char *store, struct hd_users **ret, struct hd_err *err);
void hd_users_free(struct hd_users *users);
HD_DEFINE_AUTO(hd_users)

/* Whom `name` means: NULL is the only one there is beside the recovery key.
 * HD_E_NO_USER says who is there.  Borrowed from `users` or `name`. */
int hd_users_find(const struct hd_users *users, const char *name,
                  const char **ret, struct hd_err *err);
bool hd_users_has(const struct hd_users *users, const char *name);

/* `as` is whose `password` it is; `new_password` is NULL for REMOVE.  Blocks
 * for the KDF and until the change is on the medium. */
int hd_users_change(const struct hd_users *users, enum hd_keys_action action,
                    const char *user, const char *as,
                    const struct hd_secret *password,
                    const struct hd_secret *new_password, struct hd_err *err);

#endif
