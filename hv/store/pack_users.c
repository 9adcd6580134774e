/* SPDX-License-Identifier: MIT */
/* Makes what opens a store, all of it in memory; never writes to a medium. */
#include "pack_users.h"

#include "auth.h"

struct passwords {
    struct hd_secret *of[HD_MAX_USERS]; /* owned */
};

static void passwords_fini(struct passwords *p)
{
    for (size_t i = 0; i < HD_MAX_USERS; i++)
        if (p->of[i])
            hd_secret_free(p->of[i]);
}

#define autopasswords __attribute__((cleanup(passwords_fini))) struct passwords

/* All of them first: a person does not wait between two questions. */
static int ask(const struct hd_pack *in, const struct hd_manifest *m,
               struct passwords *ret, struct hd_err *err)
{
    for (uint32_t i = 0; i < m->n_users; i++)
        if (in->ops.password(in->ops.ctx, m->users[i].name, &ret->of[i], err))
            return hd_wrap(err, "user %s", m->users[i].name);
    return 0;
}

static int make_verifiers(const struct hd_pack *in, struct hd_manifest *m,
                          const struct passwords *p, struct hd_err *err)
{
    for (uint32_t i = 0; i < m->n_users; i++)
        if (hd_pack_tell(&in->ops, "passwords", i, m->n_users, err) ||
            hd_auth_make(p->of[i], in->cost.memory_kib, &m->users[i].auth, err))
            return hd_wrap(err, "user %s", m->users[i].name);
    return m->n_users ? hd_pack_tell(&in->ops, "passwords", m->n_users,
                                     m->n_users, err)
                      : 0;
}

static int make_header(struct hd_pack_volume *pv, struct hd_err *err)
{
    struct hd_luks *luks = &pv->v->luks;

    if (hd_uuid_make(&luks->uuid, err) ||
        hd_luks_make(&luks->uuid, luks->offset, &pv->header, &pv->key, err) ||
        hd_luks_mark(pv->key, &luks->uuid, luks->mark, err))
        return hd_wrap(err, "volume %s", pv->v->name);
    return 0;
}

static int add_keyslot(const struct hd_pack *in,
                       const struct hd_pack_volume *key, const char *user,
                       const struct hd_secret *password, struct hd_err *err)
{
    if (hd_luks_add(key->header, key->key, user, password, &in->cost, err))
        return hd_wrap(err, "keyslot of %s (Argon2 with %u MiB, %u passes)",
                       user, in->cost.memory_kib >> 10, in->cost.time);
    return 0;
}

/* One for each user, and one for the recovery key. */
static int add_keyslots(const struct hd_pack *in, const struct hd_manifest *m,
                        const struct hd_pack_volume *key,
                        const struct passwords *p, struct hd_secret **recovery,
                        struct hd_err *err)
{
    uint32_t n = m->n_users + !in->no_recovery_key;

    if (n > HD_LUKS_KEYSLOTS)
        return hd_fail(err, HD_E_BAD_MANIFEST,
                       "%u users and a recovery key are more than the %d "
                       "keyslots of a volume",
                       m->n_users, HD_LUKS_KEYSLOTS);
    for (uint32_t i = 0; i < m->n_users; i++)
        if (hd_pack_tell(&in->ops, "keyslots", i, n, err) ||
            add_keyslot(in, key, m->users[i].name, p->of[i], err))
            return -1;
    if (!in->no_recovery_key &&
        (hd_pack_tell(&in->ops, "keyslots", n - 1, n, err) ||
         hd_luks_recovery_key(recovery, err) ||
         add_keyslot(in, key, HD_LUKS_RECOVERY_USER, *recovery, err)))
        return -1;
    return hd_pack_tell(&in->ops, "keyslots", n, n, err);
}

/* The key volume's key opens this one. */
static int add_derived(const struct hd_pack_volume *key,
                       const struct hd_pack_volume *pv, struct hd_err *err)
{
    hd_auto(hd_secret) derived = NULL;

    if (hd_luks_derive(key->key, &pv->v->luks.uuid, &derived, err) ||
        hd_luks_add_derived(pv->header, pv->key, derived, err))
        return hd_wrap(err, "volume %s", pv->v->name);
    return 0;
}

int hd_pack_users_make(const struct hd_pack *in, struct hd_manifest *m,
                       struct hd_pack_volume *volumes,
                       struct hd_secret **ret_recovery, struct hd_err *err)
{
    hd_auto(hd_secret) recovery = NULL;
    autopasswords passwords = {0};
    int first = hd_manifest_luks(m, -1);

    if (ask(in, m, &passwords, err))
        return -1;
    if (first < 0)
        return make_verifiers(in, m, &passwords, err);
    for (int i = first; i >= 0; i = hd_manifest_luks(m, i))
        if (make_header(&volumes[i], err) ||
            (i != first && add_derived(&volumes[first], &volumes[i], err)))
            return -1;
    if (add_keyslots(in, m, &volumes[first], &passwords, &recovery, err))
        return -1;
    *ret_recovery = hd_steal(&recovery);
    return 0;
}
