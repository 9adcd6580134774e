/* SPDX-License-Identifier: MIT */
/* The registry's file, as bytes and as LMDB opens it; changes none. */
#include "registry_file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../pv-drivers/base/io.h"
#include "../pv-drivers/base/mem.h"
#include "registry.h"
#include "registry_room.h"

/* LMDB's own locks would need a second file that outlives a crash. */
#define FLAGS (MDB_NOSUBDIR | MDB_NOLOCK | MDB_NORDAHEAD)

/* Where a head of LMDB has these, in bytes. */
#define HEAD_SIZE_AT 40
#define HEAD_LAST_AT 136 /* and its number behind it */

size_t hd_registry_store_key(const char *key, char ret[HD_KEY_SIZE])
{
    size_t len = strnlen(key, HD_KEY_SIZE - 1);

    for (size_t i = 0; i < len; i++)
        ret[i] = key[i] == '/' ? HD_REGISTRY_SLASH : key[i];
    return len;
}

bool hd_registry_load_key(const char *stored, size_t len, char ret[HD_KEY_SIZE])
{
    if (len >= HD_KEY_SIZE)
        return false;
    for (size_t i = 0; i < len; i++)
        ret[i] = stored[i] == HD_REGISTRY_SLASH ? '/' : stored[i];
    ret[len] = '\0';
    return strlen(ret) == len && hd_key_is_valid(ret);
}

/* FNV-1a: against accidents, not against whoever may write the file. */
static uint32_t sum(uint32_t h, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        h = (h ^ (uint8_t)bytes[i]) * 16777619u;
    return h;
}

static uint32_t sum_of(const char *stored, size_t len, const char *value,
                       size_t n)
{
    return sum(sum(2166136261u, stored, len), value, n);
}

size_t hd_registry_write(const char *stored, size_t len,
                         const struct hd_value *value,
                         char ret[HD_REGISTRY_RECORD])
{
    size_t n = value->len + 1;
    uint32_t h;

    ret[4] = hd_value_letter(value->type);
    if (value->len)
        memcpy(ret + 5, value->data, value->len);
    h = sum_of(stored, len, ret + 4, n);
    memcpy(ret, &h, sizeof(h));
    return 4 + n;
}

bool hd_registry_read(const char *stored, size_t len, const char *record,
                      size_t n, struct hd_value *ret)
{
    uint32_t h;

    if (n < 5)
        return false;
    memcpy(&h, record, sizeof(h));
    return h == sum_of(stored, len, record + 4, n - 4) &&
           hd_value_parse(record + 4, n - 4, ret);
}

void hd_registry_store_number(uint64_t n, uint8_t ret[8])
{
    for (int i = 7; i >= 0; i--, n >>= 8)
        ret[i] = (uint8_t)n;
}

uint64_t hd_registry_load_number(const uint8_t bytes[8])
{
    uint64_t n = 0;

    for (size_t i = 0; i < 8; i++)
        n = n << 8 | bytes[i];
    return n;
}

static int fail_of_system(struct hd_err *err, int rc, const char *what)
{
    switch (rc) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return hd_fail(err, HD_E_IO, "%s: the guest's data volume is full",
                       what);
    case EIO: /* LMDB's word for a write that came to half its end */
        return hd_fail(err, HD_E_IO,
                       "%s: the guest's data volume is full, or fails", what);
    case EROFS:
        return hd_fail(err, HD_E_IO,
                       "%s: the guest's root takes no writes; mount it rw",
                       what);
    case EACCES:
    case EPERM:
        return hd_fail(err, HD_E_FAILED,
                       "%s: it is root's alone; run it as root", what);
    case EINVAL: /* of mmap(2), fdatasync(2) and the like */
        return hd_fail(err, HD_E_FAILED,
                       "%s: the guest's file system cannot hold a registry: "
                       "its files cannot be mapped or synced",
                       what);
    default:
        errno = rc;
        return hd_fail_errno(err, rc == ENOMEM ? HD_E_FAILED : HD_E_IO, "%s",
                             what);
    }
}

