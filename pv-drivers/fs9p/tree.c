/* SPDX-License-Identifier: MIT */
/* Looks files up beneath one folder; never writes, never lets a guest follow a
 * link and never opens a device. */
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../base/beneath.h"
#include "links.h"

enum place { NOWHERE, BARE, HOST };

static enum place place_of(const struct hd_tree *tree, const char *path)
{
    struct hd_decision d = hd_tables_decide(tree->tables, path);

    if (d.side == HD_SIDE_HOST)
        return HOST;
    return d.leads || !path[1] ? BARE : NOWHERE;
}

/* The entry of `tables` that is above `path`, when it is the host's. */
static bool entry_above(const struct hd_tables *tables, const char *path,
                        char ret[HD_TABLES_PATH])
{
    struct hd_decision d = hd_tables_decide(tables, path);

    if (d.side != HD_SIDE_HOST)
        return false;
    memcpy(ret, path, d.len);
    ret[d.len] = '\0';
    return true;
}

/* May what stands at `real` be shown for the exception `entry`?  It is below a
 * path of the policy, or below where the one above `entry` is. */
static bool is_shown_at(const struct hd_tree *tree, const char *entry,
                        const char *real)
{
    char above[HD_TABLES_PATH], place[HD_9P_PATH];

    if (hd_tables_decide(tree->shown, real).side == HD_SIDE_HOST)
        return true;
    return entry_above(tree->shown, entry, above) &&
           !hd_links_resolve(tree->root, above, true, place) &&
           hd_tables_is_below(real, place);
}

/* Where the exception above `path` leads, through links of the host's on its
 * way; false: through none, or out of what the policy shows. */
static bool go_around(const struct hd_tree *tree, const char *path,
                      char ret[HD_9P_PATH])
{
    char entry[HD_TABLES_PATH], real[HD_9P_PATH];
    size_t len;

    if (!tree->shown || !entry_above(tree->tables, path, entry) ||
        hd_links_resolve(tree->root, entry, false, real) ||
        !strcmp(real, entry) || !is_shown_at(tree, entry, real))
        return false;
    len = strlen(real);
    path += strlen(entry);
    if (len + strlen(path) >= HD_9P_PATH)
        return false;
    memcpy(ret, real, len);
    strcpy(ret + len, path);
    return true;
}

/* -1 with errno. */
static int open_beneath(const struct hd_tree *tree, const char *path, int flags)
{
    int fd = hd_beneath_open(tree->root, path, flags);
    char around[HD_9P_PATH];

    if (fd >= 0 || errno != ELOOP)
        return fd;
    if (go_around(tree, path, around))
        return hd_beneath_open(tree->root, around, flags);
    errno = ELOOP;
    return -1;
}

static bool is_shown(mode_t mode)
{
    return S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode);
}

/* FNV-1a; the highest bit is no inode's of a disk. */
static uint64_t hash(const char *path)
{
    uint64_t h = 0xcbf29ce484222325ull;

    for (; *path; path++)
        h = (h ^ (uint8_t)*path) * 0x100000001b3ull;
    return h | 1ull << 63;
}

static void stat_bare(const char *path, struct stat *ret)
{
    *ret = (struct stat){.st_mode = S_IFDIR | 0555,
                         .st_nlink = 2,
                         .st_ino = hash(path),
                         .st_blksize = 4096};
}

uint64_t hd_tree_id(const struct stat *st)
{
    return st->st_ino ^ (uint64_t)st->st_dev << 40;
}

int hd_tree_stat_open(int fd, struct stat *ret)
{
    if (fstat(fd, ret))
        return errno;
    ret->st_mode &= ~(mode_t)(S_ISUID | S_ISGID);
    return 0;
}

int hd_tree_stat(const struct hd_tree *tree, const char *path, struct stat *ret)
{
    hd_autofd int fd = -1;
    struct stat st;

    switch (place_of(tree, path)) {
    case NOWHERE:
        return ENOENT;
    case BARE:
        stat_bare(path, ret);
        return 0;
    case HOST:
        break;
    }
    fd = open_beneath(tree, path, O_PATH);
    if (fd < 0 || hd_tree_stat_open(fd, &st))
        return errno == ELOOP || errno == EXDEV ? ENOENT : errno;
    if (!is_shown(st.st_mode))
        return ENOENT;
    *ret = st;
    return 0;
}

/* What to open a device for is the host's business; so it is looked at first,
 * and what was opened is looked at again. */
