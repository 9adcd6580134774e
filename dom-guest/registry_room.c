/* SPDX-License-Identifier: MIT */
/* Keeps room in the registry's file, and of the volume; changes no key. */
#include "registry_room.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "registry_file.h"

int hd_registry_widen(MDB_env *env)
{
    return mdb_env_set_mapsize(env, HD_REGISTRY_SIZE);
}

bool hd_registry_is_full(const MDB_stat *st)
{
    size_t pages =
        st->ms_branch_pages + st->ms_leaf_pages + st->ms_overflow_pages;

    return pages >= HD_REGISTRY_FULL / st->ms_psize;
}

/* ---- pages that were freed */

/* Pages that transaction `from` has freed, and those since, each list with
 * their number first. */
static size_t count_free(MDB_txn *txn, size_t from)
{
    MDB_val k = {sizeof(from), &from}, v;
    MDB_cursor *cursor;
    size_t n, sum = 0;
    int rc;

    /* LMDB's table 0 is that of its free pages, by their transaction. */
    if (mdb_cursor_open(txn, 0, &cursor))
        return 0;
    for (rc = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
         !rc && v.mv_size >= sizeof(n);
         rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) {
        memcpy(&n, v.mv_data, sizeof(n));
        sum += n < v.mv_size ? n : 0;
    }
    mdb_cursor_close(cursor);
    return sum;
}

static size_t free_since(MDB_env *env, size_t from)
{
    MDB_txn *txn;
    size_t n;

    if (mdb_txn_begin(env, NULL, MDB_RDONLY, &txn))
        return 0;
    n = count_free(txn, from);
    mdb_txn_abort(txn);
    return n;
}

/* The head once more, as it is. */
static int rewrite_head(MDB_txn *txn)
{
    MDB_val key = {sizeof(HD_REGISTRY_HEAD) - 1, HD_REGISTRY_HEAD}, v;
    struct hd_registry_head head;
    MDB_dbi top;
    int rc = mdb_dbi_open(txn, NULL, 0, &top);

    if (!rc)
        rc = mdb_get(txn, top, &key, &v);
    if (rc || v.mv_size != sizeof(head))
        return rc ? rc : MDB_INVALID;
    memcpy(&head, v.mv_data, sizeof(head));
    v.mv_data = &head;
    return mdb_put(txn, top, &key, &v, 0);
}

/* Where it fails whoever writes will see. */
static void ripen(MDB_env *env)
{
    MDB_txn *txn;

    if (hd_registry_widen(env) || mdb_txn_begin(env, NULL, 0, &txn))
        return;
    if (rewrite_head(txn))
        mdb_txn_abort(txn);
    else
        (void)mdb_txn_commit(txn);
    (void)mdb_env_set_mapsize(env, HD_REGISTRY_FULL);
}

/* ---- the volume */

struct room {
    size_t last;     /* transaction */
    size_t page;     /* bytes of one */
    off_t end, left; /* of the file, and until values are to end */
};

static bool look(MDB_env *env, struct room *ret)
{
    MDB_envinfo info;
    MDB_stat st;

    if (mdb_env_info(env, &info) || mdb_env_stat(env, &st))
        return false;
    ret->last = info.me_last_txnid;
    ret->page = st.ms_psize;
    ret->end = (off_t)(info.me_last_pgno + 1) * st.ms_psize;
    ret->left = (off_t)HD_REGISTRY_FULL - ret->end;
    return true;
}

/* By the blocks that it has: to ask for some that it has already would cost a
 * sync of the journal each time.  From its beginning on, for LMDB leaves holes
 * where it freed pages at once.  0, or an errno, and the room that there is. */
static int allocate(MDB_env *env, off_t end, off_t *ret_room)
{
    struct stat st;
    int fd;

    if (mdb_env_get_fd(env, &fd) || fstat(fd, &st))
        return 0; /* whoever writes will see */
    *ret_room = st.st_blocks * 512 - end;
    if (*ret_room >= HD_REGISTRY_ROOM ||
        !fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, end + 2 * HD_REGISTRY_ROOM) ||
        !fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, end + HD_REGISTRY_ROOM))
        return 0;
    return errno == ENOSPC || errno == EDQUOT ? errno : 0;
}

int hd_registry_reserve(MDB_env *env)
{
    struct room r;
    off_t room = 0;
    size_t unripe;
    int why;

    if (!look(env, &r))
        return 0;
    unripe = free_since(env, r.last) * r.page;
    why = allocate(env, r.end, &room);
    if (unripe >= HD_REGISTRY_ROOM ||
        (unripe && (why || r.left < (off_t)HD_REGISTRY_ROOM)))
        ripen(env);
    if (!why)
        return 0;
    room += (off_t)(free_since(env, 0) * r.page);
    return room >= (off_t)HD_REGISTRY_ROOM ? 0 : why;
}