/* LMDB's own are negative; its words say little to a person. */
int hd_registry_fail(struct hd_err *err, int rc, const char *what)
{
    if (rc > 0)
        return fail_of_system(err, rc, what);
    if (rc == MDB_MAP_FULL)
        return hd_fail(err, HD_E_LIMIT, "%s: the registry has its %u MiB", what,
                       HD_REGISTRY_SIZE >> 20);
    if (rc == MDB_VERSION_MISMATCH)
        return hd_fail(err, HD_E_FAILED,
                       "%s: its file is of another version of LMDB; take the "
                       "agent that made it",
                       what);
    return hd_fail(err, HD_E_BAD_VOLUME,
                   "%s: the registry's file is damaged: %s", what,
                   mdb_strerror(rc));
}

struct head {
    uint64_t last, number; /* its last page, its transaction */
    uint32_t size;         /* of a page */
};

static bool read_head(int fd, off_t at, struct head *ret)
{
    uint64_t pair[2];

    if (hd_io_pread(fd, &ret->size, sizeof(ret->size), at + HEAD_SIZE_AT,
                    NULL) ||
        hd_io_pread(fd, pair, sizeof(pair), at + HEAD_LAST_AT, NULL))
        return false;
    ret->last = pair[0];
    ret->number = pair[1];
    return true;
}

static bool is_size(uint32_t n)
{
    return n >= 256 && n <= 65536 && !(n & (n - 1));
}

/* LMDB believes its heads before it has looked at them: where the newer one
 * rots it divides by 0, or asks the system for what that refuses with EINVAL or
 * ENOMEM.  What cannot be read is not rotten. */
static bool is_rotten(const char *path)
{
    hd_autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct head a, b;

    if (fd < 0 || !read_head(fd, 0, &a))
        return false;
    if (!is_size(a.size))
        return true;
    if (!read_head(fd, (off_t)a.size, &b))
        return false;
    if (b.number > a.number)
        a = b;
    return !is_size(a.size) || a.last >= HD_REGISTRY_SIZE / a.size;
}

/* LMDB maps all of a file that is longer.  Who reads maps the spare room as
 * well: a removal may take it while the file is open, and what lies behind the
 * end of the map cannot be read (MDB_MAP_RESIZED). */
static int open_env(MDB_env *env, const char *path, unsigned flags)
{
    size_t size = flags & MDB_RDONLY ? HD_REGISTRY_SIZE : HD_REGISTRY_FULL;
    int rc = is_rotten(path) ? MDB_INVALID : mdb_env_set_mapsize(env, size);

    if (!rc)
        rc = mdb_env_set_maxdbs(env, 2);
    return rc ? rc : mdb_env_open(env, path, FLAGS | flags, 0600);
}

int hd_registry_damaged(struct hd_err *err, const char *key)
{
    return hd_fail(err, HD_E_BAD_VOLUME,
                   "the registry's file is damaged: its record of %s", key);
}

int hd_registry_env(const char *path, bool writes, MDB_env **ret,
                    struct hd_err *err)
{
    MDB_env *env;
    int rc = mdb_env_create(&env);

    if (rc)
        return hd_registry_fail(err, rc, "open the registry");
    rc = open_env(env, path, writes ? 0 : MDB_RDONLY);
    if (rc) {
        mdb_env_close(env);
        return hd_registry_fail(err, rc, "open the registry");
    }
    *ret = env;
    return 0;
}

int hd_registry_read_head(MDB_txn *txn, MDB_dbi top,
                          struct hd_registry_head *ret, struct hd_err *err)
{
    MDB_val key = {sizeof(HD_REGISTRY_HEAD) - 1, HD_REGISTRY_HEAD}, v;
    struct hd_registry_head head;
    int rc = mdb_get(txn, top, &key, &v);

    if (!rc && v.mv_size != sizeof(head))
        rc = MDB_INVALID;
    if (rc)
        return hd_registry_fail(err, rc, "open the registry");
    memcpy(&head, v.mv_data, sizeof(head));
    if (head.version != HD_REGISTRY_VERSION)
        return hd_fail(err, HD_E_FAILED,
                       "the registry is of version %u, and this agent knows "
                       "%u",
                       head.version, HD_REGISTRY_VERSION);
    *ret = head;
    return 0;
}

int hd_registry_sync(const char *dir, struct hd_err *err)
{
    hd_autofd int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 || fsync(fd)
               ? hd_registry_fail(err, errno, "sync the registry")
               : 0;
}
