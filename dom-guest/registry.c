/* SPDX-License-Identifier: MIT */
/* Keys and values in LMDB, each transaction under a lock of our own; believes
 * no record whose sum does not fit. */
#include "registry.h"

#include <limits.h>
#include <lmdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "registry_file.h"
#include "registry_lock.h"
#include "registry_room.h"

struct hd_registry {
    int lock; /* owned */
    MDB_env *env;
    MDB_txn *txn; /* NULL: there is no file, so there is no key */
    MDB_dbi main, keys, log;
    struct hd_registry_head head;
    bool changed, wide; /* something; it may take the spare room */
    int full;           /* why it takes no more values, or 0 */
    char record[HD_REGISTRY_RECORD];
};

/* ---- opened and closed */

static int put_head(struct hd_registry *r)
{
    MDB_val key = {sizeof(HD_REGISTRY_HEAD) - 1, HD_REGISTRY_HEAD};
    MDB_val head = {sizeof(r->head), &r->head};

    return mdb_put(r->txn, r->main, &key, &head, 0);
}

static int open_tables(struct hd_registry *r, unsigned flags)
{
    int rc = mdb_dbi_open(r->txn, NULL, 0, &r->main);

    if (!rc)
        rc = mdb_dbi_open(r->txn, "keys", flags, &r->keys);
    if (!rc)
        rc = mdb_dbi_open(r->txn, "log", flags, &r->log);
    return rc;
}

static int begin(struct hd_registry *r, const char *path, bool writes,
                 struct hd_err *err)
{
    int rc;

    if (hd_registry_env(path, writes, &r->env, err))
        return -1;
    r->full = writes ? hd_registry_reserve(r->env) : 0;
    rc = mdb_txn_begin(r->env, NULL, writes ? 0 : MDB_RDONLY, &r->txn);
    if (!rc)
        rc = open_tables(r, 0);
    return rc ? hd_registry_fail(err, rc, "open the registry")
              : hd_registry_read_head(r->txn, r->main, &r->head, err);
}

/* Above all numbers of one that was here before, which somebody may ask behind:
 * more than 65536 changes a second are not made, and before that the clock has
 * to be put back. */
static uint64_t first_number(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return ((uint64_t)t.tv_sec << 16) + ((uint64_t)t.tv_nsec >> 14) +
           HD_REGISTRY_NONE + 1;
}

/* Under another name until it is whole: a file that is there was so once. */
static int make(const char *dir, const char *path, struct hd_err *err)
{
    struct hd_registry r = {.lock = -1};
    char temp[PATH_MAX];
    int rc;

    snprintf(temp, sizeof(temp), "%s/" HD_REGISTRY_FILE ".new", dir);
    (void)unlink(temp);
    r.head.version = HD_REGISTRY_VERSION;
    r.head.sequence = r.head.first = first_number();
    if (hd_registry_env(temp, true, &r.env, err))
        return -1;
    rc = mdb_txn_begin(r.env, NULL, 0, &r.txn);
    if (!rc)
        rc = open_tables(&r, MDB_CREATE);
    if (!rc)
        rc = put_head(&r);
    if (!rc)
        rc = mdb_txn_commit(hd_steal(&r.txn));
    if (r.txn)
        mdb_txn_abort(r.txn);
    mdb_env_close(r.env);
    if (!rc && rename(temp, path))
        rc = errno;
    if (rc)
        (void)unlink(temp);
    return rc ? hd_registry_fail(err, rc, "make the registry")
              : hd_registry_sync(dir, err);
}

static int open_file(struct hd_registry *r, const char *dir, bool writes,
                     struct hd_err *err)
{
    char path[PATH_MAX];
    struct stat st;

    snprintf(path, sizeof(path), "%s/" HD_REGISTRY_FILE, dir);
    if (stat(path, &st)) {
        if (errno != ENOENT)
            return hd_registry_fail(err, errno, "open the registry");
        if (!writes)
            return 0;
        if (make(dir, path, err))
            return -1;
    } else if (!st.st_size) {
        /* LMDB would take it for a new one. */
        return hd_registry_damaged(err, "itself");
    }
    return begin(r, path, writes, err);
}

int hd_registry_open(const char *dir, enum hd_registry_mode mode,
                     uint64_t deadline_ms, struct hd_registry **ret,
                     struct hd_err *err)
{
    hd_auto(hd_registry) r = calloc(1, sizeof(*r));

