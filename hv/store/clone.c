/* SPDX-License-Identifier: MIT */
/* Copies a store into a new one, opening and closing its encryption on the way;
 * never writes to the source, and keeps no key of it. */
#include "clone.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../volume/luks_users.h"
#include "auth.h"
#include "new_store.h"
#include "pack_users.h"

struct cloner {
    const struct hd_clone *in;
    struct hd_manifest m; /* of the clone */
    struct hd_bundle *bundle;
    struct hd_target target;
    struct hd_pack_volume volumes[HD_MAX_VOLUMES];
    char user[HD_NAME_SIZE];    /* empty: the store has no users */
    uint32_t keyslot;           /* of an encrypted store */
    struct hd_secret *password; /* of `user` */
    struct hd_packed packed;
};

/* By the keyslots where there are any: the manifest may be older than they are.
 */
static size_t list_users(const struct hd_answer *a,
                         struct hd_luks_user users[HD_LUKS_KEYSLOTS])
{
    size_t n = 0;

    if (hd_manifest_luks(&a->manifest, -1) >= 0) {
        for (uint32_t i = 0; i < a->luks.n_users; i++)
            if (strcmp(a->luks.users[i].name, HD_LUKS_RECOVERY_USER))
                users[n++] = a->luks.users[i];
        return n;
    }
    for (; n < a->manifest.n_users && n < HD_LUKS_KEYSLOTS; n++)
        memcpy(users[n].name, a->manifest.users[n].name, HD_NAME_SIZE);
    return n;
}

static int choose_user(struct cloner *c, struct hd_err *err)
{
    struct hd_luks_user users[HD_LUKS_KEYSLOTS] = {0};
    size_t n = list_users(c->in->store, users), i = 0;

    if (!n && !c->in->user)
        return hd_manifest_luks(&c->m, -1) < 0
                   ? 0
                   : hd_fail(err, HD_E_NO_USER,
                             "no user is left who could open the store");
    if (!c->in->user && n > 1)
        return hd_fail(err, HD_E_USAGE, "the store has %zu users; name one", n);
    while (c->in->user && i < n && strcmp(users[i].name, c->in->user))
        i++;
    if (i == n)
        return hd_fail(err, HD_E_NO_USER, "the store has no user %s",
                       c->in->user);
    memcpy(c->user, users[i].name, sizeof(c->user));
    c->keyslot = users[i].keyslot;
    return 0;
}

static int check_signer(const struct hd_clone *in, struct hd_err *err)
{
    uint8_t sig[HD_SIG_BYTES];
    struct hd_signer who;
    char text[HD_SIGNER_TEXT];

    if (hd_sign(in->pack.key, "", 0, sig, &who, err))
        return -1;
    if (in->trusted || in->resign ||
        !memcmp(&who, &in->store->signer, sizeof(who)))
        return 0;
    hd_signer_format(&in->store->signer, text);
    return hd_fail(err, HD_E_UNTRUSTED_SIGNER,
                   "signer %s is not trusted here; --resign vouches for what "
                   "it signed",
                   text);
}

/* Images that no guest boots from are there for hotdom revert. */
static void drop_old_images(struct hd_manifest *m)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < m->n_volumes; i++) {
        bool used = m->volumes[i].kind != HD_VOLUME_IMAGE;

        for (uint32_t g = 0; g < m->n_guests; g++)
            for (uint32_t d = 0; d < m->guests[g].n_disks; d++)
                used |= !strcmp(m->guests[g].disks[d].name, m->volumes[i].name);
        if (!used)
            continue;
        m->volumes[n] = m->volumes[i];
        m->volumes[n++].replaces[0] = '\0';
    }
    m->n_volumes = n;
}

/* The clone is for the user who makes it, with what that user likes; one whom
 * the keyslots alone know has no settings. */
static void take_user(struct cloner *c)
{
    const struct hd_manifest *old = &c->in->store->manifest;
    int i = hd_manifest_user(old, c->user);
    struct hd_manifest *m = &c->m;

    m->n_users = *c->user ? 1 : 0;
    memset(m->users, 0, sizeof(m->users));
    memcpy(m->users[0].name, c->user, sizeof(c->user));
    if (*c->user && i >= 0)
        m->users[0].settings = old->users[i].settings;
}

static int make_ids(struct cloner *c, struct hd_err *err)
{
    struct hd_manifest *m = &c->m;

    m->store.generation = 1;
    if (hd_uuid_make(&m->store.id, err))
        return -1;
    for (uint32_t i = 0; i < m->n_guests; i++)
        if (hd_uuid_make(&m->guests[i].id, err))
            return -1;
    for (uint32_t i = 0; i < m->n_volumes; i++)
        if (hd_uuid_make(&m->volumes[i].partuuid, err))
            return -1;
    take_user(c);
    return 0;
}

/* Where each volume's content comes from. */
static int find_content(struct cloner *c, struct hd_err *err)
{
    const struct hd_answer *a = c->in->store;

    for (uint32_t i = 0; i < c->m.n_volumes; i++) {
        struct hd_volume *v = &c->m.volumes[i];
        int old = hd_manifest_volume(&a->manifest, v->name);
        struct hd_pack_volume *pv = &c->volumes[i];

        *pv = (struct hd_pack_volume){
            .v = v,
            .from = fcntl(c->in->medium, F_DUPFD_CLOEXEC, 0),
            .content = v->kind == HD_VOLUME_IMAGE
                           ? v->verity.blocks * HD_VERITY_BLOCK
                           : v->size - v->luks.offset,
            .copied = true,
            .from_at = a->extents[old].start + v->luks.offset,
            .header = -1,
        };
        if (pv->from < 0)
            return hd_fail_errno(err, HD_E_FAILED, "clone volume %s", v->name);
    }
    return 0;
}

