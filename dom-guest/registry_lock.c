/* SPDX-License-Identifier: MIT */
/* flock(2) on a file beside the registry's; never waits longer than it was
 * told, and never looks into either. */
#include "registry_lock.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "../pv-drivers/base/io.h"
#include "folder.h"
#include "registry_file.h"

/* Between two tries, in ms: twice the last, from the first up to the other. */
#define FIRST_MS 1
#define LAST_MS  32

int hd_registry_folder(const char *dir, struct hd_err *err)
{
    struct stat st;

    if (hd_folder_make_above(dir, err))
        return -1;
    if (mkdir(dir, 0700) && errno != EEXIST)
        return hd_registry_fail(err, errno, "make the registry's folder");
    if (stat(dir, &st))
        return hd_registry_fail(err, errno, "open the registry's folder");
    /* One that is not ours to change is not ours to write either. */
    if (st.st_mode & 077)
        (void)chmod(dir, 0700);
    return 0;
}

/* Not in flock(2) itself, of which nothing but a signal would wake us. */
int hd_registry_lock_take(int fd, const char *dir, enum hd_registry_mode mode,
                          uint64_t deadline_ms, struct hd_err *err)
{
    int how = mode == HD_REGISTRY_WRITE ? LOCK_EX : LOCK_SH;
    long ms = FIRST_MS;

    while (flock(fd, how | LOCK_NB)) {
        struct timespec t = {.tv_nsec = ms * 1000000};

        if (errno == EINTR)
            continue;
        if (errno != EWOULDBLOCK)
            return hd_registry_fail(err, errno, "lock the registry");
        if (!hd_io_left_ms(deadline_ms))
            return hd_fail(err, HD_E_BUSY,
                           "the registry is in use and was not let go in "
                           "time; see who has it with `fuser -v "
                           "%s/" HD_REGISTRY_LOCK "`",
                           dir);
        nanosleep(&t, NULL);
        ms = ms < LAST_MS ? 2 * ms : LAST_MS;
    }
    return 0;
}

int hd_registry_lock_open(const char *dir, enum hd_registry_mode mode,
                          int *ret_fd, struct hd_err *err)
{
    bool writes = mode == HD_REGISTRY_WRITE;
    char path[PATH_MAX], file[PATH_MAX];
    int fd;

    snprintf(path, sizeof(path), "%s/" HD_REGISTRY_LOCK, dir);
    snprintf(file, sizeof(file), "%s/" HD_REGISTRY_FILE, dir);
    if (writes && hd_registry_folder(dir, err))
        return -1;
    if (!writes && access(file, F_OK) && errno == ENOENT)
        return 0;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return hd_registry_fail(err, errno, "lock the registry");
    *ret_fd = fd;
    return 0;
}

int hd_registry_lock(const char *dir, enum hd_registry_mode mode,
                     uint64_t deadline_ms, int *ret_fd, struct hd_err *err)
{
    hd_autofd int fd = -1;

    if (hd_registry_lock_open(dir, mode, &fd, err))
        return -1;
    if (fd < 0)
        return 0;
    if (hd_registry_lock_take(fd, dir, mode, deadline_ms, err))
        return -1;
    *ret_fd = hd_steal_fd(&fd);
    return 0;
}