    if (!r)
        return hd_fail_errno(err, HD_E_FAILED, "open the registry");
    r->lock = -1;
    r->head.sequence = r->head.first = HD_REGISTRY_NONE;
    if (hd_registry_lock(dir, mode, deadline_ms, &r->lock, err) ||
        (r->lock >= 0 && open_file(r, dir, mode == HD_REGISTRY_WRITE, err)))
        return -1;
    *ret = hd_steal(&r);
    return 0;
}

void hd_registry_free(struct hd_registry *r)
{
    if (!r)
        return;
    if (r->txn)
        mdb_txn_abort(r->txn);
    if (r->env)
        mdb_env_close(r->env);
    if (r->lock >= 0)
        close(r->lock);
    free(r);
}

/* ---- read */

int hd_registry_get(struct hd_registry *r, const char *key,
                    struct hd_value *ret, struct hd_err *err)
{
    char stored[HD_KEY_SIZE];
    MDB_val k = {hd_registry_store_key(key, stored), stored}, v;
    /* LMDB takes no empty key. */
    int rc = r->txn && *key ? mdb_get(r->txn, r->keys, &k, &v) : MDB_NOTFOUND;

    if (rc == MDB_NOTFOUND)
        return 0;
    if (rc)
        return hd_registry_fail(err, rc, "read the registry");
    return hd_registry_read(stored, k.mv_size, v.mv_data, v.mv_size, ret)
               ? 1
               : hd_registry_damaged(err, key);
}

/* The first at or behind `*k`: 1; 0: there is none. */
static int find(struct hd_registry *r, MDB_dbi table, MDB_val *k, MDB_val *v,
                struct hd_err *err)
{
    MDB_cursor *cursor;
    int rc = r->txn ? mdb_cursor_open(r->txn, table, &cursor) : MDB_NOTFOUND;

    if (!rc) {
        rc = mdb_cursor_get(cursor, k, v, MDB_SET_RANGE);
        mdb_cursor_close(cursor);
    }
    if (rc == MDB_NOTFOUND)
        return 0;
    return rc ? hd_registry_fail(err, rc, "read the registry") : 1;
}

static int seek(struct hd_registry *r, char *stored, size_t len,
                struct hd_entry *ret, struct hd_err *err)
{
    MDB_val k = {len, stored}, v;
    int rc = find(r, r->keys, &k, &v, err);

    if (rc <= 0)
        return rc;
    if (!hd_registry_load_key(k.mv_data, k.mv_size, ret->key) ||
        !hd_registry_read(k.mv_data, k.mv_size, v.mv_data, v.mv_size,
                          &ret->value))
        return hd_registry_damaged(err, "a key");
    return 1;
}

/* The byte behind a stored key leads to what follows it, or with 2, one more
 * than what stands for "/", to what follows all below it. */
int hd_registry_next(struct hd_registry *r, const char *above, const char *from,
                     bool past, struct hd_entry *ret, struct hd_err *err)
{
    char stored[HD_KEY_SIZE + 1];
    size_t len = hd_registry_store_key(*from ? from : above, stored);
    int rc;

    if (*from)
        stored[len++] = past ? HD_REGISTRY_SLASH + 1 : '\0';
    /* LMDB takes no empty key. */
    if (!len)
        stored[len++] = '\0';
    rc = seek(r, stored, len, ret, err);
    return rc > 0 && !hd_key_is_below(ret->key, above) ? 0 : rc;
}

uint64_t hd_registry_sequence(const struct hd_registry *r)
{
    return r->head.sequence;
}

uint64_t hd_registry_first(const struct hd_registry *r)
{
    return r->head.first;
}

int hd_registry_change(struct hd_registry *r, uint64_t *at,
                       char ret[HD_KEY_SIZE], struct hd_err *err)
{
    uint8_t number[8];
    MDB_val k = {sizeof(number), number}, v;
    int rc;

    hd_registry_store_number(*at + 1, number);
    rc = find(r, r->log, &k, &v, err);
    if (rc <= 0)
        return rc;
    if (k.mv_size != sizeof(number) ||
        !hd_registry_load_key(v.mv_data, v.mv_size, ret))
        return hd_registry_damaged(err, "a change");
    *at = hd_registry_load_number(k.mv_data);
    return 1;
}

/* ---- change */

