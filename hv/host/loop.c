/* SPDX-License-Identifier: MIT */
/* Loop devices of files that are stores; never reads the file. */
#include "loop.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/paths.h"

#define TRIES 16 /* others make loop devices, too */

static void mark_path(const char *name, char ret[64])
{
    snprintf(ret, 64, HD_LOOP_DIR "/%.*s", HD_LOOP_NAME - 1, name);
}

/* ---- the file */

static int open_file(const char *path, struct stat *ret, struct hd_err *err)
{
    hd_autofd int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0 || fstat(fd, ret))
        return hd_fail_errno(err, HD_E_USAGE, "cannot open %s", path);
    if (!S_ISREG(ret->st_mode))
        return hd_fail(err, HD_E_USAGE, "%s is no file", path);
    return hd_steal_fd(&fd);
}

static bool has_file(const char *loop, const struct stat *file)
{
    char path[64];
    hd_autofree char *backing = NULL;
    struct stat st;

    snprintf(path, sizeof(path), "/sys/block/%.*s/loop/backing_file",
             HD_LOOP_NAME - 1, loop);
    if (hd_io_read_file(path, 4096, &backing, NULL, NULL))
        return false;
    backing[strcspn(backing, "\n")] = '\0';
    return !stat(backing, &st) && st.st_dev == file->st_dev &&
           st.st_ino == file->st_ino;
}

/* Two disks of one file would each write it. */
static int check_alone(const char *path, const struct stat *file,
                       struct hd_err *err)
{
    DIR *dir = opendir("/sys/block");
    struct dirent *d;
    int rc = 0;

    while (!rc && dir && (d = readdir(dir)))
        if (!strncmp(d->d_name, "loop", 4) && has_file(d->d_name, file))
            rc = hd_fail(err, HD_E_BUSY,
                         "%s is /dev/%s already; eject that store, or: losetup "
                         "-d /dev/%s",
                         path, d->d_name, d->d_name);
    if (dir)
        closedir(dir);
    return rc;
}

/* ---- the device */

static int open_loop(const char *name)
{
    char path[32];

    snprintf(path, sizeof(path), "/dev/%.*s", HD_LOOP_NAME - 1, name);
    return open(path, O_RDWR | O_CLOEXEC);
}

static int mark(const char *name, struct hd_err *err)
{
    char path[64];
    hd_autofd int fd = -1;

    mark_path(name, path);
    if (mkdir(HD_LOOP_DIR, 0755) && errno != EEXIST)
        return hd_fail_errno(err, HD_E_FAILED, "make " HD_LOOP_DIR);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    return fd < 0 ? hd_fail_errno(err, HD_E_FAILED, "make %s", path) : 0;
}

static void unmark(const char *name)
{
    char path[64];

    mark_path(name, path);
    unlink(path);
}

/* Past the page cache, so that what is flushed is in the file; where its file
 * system cannot do that, the kernel does without. */
static int configure(const char *name, int file, struct hd_err *err)
{
    struct loop_config config = {.fd = (uint32_t)file,
                                 .info.lo_flags = LO_FLAGS_DIRECT_IO};
    hd_autofd int loop = open_loop(name);

    snprintf((char *)config.info.lo_file_name, sizeof(config.info.lo_file_name),
             "hotdom");
    if (loop < 0 || ioctl(loop, LOOP_CONFIGURE, &config))
        return hd_fail_errno(err, HD_E_FAILED, "make a disk of a file as %s",
                             name);
    return 0;
}

static int make_one(int control, int file, char ret[HD_LOOP_NAME],
                    struct hd_err *err)
{
    int n = ioctl(control, LOOP_CTL_GET_FREE);

    if (n < 0)
        return hd_fail_errno(err, HD_E_FAILED, "get a free loop device");
    snprintf(ret, HD_LOOP_NAME, "loop%d", n % 1000000);
    if (mark(ret, err))
        return -1;
    if (!configure(ret, file, err))
        return 0;
    unmark(ret);
    return -1;
}

int hd_loop_make(const char *path, char ret[HD_LOOP_NAME], struct hd_err *err)
{
    hd_autofd int control = -1;
    struct stat st;
    hd_autofd int file = open_file(path, &st, err);
    struct hd_err why = {0};

    if (file < 0 || check_alone(path, &st, err))
        return -1;
    control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    if (control < 0)
        return hd_fail_errno(err, HD_E_DENIED, "only root makes a disk of %s",
                             path);
    for (int i = 0; i < TRIES; i++) {
        if (!make_one(control, file, ret, &why))
            return 0;
        if (why.sys != EBUSY)
            break;
    }
    if (err)
        *err = why;
    return -1;
}

bool hd_loop_is_ours(const char *name)
{
    char path[64];

    mark_path(name, path);
    return !strncmp(name, "loop", 4) && !access(path, F_OK);
}

int hd_loop_free(const char *name, struct hd_err *err)
{
    hd_autofd int loop = -1;
    int rc = 0;

    if (!hd_loop_is_ours(name))
        return 0;
    loop = open_loop(name);
    if (loop >= 0 && ioctl(loop, LOOP_CLR_FD) && errno != ENXIO)
        rc = hd_fail_errno(err, HD_E_FAILED, "let go of the file of %s", name);
    if (!rc)
        unmark(name);
    return rc;
}
