/* SPDX-License-Identifier: MIT */
/* Loop devices of files that are stores; never reads the file. */
#include "loop.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/paths.h"

#define TRIES 16 /* others make loop devices, too */

/* ---- what the kernel says */

static int open_loop(const char *name)
{
    char path[32];

    snprintf(path, sizeof(path), "/dev/%.*s", HD_LOOP_NAME - 1, name);
    return open(path, O_RDWR | O_CLOEXEC);
}

/* False when there is none. */
static bool read_attribute(const char *name, const char *what, char **ret)
{
    char path[64];

    snprintf(path, sizeof(path), "/sys/block/%.*s/%s", HD_LOOP_NAME - 1, name,
             what);
    return !hd_io_read_file(path, 4096, ret, NULL, NULL);
}

static bool has_file(const char *name)
{
    hd_autofree char *backing = NULL;

    return read_attribute(name, "loop/backing_file", &backing);
}

static bool is_file_of(const char *name, const struct stat *file)
{
    struct loop_info64 info;
    hd_autofd int loop = -1;

    if (!has_file(name))
        return false;
    loop = open_loop(name);
    return loop >= 0 && !ioctl(loop, LOOP_GET_STATUS64, &info) &&
           info.lo_device == file->st_dev && info.lo_inode == file->st_ino;
}

/* Makers and those who free take turns; a loop device's name is its own only
 * from its mark to its file. */
static int take_turn(struct hd_err *err)
{
    hd_autofd int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);

    if (control < 0)
        return hd_fail_errno(err, HD_E_DENIED,
                             "only root makes a disk of a file");
    if (flock(control, LOCK_EX))
        return hd_fail_errno(err, HD_E_FAILED, "take a turn at loop devices");
    return hd_steal_fd(&control);
}

/* ---- marks */

void hd_loop_mark(const char *name, char ret[HD_LOOP_MARK_SIZE])
{
    snprintf(ret, HD_LOOP_MARK_SIZE, HD_LOOP_MARK "%.*s", HD_LOOP_NAME - 1,
             name);
}

static int mark(const char *name, struct hd_err *err)
{
    char path[HD_LOOP_MARK_SIZE];
    hd_autofd int fd = -1;

    hd_loop_mark(name, path);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    return fd < 0 ? hd_fail_errno(err, HD_E_FAILED, "make %s", path) : 0;
}

static void unmark(const char *name)
{
    char path[HD_LOOP_MARK_SIZE];

    hd_loop_mark(name, path);
    unlink(path);
}

bool hd_loop_is_ours(const char *name)
{
    char path[HD_LOOP_MARK_SIZE];

    hd_loop_mark(name, path);
    return !strncmp(name, "loop", 4) && !access(path, F_OK);
}

bool hd_loop_is_there(const char *name, uint64_t diskseq)
{
    hd_autofree char *seq = NULL;

    return hd_loop_is_ours(name) && has_file(name) &&
           read_attribute(name, "diskseq", &seq) &&
           strtoull(seq, NULL, 10) == diskseq;
}

/* ---- making one */

static int open_file(const char *path, struct stat *ret, struct hd_err *err)
{
    hd_autofd int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0 || fstat(fd, ret))
        return hd_fail_errno(err, HD_E_USAGE, "cannot open %s", path);
    if (!S_ISREG(ret->st_mode))
        return hd_fail(err, HD_E_USAGE, "%s is no file", path);
    return hd_steal_fd(&fd);
}

/* Two disks of one file would each write it. */
static int check_alone(const char *path, const struct stat *file,
                       struct hd_err *err)
{
    DIR *dir = opendir("/sys/block");
    struct dirent *d;
    int rc = 0;

    while (!rc && dir && (d = readdir(dir)))
        if (!strncmp(d->d_name, "loop", 4) && is_file_of(d->d_name, file))
            rc = hd_fail(err, HD_E_BUSY,
                         "%s is /dev/%s already; eject that store, or: losetup "
                         "-d /dev/%s",
                         path, d->d_name, d->d_name);
    if (dir)
        closedir(dir);
    return rc;
}

/* Past the page cache, so that what is flushed is in the file; where its file
 * system cannot do that, the kernel does without. */
static int configure(struct hd_loop *l, int file, struct hd_err *err)
{
    struct loop_config config = {.fd = (uint32_t)file,
                                 .info.lo_flags = LO_FLAGS_DIRECT_IO};
    hd_autofd int loop = open_loop(l->name);

    snprintf((char *)config.info.lo_file_name, sizeof(config.info.lo_file_name),
             "hotdom");
    if (loop < 0 || ioctl(loop, LOOP_CONFIGURE, &config) ||
        ioctl(loop, BLKGETDISKSEQ, &l->diskseq))
        return hd_fail_errno(err, HD_E_FAILED, "make a disk of a file as %s",
                             l->name);
    return 0;
}

static int make_one(int control, int file, struct hd_loop *ret,
                    struct hd_err *err)
{
    int n = ioctl(control, LOOP_CTL_GET_FREE);

    if (n < 0)
        return hd_fail_errno(err, HD_E_FAILED, "get a free loop device");
    snprintf(ret->name, HD_LOOP_NAME, "loop%d", n % 1000000);
    if (mark(ret->name, err))
        return -1;
    if (!configure(ret, file, err))
        return 0;
    unmark(ret->name);
    return -1;
}

int hd_loop_make(const char *path, struct hd_loop *ret, struct hd_err *err)
{
    hd_autofd int control = -1;
    struct stat st;
    hd_autofd int file = open_file(path, &st, err);
    struct hd_err why = {0};

    if (file < 0)
        return -1;
    control = take_turn(err);
    if (control < 0 || check_alone(path, &st, err))
        return -1;
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

/* ---- letting go */

static int let_go(const struct hd_loop *l, struct hd_err *err)
{
    hd_autofd int loop = open_loop(l->name);
    uint64_t now;

    if (loop < 0 || ioctl(loop, BLKGETDISKSEQ, &now) || now != l->diskseq)
        return 0;
    if (ioctl(loop, LOOP_CLR_FD) && errno != ENXIO)
        return hd_fail_errno(err, HD_E_IO, "let go of the file of %s", l->name);
    return 0;
}

int hd_loop_free(const struct hd_loop *l, struct hd_err *err)
{
    hd_autofd int control = -1;

    if (!hd_loop_is_ours(l->name))
        return 0;
    control = take_turn(err);
    if (control < 0)
        return -1;
    /* Another's by now, or nobody's. */
    if (!hd_loop_is_there(l->name, l->diskseq)) {
        if (!has_file(l->name))
            unmark(l->name);
        return 0;
    }
    /* First, so that udev, told of its end, does not take it for a store. */
    unmark(l->name);
    if (!let_go(l, err))
        return 0;
    (void)mark(l->name, NULL);
    return -1;
}
