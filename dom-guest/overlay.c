/* SPDX-License-Identifier: MIT */
/* Mounts the host view and lays the guest's writes over it; writes nothing that
 * the host would see. */
#include "overlay.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

#include "../pv-drivers/base/beneath.h"
#include "../pv-drivers/base/io.h"
#include "../pv-drivers/base/mem.h"
#include "folder.h"
#include "layers.h"
#include "paths.h"

#define TAG "hostview" /* HD_FS9P_TAG */

/* The features that would bind what was written to one host's files are off:
 * the same folders lie over another host's tomorrow. */
#define FEATURES "index=off,metacopy=off,redirect_dir=off,xino=off"

/* The device is connected a moment after its driver was loaded. */
#define HOST_MS 3000
#define LOOK_MS 10

/* ---- the host view */

static bool is_mounted(const char *path)
{
    struct stat here, above;
    char parent[HD_LAYERS_ROOM];

    snprintf(parent, sizeof(parent), "%s/..", path);
    return !stat(path, &here) && !stat(parent, &above) &&
           here.st_dev != above.st_dev;
}

static int mount_host(struct hd_err *err)
{
    uint64_t until = hd_io_now_ms() + HOST_MS;
    int rc;

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

/* Linux's client takes a second mount that begins meanwhile for the first one,
 * which is never answered then. */
static int wait_turn(struct hd_err *err)
{
    hd_autofd int fd = open(HD_GUEST_RUN, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 || flock(fd, LOCK_EX)
               ? hd_fail_errno(err, HD_E_IO, "lock " HD_GUEST_RUN)
               : hd_steal_fd(&fd);
}

int hd_overlay_mount_host(struct hd_err *err)
{
    hd_autofd int turn = -1;

    if (hd_folder_make(HD_GUEST_RUN, err) || hd_folder_make(HD_GUEST_HOST, err))
        return -1;
    turn = wait_turn(err);
    if (turn < 0)
        return -1;
    return is_mounted(HD_GUEST_HOST) ? 0 : mount_host(err);
}

/* ---- where writes go */

/* Neither of those two keeps the attributes that an overlay needs. */
static bool is_fit(const char *path)
{
    struct statfs fs;

    return !statfs(path, &fs) && fs.f_type != OVERLAYFS_SUPER_MAGIC &&
           fs.f_type != RAMFS_MAGIC;
}

/* The guest's volume, or memory where that is of no use. */
static int make_writes(const char **ret, struct hd_err *err)
{
    if (!hd_folder_make_private(HD_GUEST_WRITES, NULL) &&
        is_fit(HD_GUEST_WRITES) && !access(HD_GUEST_WRITES, W_OK)) {
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

int hd_overlay_open_writes(bool make, struct hd_err *err)
{
    const char *path =
        is_fit(HD_GUEST_WRITES) ? HD_GUEST_WRITES : HD_GUEST_MEMORY;
    int fd;

    if (make && make_writes(&path, err))
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

/* A link there is of whoever had the volume: what it leads to is not ours. */
static int open_beneath(int root, const char *path)
{
    return root < 0 ? -1 : hd_beneath_open(root, path, O_PATH | O_DIRECTORY);
}

/* The options name descriptors, for a path may hold what they would take for
 * their own. */
int hd_overlay_lay(const char *lower, const char *writes, const char *key,
                   const char *where, struct hd_err *err)
{
    char name[HD_LAYERS_NAME], upper[HD_LAYERS_ROOM], work[HD_LAYERS_ROOM],
        options[256];
    hd_autofd int root = open(writes, O_PATH | O_DIRECTORY | O_CLOEXEC);
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
    up = open_beneath(root, upper + strlen(writes));
    wk = open_beneath(root, work + strlen(writes));
    snprintf(options, sizeof(options),
             "lowerdir=/proc/self/fd/%d,upperdir=/proc/self/fd/%d,"
             "workdir=/proc/self/fd/%d," FEATURES,
             low, up, wk);
    if (up < 0 || wk < 0 || mount(TAG, where, "overlay", 0, options))
        return hd_fail_errno(err, HD_E_IO, "lay %s over the host's", key);
    return 0;
}

/* A reconfiguration of nothing drops the names that nobody uses, and changes no
 * flag as a remount would; what the system lets fall does it for all. */
void hd_overlay_forget(int fd)
{
    hd_autofd int fs = fspick(fd, "", FSPICK_EMPTY_PATH | FSPICK_CLOEXEC);
    hd_autofd int all = -1;

    if (fs >= 0 && !fsconfig(fs, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0))
        return;
    all = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
    if (all >= 0)
        (void)!write(all, "2", 1);
}
