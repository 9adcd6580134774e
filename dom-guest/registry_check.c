/* SPDX-License-Identifier: MIT */
/* Finds damage in the registry's file, and moves such a file aside; never
 * removes one. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../pv-drivers/base/io.h"
#include "guard.h"
#include "registry.h"
#include "registry_file.h"
#include "registry_lock.h"

#define LOCK_MS  5000
#define CHECK_MS 30000
#define ASIDE    1000 /* files at most */

static int bad(struct hd_err *err, const char *what)
{
    return hd_fail(err, HD_E_BAD_VOLUME, "the registry's file is damaged: %s",
                   what);
}

typedef bool record_fn(const MDB_val *key, const MDB_val *value,
                       const MDB_envinfo *info);

static bool is_record(const MDB_val *key, const MDB_val *value,
                      const MDB_envinfo *info)
{
    char name[HD_KEY_SIZE];
    struct hd_value v;

    (void)info;
    return hd_registry_load_key(key->mv_data, key->mv_size, name) &&
           hd_registry_read(key->mv_data, key->mv_size, value->mv_data,
                            value->mv_size, &v);
}

static bool is_change(const MDB_val *key, const MDB_val *value,
                      const MDB_envinfo *info)
{
    char name[HD_KEY_SIZE];

    (void)info;
    return key->mv_size == 8 &&
           hd_registry_load_key(value->mv_data, value->mv_size, name);
}

/* LMDB's list of pages that a transaction freed: how many, and which; 0 and 1
 * are its heads. */
static bool is_free_list(const MDB_val *key, const MDB_val *value,
                         const MDB_envinfo *info)
{
    size_t n = value->mv_size / sizeof(size_t), page;
    const char *at = value->mv_data;

    if (key->mv_size != sizeof(size_t) || !n)
        return false;
    memcpy(&page, at, sizeof(page));
    if (page > n - 1)
        return false;
    for (n = page; n > 0; n--) {
        memcpy(&page, at + n * sizeof(page), sizeof(page));
        if (page < 2 || page > info->me_last_pgno)
            return false;
    }
    return true;
}

/* What LMDB answered: its own codes, or no more to come, are damage here, the
 * system's are none. */
static int found(struct hd_err *err, int rc, const char *what)
{
    return rc > 0 ? hd_registry_fail(err, rc, "check the registry")
                  : bad(err, what);
}

/* No table has more entries than that, and none goes in a circle. */
static int walk(MDB_txn *txn, MDB_dbi dbi, record_fn *is_good, const char *what,
                struct hd_err *err)
{
    MDB_envinfo info;
    MDB_cursor *cursor;
    MDB_stat st;
    MDB_val k, v;
    size_t n = 0;
    int rc = mdb_stat(txn, dbi, &st);

    if (!rc)
        rc = mdb_env_info(mdb_txn_env(txn), &info);
    if (!rc && st.ms_entries > HD_REGISTRY_KEYS)
        return bad(err, what);
    if (!rc)
        rc = mdb_cursor_open(txn, dbi, &cursor);
    if (rc)
        return found(err, rc, what);
    while (n <= st.ms_entries &&
           !(rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) &&
           is_good(&k, &v, &info))
        n++;
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND && n == st.ms_entries ? 0 : found(err, rc, what);
}

/* A change that is numbered beyond the head's takes the next one's place. */
static int check_numbers(MDB_txn *txn, MDB_dbi log,
                         const struct hd_registry_head *head,
                         struct hd_err *err)
{
    MDB_cursor *cursor;
    uint64_t last = 0;
    MDB_val k, v;
    int rc = mdb_cursor_open(txn, log, &cursor);

    if (rc)
        return found(err, rc, "its changes");
    rc = mdb_cursor_get(cursor, &k, &v, MDB_LAST);
    if (!rc)
        last = hd_registry_load_number(k.mv_data);
    mdb_cursor_close(cursor);
    if (rc && rc != MDB_NOTFOUND)
        return found(err, rc, "its changes");
    return head->first <= head->sequence && last <= head->sequence
               ? 0
               : bad(err, "the numbers of its changes");
}

