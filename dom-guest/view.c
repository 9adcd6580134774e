/* SPDX-License-Identifier: MIT */
/* Mounts the host view and lays the guest's writes over it; writes nothing that
 * the host would see. */
#include "view.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

#include "../pv-drivers/base/io.h"
#include "folder.h"
#include "paths.h"

#define TAG "hostview" /* HD_FS9P_TAG */

/* The features that would bind what was written to one host's files are off:
 * the same folders lie over another host's tomorrow. */
#define FEATURES "index=off,metacopy=off,redirect_dir=off,xino=off"

/* The device is connected a moment after its driver was loaded. */
#define HOST_MS 3000
#define LOOK_MS 10

#define PATH_ROOM (HD_TABLES_PATH + HD_LAYERS_NAME + 64)

/* ---- what is mounted, so that another process can take it away */

/* The number of the mount that is on top at `path`; 0: there is none. */
static uint64_t mount_at(const char *path)
{
    struct statx st;

    return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &st) ||
                   !(st.stx_mask & STATX_MNT_ID)
               ? 0
               : st.stx_mnt_id;
}

/* What was mounted there just now. */
static int note(const char *path, struct hd_err *err)
{
    hd_autofd int fd =
        open(HD_GUEST_MOUNTS, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    char line[PATH_ROOM + 24];
    int len =
        snprintf(line, sizeof(line), "%" PRIu64 " %s\n", mount_at(path), path);

    if (fd < 0)
        return hd_fail_errno(err, HD_E_IO, "open " HD_GUEST_MOUNTS);
    return hd_io_write(fd, line, (size_t)len, err);
}

/* What the guest has mounted over it since stays, with all below it. */
static void drop_one(const char *line)
{
    char *path;
    uint64_t id = strtoull(line, &path, 10);

    if (*path == ' ' && id && mount_at(path + 1) == id)
        (void)umount2(path + 1, MNT_DETACH | UMOUNT_NOFOLLOW);
}

/* The last first.  One that is in use goes when that is over. */
static void drop(void)
{
    hd_autofree char *text = NULL;

    if (hd_io_read_file(HD_GUEST_MOUNTS, 1 << 20, &text, NULL, NULL))
        return;
    for (char *end = strrchr(text, '\n'); end; end = strrchr(text, '\n')) {
        char *line;

        *end = '\0';
        line = strrchr(text, '\n');
        drop_one(line ? line + 1 : text);
    }
    (void)unlink(HD_GUEST_MOUNTS);
}

/* ---- the host view */

static bool is_mounted(const char *path)
{
    struct stat here, above;
    char parent[PATH_ROOM];

    snprintf(parent, sizeof(parent), "%s/..", path);
    return !stat(path, &here) && !stat(parent, &above) &&
           here.st_dev != above.st_dev;
}

static int mount_host(struct hd_err *err)
{
    uint64_t until = hd_io_now_ms() + HOST_MS;
    int rc;

    if (hd_folder_make(HD_GUEST_HOST, err))
        return -1;
    if (is_mounted(HD_GUEST_HOST))
        return 0;
    while (
        (rc = mount(TAG, HD_GUEST_HOST, "9p", MS_RDONLY | MS_NOSUID | MS_NODEV,
                    "trans=xen,version=9p2000.L")) &&
        (errno == EINVAL || errno == ENOENT) && hd_io_left_ms(until))
        nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
    if (rc)
        return hd_fail_errno(err, HD_E_IO,
                             "mount the host view (are the modules 9p and "
                             "9pnet_xen there?)");
    return 0;
}

/* ---- where writes go */

/* Neither of those two keeps the attributes that an overlay needs. */
static bool takes_writes(const char *path)
{
    struct statfs fs;

    return !statfs(path, &fs) && !access(path, W_OK) &&
           fs.f_type != OVERLAYFS_SUPER_MAGIC && fs.f_type != RAMFS_MAGIC;
}

/* The guest's volume, or memory where that is of no use. */
static int find_writes(const char **ret, struct hd_err *err)
{
    if (!hd_folder_make(HD_GUEST_WRITES, NULL) &&
        takes_writes(HD_GUEST_WRITES)) {
        *ret = HD_GUEST_WRITES;
        return 0;
    }
    *ret = HD_GUEST_MEMORY;
    if (hd_folder_make(HD_GUEST_MEMORY, err))
        return -1;
    if (!is_mounted(HD_GUEST_MEMORY) &&
        mount("hotdom", HD_GUEST_MEMORY, "tmpfs", MS_NOSUID | MS_NODEV,
              "mode=700"))
        return hd_fail_errno(err, HD_E_IO, "mount " HD_GUEST_MEMORY);
    return 0;
}

/* From before anything is laid over the folder that it is in. */
static int open_writes(struct hd_err *err)
{
    const char *path;
    int fd;

    if (find_writes(&path, err))
        return -1;
    fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? hd_fail_errno(err, HD_E_IO, "open %s", path) : fd;
}

/* The new upper folder looks as the host's does. */
static void take_mode(const char *path, const char *from)
{
    struct stat st;

    if (!stat(from, &st)) {
        (void)!chown(path, st.st_uid, st.st_gid);
        (void)chmod(path, st.st_mode & 07777);
    }
}

/* What lies over `lower` at `where`; the options name descriptors, for a path
 * may hold what they would take for their own. */
static int lay(const char *lower, const char *writes, const char *key,
               const char *where, struct hd_err *err)
{
    char name[HD_LAYERS_NAME], upper[PATH_ROOM], work[PATH_ROOM], options[256];
    hd_autofd int low = open(lower, O_PATH | O_DIRECTORY | O_CLOEXEC);
    hd_autofd int up = -1, wk = -1;
    bool made;

    if (low < 0)
        return hd_fail_errno(err, HD_E_IO, "the host's %s", key);
    if (!hd_layers_name(key, name))
        return hd_fail(err, HD_E_LIMIT, "the path %s is too long", key);
    snprintf(upper, sizeof(upper), "%s/%s/upper", writes, name);
    snprintf(work, sizeof(work), "%s/%s/work", writes, name);
    made = access(upper, F_OK) != 0;
    if (hd_folder_make(upper, err) || hd_folder_make(work, err))
        return -1;
    if (made)
        take_mode(upper, lower);
    up = open(upper, O_PATH | O_DIRECTORY | O_CLOEXEC);
    wk = open(work, O_PATH | O_DIRECTORY | O_CLOEXEC);
    snprintf(options, sizeof(options),
             "lowerdir=/proc/self/fd/%d,upperdir=/proc/self/fd/%d,"
             "workdir=/proc/self/fd/%d," FEATURES,
             low, up, wk);
    if (up < 0 || wk < 0 || mount(TAG, where, "overlay", 0, options))
        return hd_fail_errno(err, HD_E_IO, "lay %s over the host's", key);
    return note(where, err);
}

/* ---- layers */

/* A mount point that is not there yet is made on the guest's side. */
static int make_point(const char *path, bool folder, struct hd_err *err)
{
    hd_autofd int fd = -1;

    if (folder)
        return hd_folder_make(path, err);
    if (!access(path, F_OK))
        return 0;
    if (hd_folder_make_above(path, err))
        return -1;
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    return fd < 0 ? hd_fail_errno(err, HD_E_IO, "make %s", path) : 0;
}

/* The overlay is of its folder, of which the host view shows no more than this
 * file and other exceptions. */
static int lay_file(const char *path, const char *at, const char *lower,
                    const char *writes, struct hd_err *err)
{
    char name[HD_LAYERS_NAME], merged[PATH_ROOM], from[2 * PATH_ROOM],
        folder[PATH_ROOM];

    if (!hd_layers_name(path, name))
        return hd_fail(err, HD_E_LIMIT, "the path %s is too long", path);
    snprintf(merged, sizeof(merged), HD_GUEST_MERGED "/%s", name);
    snprintf(folder, sizeof(folder), "%s", lower);
    *strrchr(folder, '/') = '\0';
    snprintf(from, sizeof(from), "%s%s", merged, strrchr(path, '/'));
    if (hd_folder_make(merged, err) || make_point(at, false, err) ||
        lay(folder, writes, path, merged, err))
        return -1;
    if (mount(from, at, NULL, MS_BIND, NULL))
        return hd_fail_errno(err, HD_E_IO, "bind %s", path);
    return note(at, err);
}

/* Where the guest's own path leads, for nothing is mounted on a link. */
static int find_point(const char *path, char ret[PATH_MAX], struct hd_err *err)
{
    struct stat st;

    if (realpath(path, ret))
        return 0;
    if (errno != ENOENT || !lstat(path, &st))
        return hd_fail_errno(err, HD_E_IO, "the guest's %s leads nowhere",
                             path);
    snprintf(ret, PATH_MAX, "%s", path);
    return 0;
}

/* 1: there; 0: the host has none. */
static int add_exception(const char *path, const char *writes,
                         struct hd_err *err)
{
    char lower[PATH_ROOM], at[PATH_MAX];
    struct stat st;
    int rc;

    snprintf(lower, sizeof(lower), HD_GUEST_HOST "%s", path);
    if (lstat(lower, &st))
        return errno == ENOENT
                   ? 0
                   : hd_fail_errno(err, HD_E_IO, "the host's %s", path);
    if (find_point(path, at, err))
        return -1;
    if (S_ISREG(st.st_mode))
        rc = lay_file(path, at, lower, writes, err);
    else if (S_ISDIR(st.st_mode))
        rc = make_point(at, true, err) || lay(lower, writes, path, at, err);
    else
        return hd_fail(err, HD_E_FAILED,
                       "the host's %s is neither a folder nor a file", path);
    return rc ? -1 : 1;
}

/* A copy of the mount that the guest's own path is in, from before anything was
 * laid over it; -1: the guest has none, and what it makes there is its own. */
static int take_own(const char *path)
{
    return open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
}

static int add_inclusion(const char *path, int own, struct hd_err *err)
{
    struct stat st;

    if (own < 0)
        return 0;
    if (fstat(own, &st))
        return hd_fail_errno(err, HD_E_IO, "the guest's %s", path);
    if (make_point(path, S_ISDIR(st.st_mode), err))
        return -1;
    if (move_mount(own, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH))
        return hd_fail_errno(err, HD_E_IO, "put the guest's own %s back", path);
    return note(path, err) ? -1 : 1;
}

static void add_all(const struct hd_layers *l, const int own[HD_LAYERS],
                    const char *writes, struct hd_view_outcome *ret)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct hd_layer *layer = &l->layers[i];
        struct hd_err err;
        int rc = layer->side == HD_SIDE_HOST
                     ? add_exception(layer->path, writes, &err)
                     : add_inclusion(layer->path, own[i], &err);

        ret->wanted += rc != 0;
        ret->made += rc > 0;
        if (rc < 0 && !ret->why.code)
            ret->why = err;
    }
}

static void compose(const struct hd_layers *l, struct hd_view_outcome *ret)
{
    hd_autofd int fd = -1;
    char writes[32];
    int own[HD_LAYERS];

    if (hd_folder_make(HD_GUEST_RUN, &ret->why) || mount_host(&ret->why) ||
        (fd = open_writes(&ret->why)) < 0) {
        ret->wanted = l->n;
        return;
    }
    snprintf(writes, sizeof(writes), "/proc/self/fd/%d", fd);
    for (size_t i = 0; i < l->n; i++)
        own[i] = l->layers[i].side == HD_SIDE_GUEST
                     ? take_own(l->layers[i].path)
                     : -1;
    add_all(l, own, writes, ret);
    for (size_t i = 0; i < l->n; i++)
        if (own[i] >= 0)
            close(own[i]);
}

void hd_view_compose(const char *text, struct hd_view_outcome *ret)
{
    hd_autofree struct hd_layers *l = calloc(1, sizeof(*l));

    *ret = (struct hd_view_outcome){0};
    if (!l) {
        hd_fail_errno(&ret->why, HD_E_FAILED, "compose the view");
        return;
    }
    if (hd_layers_parse(text, l, &ret->why))
        return;
    drop();
    if (l->n)
        compose(l, ret);
}
