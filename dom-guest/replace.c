/* SPDX-License-Identifier: MIT */
/* Writes a file beside the one that it is to replace; leaves none there. */
#include "replace.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../pv-drivers/base/io.h"
#include "../pv-drivers/base/mem.h"
#include "hand.h"

/* False also for other than a file, whatever opening one of those would do. */
static bool is_so(const char *path, const void *buf, size_t len)
{
    hd_autofd int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    hd_autofree char *is = NULL;
    struct stat st;
    size_t n;

    return fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) &&
           !hd_io_read_whole(fd, path, len, &is, &n, NULL) && n == len &&
           !memcmp(is, buf, len);
}

/* Some file systems have one owner for all and let none be set. */
static int give_to(int fd, uid_t uid, gid_t gid)
{
    struct stat st;

    if (fstat(fd, &st))
        return -1;
    return (st.st_uid == uid && st.st_gid == gid) ? 0 : fchown(fd, uid, gid);
}

/* As the file at `path` is. */
static int take_after(int fd, const char *path, mode_t mode)
{
    struct stat st;

    if (stat(path, &st) || !S_ISREG(st.st_mode))
        return fchmod(fd, mode);
    return give_to(fd, st.st_uid, st.st_gid) || fchmod(fd, st.st_mode & 07777)
               ? -1
               : 0;
}

/* A link there would lead elsewhere. */
static int write_new(const char *temp, const char *path, const void *buf,
                     size_t len, mode_t mode, struct hd_err *err)
{
    hd_autofd int fd =
        open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return hd_fail_errno(err, HD_E_IO, "cannot create %s", temp);
    if (hd_io_write(fd, buf, len, err))
        return hd_wrap(err, "%s", path);
    return take_after(fd, path, mode) || fsync(fd)
               ? hd_fail_errno(err, HD_E_IO, "cannot write %s", path)
               : 0;
}

/* A rename is on the medium when its folder is.  While the volume was slow an
 * agent may have ended, and another one writes under that name. */
static int put_in_place(const char *temp, const char *path, struct hd_err *err)
{
    char folder[PATH_MAX];
    hd_autofd int fd = -1;

    snprintf(folder, sizeof(folder), "%s", path);
    fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    hd_hand_heed(); /* at last, for each of these may wait */
    return fd < 0 || rename(temp, path) || fsync(fd)
               ? hd_fail_errno(err, HD_E_IO, "cannot write %s", path)
               : 0;
}

int hd_replace_file(const char *path, const void *buf, size_t len, mode_t mode,
                    struct hd_err *err)
{
    char temp[PATH_MAX];

    if ((size_t)snprintf(temp, sizeof(temp), "%s.hotdom", path) >= sizeof(temp))
        return hd_fail(err, HD_E_IO, "the path %s is too long", path);
    (void)unlink(temp);
    if (is_so(path, buf, len))
        return 0;
    if (write_new(temp, path, buf, len, mode, err) ||
        put_in_place(temp, path, err)) {
        (void)unlink(temp);
        return -1;
    }
    return 0;
}
