/* SPDX-License-Identifier: MIT */
/* Whose password opens a store: a keyslot's or a verifier's; pure. */
#ifndef HD_DAEMON_USER_H
#define HD_DAEMON_USER_H

#include <stdbool.h>
#include <stddef.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/mem.h"
#include "../run/job.h"
#include "../store/reader.h"

/* It has encrypted volumes: its users are those of the keyslots. */
bool hd_user_encrypted(const struct hd_answer *store);
/* How many can open it, the recovery key among them. */
size_t hd_user_count(const struct hd_answer *store);
/* The name of one of them, below hd_user_count; borrowed. */
const char *hd_user_name(const struct hd_answer *store, size_t i);
/* That is nobody's name but the recovery key. */
bool hd_user_is_recovery(const struct hd_answer *store, size_t i);

struct hd_user_choice {
    const char *name; /* borrowed from the answer; NULL: there is no such */
    uint32_t ask;     /* enum hd_job_ask, and what belongs to it */
    uint32_t keyslot;
    struct hd_auth auth;
};

/* `user` NULL: the only one there is beside the recovery key; HD_E_USAGE when
 * there are several.  For a name that nobody has it chooses somebody's keyslot
 * or verifier, so that the answer takes as long: see hd_user_secret. */
int hd_user_choose(const struct hd_answer *store, const char *user,
                   struct hd_user_choice *ret, struct hd_err *err);

/* What the job tries for that choice: the password, a recovery key as it was
 * printed, or for a name that nobody has one that cannot fit.  The caller frees
 * `*ret`. */
int hd_user_secret(const struct hd_user_choice *choice,
                   const struct hd_secret *password, struct hd_secret **ret,
                   struct hd_err *err);

#endif