/* The header of a volume that is not the key volume. */
static int open_derived(struct hd_pack_volume *pv, int header,
                        const struct hd_secret *key, struct hd_err *err)
{
    hd_auto(hd_secret) derived = NULL;

    if (hd_luks_derive(key, &pv->v->luks.uuid, &derived, err) ||
        hd_luks_users_open(header, 0, &pv->v->luks, derived, &pv->from_key,
                           err)) {
        if (err && err->code == HD_E_WRONG_PASSWORD)
            hd_fail(err, HD_E_BAD_VOLUME,
                    "the header is not the one that was signed");
        return hd_wrap(err, "volume %s", pv->v->name);
    }
    return 0;
}

/* The password is held against the source before anything is made. */
static int open_source(struct cloner *c, struct hd_err *err)
{
    const struct hd_pack_ops *ops = &c->in->pack.ops;
    const struct hd_answer *a = c->in->store;
    int first = hd_manifest_luks(&c->m, -1), n = 1;

    if (!*c->user)
        return 0;
    if (ops->password(ops->ctx, c->user, &c->password, err))
        return -1;
    if (first < 0)
        return hd_auth_check(
            &a->manifest.users[hd_manifest_user(&a->manifest, c->user)].auth,
            c->password, err);
    if (hd_luks_users_open(c->in->headers[0], c->keyslot,
                           &c->m.volumes[first].luks, c->password,
                           &c->volumes[first].from_key, err))
        return -1;
    for (int i = hd_manifest_luks(&c->m, first); i >= 0;
         i = hd_manifest_luks(&c->m, i))
        if (open_derived(&c->volumes[i], c->in->headers[n++],
                         c->volumes[first].from_key, err))
            return -1;
    return 0;
}

/* The password that was typed is the clone's, too. */
static int same_password(void *ctx, const char *user, struct hd_secret **ret,
                         struct hd_err *err)
{
    const struct cloner *c = ctx;
    struct hd_secret *copy = hd_secret_new(c->password->size);

    (void)user;
    if (!copy)
        return hd_fail_errno(err, HD_E_FAILED, "no memory for a password");
    memcpy(copy->data, c->password->data, c->password->len);
    copy->len = c->password->len;
    *ret = copy;
    return 0;
}

static int show(void *ctx, const char *phase, uint64_t done, uint64_t total)
{
    const struct cloner *c = ctx;

    return c->in->pack.ops.progress(c->in->pack.ops.ctx, phase, done, total);
}

static int make_users(struct cloner *c, struct hd_err *err)
{
    struct hd_pack pack = c->in->pack;

    pack.ops.password = same_password;
    pack.ops.progress = show;
    pack.ops.ctx = c;
    return hd_pack_users_make(&pack, &c->m, c->volumes, &c->packed.recovery,
                              err);
}

/* --force must not make a store overwrite itself. */
static int check_apart(const struct hd_clone *in, struct hd_err *err)
{
    struct stat from, to;

    if (fstat(in->medium, &from) || stat(in->pack.output, &to))
        return 0; /* a new image */
    if (S_ISBLK(from.st_mode)
            ? S_ISBLK(to.st_mode) && from.st_rdev == to.st_rdev
            : from.st_dev == to.st_dev && from.st_ino == to.st_ino)
        return hd_fail(err, HD_E_USAGE, "%s is the store itself",
                       in->pack.output);
    return 0;
}

static int clone_store(struct cloner *c, struct hd_err *err)
{
    const struct hd_clone *in = c->in;
    struct hd_new_store store = {&c->m, c->bundle, c->volumes, in->pack.key,
                                 &in->pack.ops};

    c->m = in->store->manifest;
    drop_old_images(&c->m);
    if (check_apart(in, err) || check_signer(in, err) || choose_user(c, err) ||
        hd_target_open(in->pack.output, in->pack.force, &c->target, err) ||
        find_content(c, err) || open_source(c, err) || make_ids(c, err) ||
        make_users(c, err) ||
        hd_bundle_copy(c->bundle, in->medium, in->store->files_at, &c->m,
                       err) ||
        hd_new_store_write(&store, &c->target, &c->packed.signer,
                           &c->packed.size, err))
        return -1;
    c->packed.store = c->m.store;
    return 0;
}

static void cloner_fini(struct cloner *c)
{
    hd_target_fini(&c->target);
    for (uint32_t i = 0; i < c->m.n_volumes; i++)
        if (c->volumes[i].v)
            hd_pack_volume_fini(&c->volumes[i]);
    if (c->password)
        hd_secret_free(c->password);
    if (c->packed.recovery)
        hd_secret_free(c->packed.recovery);
    if (c->bundle)
        hd_bundle_free(c->bundle);
    free(c);
}

int hd_clone(const struct hd_clone *clone, struct hd_packed *ret,
             struct hd_err *err)
{
    struct cloner *c = calloc(1, sizeof(*c));
    int rc;

    if (!c)
        return hd_fail_errno(err, HD_E_FAILED, "clone a store");
    c->in = clone;
    c->target.fd = -1;
    c->bundle = calloc(1, sizeof(*c->bundle));
    rc = c->bundle ? clone_store(c, err)
                   : hd_fail_errno(err, HD_E_FAILED, "clone a store");
    if (!rc) {
        *ret = c->packed;
        c->packed.recovery = NULL;
    }
    cloner_fini(c);
    return rc;
}
