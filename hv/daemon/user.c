/* SPDX-License-Identifier: MIT */
/* Whose password opens a store: a keyslot's or a verifier's; pure. */
#include "user.h"

#include <string.h>
#include <sys/random.h>

#include "../volume/recovery.h"

bool hd_user_encrypted(const struct hd_answer *store)
{
    return hd_manifest_luks(&store->manifest, -1) >= 0;
}

size_t hd_user_count(const struct hd_answer *store)
{
    return hd_user_encrypted(store) ? store->luks.n_users
                                    : store->manifest.n_users;
}

const char *hd_user_name(const struct hd_answer *store, size_t i)
{
    return hd_user_encrypted(store) ? store->luks.users[i].name
                                    : store->manifest.users[i].name;
}

bool hd_user_is_recovery(const struct hd_answer *store, size_t i)
{
    return hd_user_encrypted(store) &&
           !strcmp(hd_user_name(store, i), HD_LUKS_RECOVERY_USER);
}

/* The only one beside the recovery key. */
static int only_user(const struct hd_answer *store, size_t *ret,
                     struct hd_err *err)
{
    size_t n = 0;

    for (size_t i = 0; i < hd_user_count(store); i++)
        if (!hd_user_is_recovery(store, i)) {
            *ret = i;
            n++;
        }
    if (n == 1)
        return 0;
    if (!n)
        return hd_fail(err, HD_E_USAGE,
                       "the store has no users; name " HD_LUKS_RECOVERY_USER
                       " if you have its recovery key");
    return hd_fail(err, HD_E_USAGE, "the store has %zu users; say which one",
                   n);
}

static size_t find(const struct hd_answer *store, const char *user)
{
    size_t i = 0;

    while (i < hd_user_count(store) && strcmp(hd_user_name(store, i), user))
        i++;
    return i;
}

int hd_user_choose(const struct hd_answer *store, const char *user,
                   struct hd_user_choice *ret, struct hd_err *err)
{
    struct hd_user_choice choice = {0};
    size_t at = 0;

    if (!hd_user_count(store))
        return hd_fail(err, HD_E_DENIED, "the store has no users");
    if (user)
        at = find(store, user);
    else if (only_user(store, &at, err))
        return -1;
    if (at < hd_user_count(store))
        choice.name = hd_user_name(store, at);
    else
        at = 0; /* anybody's: it costs the same time to fail */
    if (hd_user_encrypted(store)) {
        choice.ask = HD_ASK_KEYSLOT;
        choice.keyslot = store->luks.users[at].keyslot;
    } else {
        choice.ask = HD_ASK_VERIFIER;
        choice.auth = store->manifest.users[at].auth;
    }
    *ret = choice;
    return 0;
}

/* 256 random bits: nobody's password.  Without NULs, as all passwords. */
static int hopeless(struct hd_secret **ret, struct hd_err *err)
{
    hd_auto(hd_secret) secret = hd_secret_new(2 * 32);
    unsigned char bits[32];

    if (!secret || getrandom(bits, sizeof(bits), 0) != sizeof(bits))
        return hd_fail_errno(err, HD_E_FAILED, "no random bytes");
    for (size_t i = 0; i < sizeof(bits); i++) {
        secret->data[secret->len++] = (char)('a' + (bits[i] & 15));
        secret->data[secret->len++] = (char)('a' + (bits[i] >> 4));
    }
    explicit_bzero(bits, sizeof(bits));
    *ret = hd_steal(&secret);
    return 0;
}

static int copy(const struct hd_secret *from, struct hd_secret **ret,
                struct hd_err *err)
{
    hd_auto(hd_secret) to = hd_secret_new(from->size);

    if (!to)
        return hd_fail_errno(err, HD_E_FAILED, "no memory for the password");
    memcpy(to->data, from->data, from->len);
    to->len = from->len;
    *ret = hd_steal(&to);
    return 0;
}

int hd_user_secret(const struct hd_user_choice *choice,
                   const struct hd_secret *password, struct hd_secret **ret,
                   struct hd_err *err)
{
    if (!choice->name)
        return hopeless(ret, err);
    if (choice->ask == HD_ASK_KEYSLOT &&
        !strcmp(choice->name, HD_LUKS_RECOVERY_USER))
        return hd_recovery_normal(password, ret, err);
    return copy(password, ret, err);
}