int hd_tree_open(const struct hd_tree *tree, const char *path, int *ret_fd)
{
    hd_autofd int fd = -1;
    struct stat before, after;
    int rc = hd_tree_stat(tree, path, &before);

    if (rc || S_ISLNK(before.st_mode))
        return rc ? rc : ELOOP;
    if (place_of(tree, path) == HOST) {
        fd = open_beneath(tree, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
        if (fd < 0 || fstat(fd, &after))
            return errno;
        if (hd_tree_id(&before) != hd_tree_id(&after) ||
            !is_shown(after.st_mode))
            return ESTALE;
    }
    *ret_fd = hd_steal_fd(&fd);
    return 0;
}

bool hd_tree_still(const struct hd_tree *tree, const char *path, int fd)
{
    struct stat st;

    return (place_of(tree, path) == HOST) == (fd >= 0) &&
           !hd_tree_stat(tree, path, &st);
}

int hd_tree_readlink(const struct hd_tree *tree, const char *path, char *buf,
                     size_t size, size_t *ret_len)
{
    hd_autofd int fd = -1;
    ssize_t n;

    if (place_of(tree, path) != HOST)
        return EINVAL;
    fd = open_beneath(tree, path, O_PATH);
    n = fd < 0 ? -1 : readlinkat(fd, "", buf, size);
    if (n < 0)
        return errno == ENOENT ? EINVAL : errno; /* "": it is no link */
    if ((size_t)n == size)
        return ENAMETOOLONG; /* or it ends just there, which nobody can tell */
    *ret_len = (size_t)n;
    return 0;
}

/* False when the whole is no path that the kernel takes. */
static bool join(const char *dir, const char *name, char ret[PATH_MAX])
{
    int n = snprintf(ret, PATH_MAX, "%s/%s", dir[1] ? dir : "", name);

    return n > 0 && n < PATH_MAX;
}

/* A link or a folder in the way of an exception may not be there. */
static int list_bare(const struct hd_tree *tree, const char *path,
                     uint64_t offset, hd_tree_fn *fn, void *context)
{
    char name[HD_TABLES_NAME], child[PATH_MAX];
    struct stat st;

    while (hd_tables_next(tree->tables, path, &offset, name)) {
        struct hd_tree_entry e = {.name = name, .offset = offset};

        if (!join(path, name, child) || hd_tree_stat(tree, child, &st))
            continue;
        e.inode = hd_tree_id(&st);
        e.type = (uint8_t)IFTODT(st.st_mode);
        if (!fn(context, &e))
            return 0;
    }
    return 0;
}

static bool is_dots(const char *name)
{
    return !strcmp(name, ".") || !strcmp(name, "..");
}

/* A folder's own entries: itself, and the one above, which may be bare. */
static bool stat_dots(const struct hd_tree *tree, const char *dir,
                      const char *name, struct stat *ret)
{
    char above[PATH_MAX];
    size_t len = name[1] ? (size_t)(strrchr(dir, '/') - dir) : strlen(dir);

    if (len >= sizeof(above))
        return false;
    memcpy(above, dir, len);
    strcpy(above + len, len ? "" : "/");
    return !hd_tree_stat(tree, above, ret);
}

/* Of the open folder `fd`; what the tables have below it may be bare. */
static bool stat_entry(const struct hd_tree *tree, const char *dir, int fd,
                       const char *name, struct stat *ret)
{
    char child[PATH_MAX];

    if (is_dots(name))
        return stat_dots(tree, dir, name, ret);
    if (!join(dir, name, child))
        return false;
    switch (place_of(tree, child)) {
    case NOWHERE:
        return false;
    case BARE:
        stat_bare(child, ret);
        return true;
    case HOST:
        break;
    }
    return !fstatat(fd, name, ret, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT);
}

/* What it is, when it is to be shown.  getdents64 has an inode and a type, too,
 * but not what hd_tree_id takes, nor what is mounted there. */
static bool take_entry(const struct hd_tree *tree, const char *dir, int fd,
                       const struct dirent64 *d, struct hd_tree_entry *ret)
{
    struct stat st;

    if (!stat_entry(tree, dir, fd, d->d_name, &st) || !is_shown(st.st_mode))
        return false;
    *ret =
        (struct hd_tree_entry){d->d_name, hd_tree_id(&st), (uint64_t)d->d_off,
                               (uint8_t)IFTODT(st.st_mode)};
    return true;
}

static int list_open(const struct hd_tree *tree, const char *path, int fd,
                     uint64_t offset, hd_tree_fn *fn, void *context)
{
    char buf[8192] __attribute__((aligned(8)));
    struct hd_tree_entry e;
    ssize_t n;

    if (lseek(fd, (off_t)offset, SEEK_SET) < 0)
        return errno;
    while ((n = getdents64(fd, buf, sizeof(buf))) > 0)
        for (ssize_t at = 0; at < n;) {
            const struct dirent64 *d = (const void *)(buf + at);

            at += d->d_reclen;
            if (take_entry(tree, path, fd, d, &e) && !fn(context, &e))
                return 0;
        }
    return n < 0 ? errno : 0;
}

static bool is_at(const struct hd_tree *tree, const char *path, int fd)
{
    struct stat there, here;

    return !hd_tree_stat(tree, path, &there) && !fstat(fd, &here) &&
           hd_tree_id(&there) == hd_tree_id(&here);
}

/* The host may move an open folder to where nothing is shown.  So its place is
 * looked at last: what was listed until then was in it. */
int hd_tree_list(const struct hd_tree *tree, const char *path, int fd,
                 uint64_t offset, hd_tree_fn *fn, void *context)
{
    int rc;

    if (fd < 0)
        return list_bare(tree, path, offset, fn, context);
    rc = list_open(tree, path, fd, offset, fn, context);
    return rc || is_at(tree, path, fd) ? rc : ESTALE;
}
