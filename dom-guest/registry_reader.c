/* SPDX-License-Identifier: MIT */
/* Gets of the registry with LMDB's environment kept open; writes nothing, and
 * holds the lock for no longer than one get. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "registry.h"
#include "registry_file.h"
#include "registry_lock.h"

struct hd_registry_reader {
    char *dir; /* owned, as all below */
    int lock;  /* -1: there was no file yet */
    MDB_env *env;
    MDB_txn *txn; /* at rest between two gets */
    MDB_dbi keys;
    struct stat file, locked; /* which ones `env` and `lock` are */
    char record[HD_REGISTRY_RECORD];
};

static bool same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

static void close_file(struct hd_registry_reader *r)
{
    if (r->txn)
        mdb_txn_abort(hd_steal(&r->txn));
    if (r->env)
        mdb_env_close(hd_steal(&r->env));
}

/* A table is known to the environment when the transaction that has opened it
 * is committed. */
static int open_keys(struct hd_registry_reader *r, struct hd_err *err)
{
    struct hd_registry_head head;
    MDB_dbi top;
    int rc = mdb_txn_begin(r->env, NULL, MDB_RDONLY, &r->txn);

    if (!rc)
        rc = mdb_dbi_open(r->txn, NULL, 0, &top);
    if (!rc && hd_registry_read_head(r->txn, top, &head, err))
        return -1;
    if (!rc)
        rc = mdb_dbi_open(r->txn, "keys", 0, &r->keys);
    if (!rc)
        rc = mdb_txn_commit(hd_steal(&r->txn));
    if (!rc)
        rc = mdb_txn_begin(r->env, NULL, MDB_RDONLY, &r->txn);
    if (rc)
        return hd_registry_fail(err, rc, "open the registry");
    mdb_txn_reset(r->txn);
    return 0;
}

static int open_file(struct hd_registry_reader *r, const char *path,
                     const struct stat *st, struct hd_err *err)
{
    /* LMDB would take it for a new one. */
    if (!st->st_size)
        return hd_registry_fail(err, MDB_INVALID, "open the registry");
    if (hd_registry_env(path, false, &r->env, err))
        return -1;
    if (open_keys(r, err)) {
        close_file(r);
        return -1;
    }
    r->file = *st;
    return 0;
}

/* 1: it is open, and the one that is there; 0: there is none.  A number of a
 * file that is open is no other file's. */
static int find_file(struct hd_registry_reader *r, struct hd_err *err)
{
    char path[PATH_MAX];
    struct stat st;

    snprintf(path, sizeof(path), "%s/" HD_REGISTRY_FILE, r->dir);
    if (stat(path, &st)) {
        if (errno != ENOENT)
            return hd_registry_fail(err, errno, "open the registry");
        close_file(r);
        return 0;
    }
    if (r->env && same(&r->file, &st))
        return 1;
    close_file(r);
    return open_file(r, path, &st, err) ? -1 : 1;
}

/* ---- the lock */

static bool is_lock_there(const struct hd_registry_reader *r)
{
    char path[PATH_MAX];
    struct stat there;

    snprintf(path, sizeof(path), "%s/" HD_REGISTRY_LOCK, r->dir);
    return !stat(path, &there) && same(&r->locked, &there);
}

/* No registry is success. */
static int open_lock(struct hd_registry_reader *r, struct hd_err *err)
{
    if (hd_registry_lock_open(r->dir, HD_REGISTRY_READ, &r->lock, err))
        return -1;
    if (r->lock < 0 || !fstat(r->lock, &r->locked))
        return 0;
    return hd_registry_fail(err, errno, "lock the registry");
}

/* 1; 0: there is no registry.  Somebody may have removed it, or all of the
 * folder, or mounted another one there: the lock is another one then, as
 * everybody else's. */
static int take_lock(struct hd_registry_reader *r, uint64_t deadline_ms,
                     struct hd_err *err)
{
    if (r->lock >= 0 && !is_lock_there(r))
        close(hd_steal_fd(&r->lock));
    if (r->lock < 0 && open_lock(r, err))
        return -1;
    if (r->lock < 0)
        return 0;
    return hd_registry_lock_take(r->lock, r->dir, HD_REGISTRY_READ, deadline_ms,
                                 err)
               ? -1
               : 1;
}

/* ---- */

static int get(struct hd_registry_reader *r, const char *key,
               struct hd_value *ret, struct hd_err *err)
{
    char stored[HD_KEY_SIZE];
    MDB_val k = {hd_registry_store_key(key, stored), stored}, v = {0};
    int rc = mdb_txn_renew(r->txn);

    /* LMDB takes no empty key. */
    if (!rc)
        rc = *key ? mdb_get(r->txn, r->keys, &k, &v) : MDB_NOTFOUND;
    if (!rc && v.mv_size <= sizeof(r->record))
        memcpy(r->record, v.mv_data, v.mv_size);
    mdb_txn_reset(r->txn);
    if (rc == MDB_NOTFOUND)
        return 0;
    if (rc)
        return hd_registry_fail(err, rc, "read the registry");
    return v.mv_size <= sizeof(r->record) &&
                   hd_registry_read(stored, k.mv_size, r->record, v.mv_size,
                                    ret)
               ? 1
               : hd_registry_damaged(err, key);
}

int hd_registry_reader_get(struct hd_registry_reader *r, const char *key,
                           uint64_t deadline_ms, struct hd_value *ret,
                           struct hd_err *err)
{
    int rc = take_lock(r, deadline_ms, err);

    if (rc <= 0)
        return rc;
    rc = find_file(r, err);
    if (rc > 0)
        rc = get(r, key, ret, err);
    (void)flock(r->lock, LOCK_UN);
    return rc;
}

int hd_registry_reader_open(const char *dir, struct hd_registry_reader **ret,
                            struct hd_err *err)
{
    hd_auto(hd_registry_reader) r = calloc(1, sizeof(*r));

    if (r)
        r->lock = -1;
    if (r)
        r->dir = strdup(dir);
    if (!r || !r->dir)
        return hd_fail_errno(err, HD_E_FAILED, "open the registry");
    *ret = hd_steal(&r);
    return 0;
}

void hd_registry_reader_free(struct hd_registry_reader *r)
{
    if (!r)
        return;
    close_file(r);
    if (r->lock >= 0)
        close(r->lock);
    free(r->dir);
    free(r);
}