static int check_tables(MDB_txn *txn, struct hd_err *err)
{
    MDB_val k = {sizeof(HD_REGISTRY_HEAD) - 1, HD_REGISTRY_HEAD}, v;
    struct hd_registry_head head;
    MDB_dbi top, keys, log;
    int rc = mdb_dbi_open(txn, NULL, 0, &top);

    if (!rc)
        rc = mdb_dbi_open(txn, "keys", 0, &keys);
    if (!rc)
        rc = mdb_dbi_open(txn, "log", 0, &log);
    if (!rc)
        rc = mdb_get(txn, top, &k, &v);
    if (rc || v.mv_size != sizeof(head))
        return found(err, rc, "its head");
    memcpy(&head, v.mv_data, sizeof(head));
    /* LMDB's table 0 is that of its free pages. */
    return walk(txn, 0, is_free_list, "its free pages", err) ||
                   walk(txn, keys, is_record, "its records", err) ||
                   walk(txn, log, is_change, "its changes", err) ||
                   check_numbers(txn, log, &head, err)
               ? -1
               : 0;
}

int hd_registry_check(const char *dir, struct hd_err *err)
{
    char path[PATH_MAX];
    struct stat st;
    MDB_env *env;
    MDB_txn *txn;
    int rc;

    snprintf(path, sizeof(path), "%s/" HD_REGISTRY_FILE, dir);
    if (stat(path, &st))
        return errno == ENOENT
                   ? 0
                   : hd_registry_fail(err, errno, "check the registry");
    if (!st.st_size)
        return bad(err, "it is empty");
    if (hd_registry_env(path, false, &env, err))
        return -1;
    rc = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn);
    if (rc) {
        mdb_env_close(env);
        return hd_registry_fail(err, rc, "check the registry");
    }
    rc = check_tables(txn, err);
    mdb_txn_abort(txn);
    mdb_env_close(env);
    return rc;
}

/* ---- moved aside */

/* In its order: a medium that fails says so here, for in a map it kills as a
 * file that is cut does, and what follows looks at a page here and there, which
 * takes a stick ten times as long. */
static int read_through(const char *dir, struct hd_err *err)
{
    static char buf[64 << 10];
    char path[PATH_MAX];
    hd_autofd int fd = -1;
    struct stat st;

    snprintf(path, sizeof(path), "%s/" HD_REGISTRY_FILE, dir);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0 || fstat(fd, &st))
        return hd_registry_fail(err, errno, "read the registry's file");
    for (off_t at = 0; at < st.st_size; at += (off_t)sizeof(buf)) {
        off_t left = st.st_size - at;
        size_t n = left < (off_t)sizeof(buf) ? (size_t)left : sizeof(buf);

        if (hd_io_pread(fd, buf, n, at, err))
            return hd_wrap(err, "read the registry's file");
    }
    return 0;
}

static int check_guarded(void *ctx, struct hd_guard *g, struct hd_entries *out,
                         struct hd_err *err)
{
    (void)g, (void)out;
    return read_through(ctx, err) || hd_registry_check(ctx, err) ? -1 : 0;
}

/* Under the first name that is free. */
static int move(const char *dir, char *ret_path, size_t size,
                struct hd_err *err)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/" HD_REGISTRY_FILE, dir);
    for (unsigned i = 1; i <= ASIDE; i++) {
        char to[PATH_MAX + 16];

        snprintf(to, sizeof(to), "%s.bad-%u", path, i);
        if (access(to, F_OK) == 0)
            continue;
        if (rename(path, to))
            return hd_registry_fail(err, errno, "move the registry aside");
        snprintf(ret_path, size, "%s", to);
        return hd_registry_sync(dir, err) ? -1 : 1;
    }
    return hd_fail(err, HD_E_EXISTS, "%s.bad-1 to -%u are there; remove some",
                   path, ASIDE);
}

int hd_registry_rescue(const char *dir, char *ret_path, size_t size,
                       struct hd_err *err)
{
    struct hd_entries nothing = {.max = 1};
    hd_autofd int fd = -1;
    struct hd_err why = {0};

    if (hd_registry_lock(dir, HD_REGISTRY_WRITE, hd_io_now_ms() + LOCK_MS, &fd,
                         err))
        return -1;
    if (!hd_guard_run(check_guarded, (void *)dir, "checked",
                      hd_io_now_ms() + CHECK_MS, &nothing, &why))
        return 0;
    if (why.code != HD_E_BAD_VOLUME) {
        if (err)
            *err = why;
        return -1;
    }
    return move(dir, ret_path, size, err);
}