/* And forgets the one that is too long ago. */
static int note(struct hd_registry *r, const char *stored, size_t len)
{
    uint8_t number[8];
    MDB_val k = {sizeof(number), number}, v = {len, (void *)stored};
    int rc;

    hd_registry_store_number(++r->head.sequence, number);
    rc = mdb_put(r->txn, r->log, &k, &v, MDB_APPEND);
    if (rc || r->head.sequence <= HD_REGISTRY_LOG)
        return rc;
    hd_registry_store_number(r->head.sequence - HD_REGISTRY_LOG, number);
    rc = mdb_del(r->txn, r->log, &k, NULL);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

/* One that is there takes no more room than it has. */
static int check_room(struct hd_registry *r, MDB_val *key, struct hd_err *err)
{
    MDB_stat st;
    MDB_val v;
    int rc = mdb_stat(r->txn, r->keys, &st);

    if (!rc && hd_registry_is_full(&st))
        rc = MDB_MAP_FULL;
    if (!rc && st.ms_entries < HD_REGISTRY_KEYS)
        return 0;
    if (!rc)
        rc = mdb_get(r->txn, r->keys, key, &v);
    if (rc == MDB_NOTFOUND)
        return hd_fail(err, HD_E_LIMIT, "the registry has its %u keys",
                       HD_REGISTRY_KEYS);
    return rc ? hd_registry_fail(err, rc, "write the registry") : 0;
}

int hd_registry_set(struct hd_registry *r, const char *key,
                    const struct hd_value *value, struct hd_err *err)
{
    char stored[HD_KEY_SIZE];
    MDB_val k = {0, stored}, v = {0, r->record};
    int rc;

    if (!hd_key_is_valid(key))
        return hd_fail(err, HD_E_USAGE,
                       "\"%.64s\" is no key: names of letters, digits, \".\", "
                       "\"_\" and \"-\" with \"/\" between, at most %d, "
                       "together %d bytes",
                       key, HD_KEY_DEPTH, HD_KEY_SIZE - 1);
    if (!hd_value_is_valid(value))
        return hd_fail(err, HD_E_USAGE, "%s: that is no %s of at most %u bytes",
                       key, hd_value_type_name(value->type), HD_VALUE_MAX);
    if (r->full)
        return hd_registry_fail(err, r->full, "write the registry");
    k.mv_size = hd_registry_store_key(key, stored);
    v.mv_size = hd_registry_write(stored, k.mv_size, value, r->record);
    if (check_room(r, &k, err))
        return -1;
    rc = mdb_put(r->txn, r->keys, &k, &v, 0);
    if (!rc)
        rc = note(r, stored, k.mv_size);
    r->changed = true;
    return rc ? hd_registry_fail(err, rc, "write the registry") : 0;
}

/* Anew, for what has changed nothing yet. */
static int widen(struct hd_registry *r, struct hd_err *err)
{
    int rc;

    if (r->wide || r->changed)
        return 0;
    r->wide = true;
    mdb_txn_abort(hd_steal(&r->txn));
    rc = hd_registry_widen(r->env);
    if (!rc)
        rc = mdb_txn_begin(r->env, NULL, 0, &r->txn);
    if (!rc)
        rc = open_tables(r, 0);
    return rc ? hd_registry_fail(err, rc, "write the registry") : 0;
}

int hd_registry_remove(struct hd_registry *r, const char *key, size_t *ret_n,
                       struct hd_err *err)
{
    char stored[HD_KEY_SIZE];
    struct hd_entry e;
    size_t n = 0;
    int rc;

    if (widen(r, err))
        return -1;
    while ((rc = hd_registry_next(r, key, "", false, &e, err)) > 0) {
        MDB_val k = {hd_registry_store_key(e.key, stored), stored};

        rc = mdb_del(r->txn, r->keys, &k, NULL);
        if (!rc)
            rc = note(r, stored, k.mv_size);
        if (rc)
            return hd_registry_fail(err, rc, "write the registry");
        r->changed = true;
        n++;
    }
    if (!rc && ret_n)
        *ret_n = n;
    return rc;
}

int hd_registry_commit(struct hd_registry *r, struct hd_err *err)
{
    int rc = r->changed ? put_head(r) : 0;

    if (rc)
        mdb_txn_abort(hd_steal(&r->txn));
    else
        rc = mdb_txn_commit(hd_steal(&r->txn));
    return rc ? hd_registry_fail(err, rc, "write the registry") : 0;
}
