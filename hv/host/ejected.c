/* SPDX-License-Identifier: MIT */
/* Media that somebody has ejected and nobody has pulled yet; opens no disk. */
#include "ejected.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../pv-drivers/base/mem.h"

static void path_of(const char *dir, uint64_t diskseq, char ret[PATH_MAX])
{
    snprintf(ret, PATH_MAX, "%s/%" PRIu64, dir, diskseq);
}

int hd_ejected_add(const char *dir, uint64_t diskseq, struct hd_err *err)
{
    char path[PATH_MAX];
    hd_autofd int fd = -1;

    path_of(dir, diskseq, path);
    if (mkdir(dir, 0700) && errno != EEXIST)
        return hd_fail_errno(err, HD_E_IO, "cannot make %s", dir);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd < 0 ? hd_fail_errno(err, HD_E_IO, "cannot make %s", path) : 0;
}

bool hd_ejected_has(const char *dir, uint64_t diskseq)
{
    char path[PATH_MAX];

    path_of(dir, diskseq, path);
    return !access(path, F_OK);
}

void hd_ejected_forget(const char *dir, uint64_t diskseq)
{
    char path[PATH_MAX];

    path_of(dir, diskseq, path);
    (void)unlink(path);
}

void hd_ejected_sweep(const char *dir,
                      bool (*keep)(void *ctx, uint64_t diskseq), void *ctx)
{
    DIR *d = opendir(dir);
    struct dirent *e;

    while (d && (e = readdir(d))) {
        uint64_t diskseq = strtoull(e->d_name, NULL, 10);

        if (diskseq && !keep(ctx, diskseq))
            hd_ejected_forget(dir, diskseq);
    }
    if (d)
        closedir(d);
}
