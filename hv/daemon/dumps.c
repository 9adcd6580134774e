/* SPDX-License-Identifier: MIT */
/* The folder of guests' memory: what it has room for; never removes a file that
 * is whole. */
#include "dumps.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "../../pv-drivers/base/mem.h"

#define PART   ".part"
#define MARGIN (1 << 20) /* notes and headers of a core */
#define MiB(n) ((unsigned long long)(n) >> 20)

/* libxc describes each page in 16 bytes, of 4096. */
uint64_t hd_dumps_most(uint64_t memory)
{
    return memory + memory / 256 + MARGIN;
}

static bool is_part(const char *name)
{
    size_t len = strlen(name), tail = strlen(PART);

    return len > tail && !strcmp(name + len - tail, PART);
}

static int sum(const char *folder, uint64_t *ret, struct hd_err *err)
{
    DIR *dir = opendir(folder);
    struct dirent *e;
    struct stat st;

    if (!dir)
        return hd_fail_errno(err, HD_E_IO, "cannot read %s", folder);
    *ret = 0;
    while ((e = readdir(dir)))
        if (!is_part(e->d_name) &&
            !fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
            S_ISREG(st.st_mode))
            *ret += (uint64_t)st.st_size;
    closedir(dir);
    return 0;
}

static int check_room(const char *folder, uint64_t most, uint64_t promised,
                      uint64_t limit, struct hd_err *err)
{
    struct statvfs disk;
    uint64_t used = 0;

    if (sum(folder, &used, err))
        return -1;
    if (used + promised + most > limit)
        return hd_fail(err, HD_E_LIMIT,
                       "%llu MiB do not fit into %s, which has %llu of the "
                       "%llu MiB that the policy allows; remove files there or "
                       "raise limits.dumps",
                       MiB(most), folder, MiB(used + promised), MiB(limit));
    if (statvfs(folder, &disk))
        return hd_fail_errno(err, HD_E_IO, "cannot look at %s", folder);
    if (disk.f_bavail * disk.f_frsize <
        promised + most + disk.f_blocks * disk.f_frsize / 20)
        return hd_fail(err, HD_E_LIMIT,
                       "the disk of %s is nearly full, %llu MiB are free of it",
                       folder, MiB(disk.f_bavail * disk.f_frsize));
    return 0;
}

int hd_dumps_open(const char *folder, const char *name, uint64_t most,
                  uint64_t promised, uint64_t limit, struct hd_dump *ret,
                  struct hd_err *err)
{
    struct hd_dump dump = {.most = most};

    if (!limit)
        return hd_fail(err, HD_E_DENIED,
                       "the policy keeps no guest's memory; see limits.dumps");
    if (mkdir(folder, 0700) && errno != EEXIST)
        return hd_fail_errno(err, HD_E_IO, "cannot make %s", folder);
    if (check_room(folder, most, promised, limit, err))
        return -1;
    snprintf(dump.path, sizeof(dump.path), "%s/%s", folder, name);
    snprintf(dump.part, sizeof(dump.part), "%s" PART, dump.path);
    dump.fd = open(dump.part,
                   O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (dump.fd < 0)
        return hd_fail_errno(err, HD_E_IO, "cannot make %s", dump.part);
    *ret = dump;
    return 0;
}

int hd_dumps_keep(const struct hd_dump *dump, struct hd_err *err)
{
    if (!renameat2(AT_FDCWD, dump->part, AT_FDCWD, dump->path,
                   RENAME_NOREPLACE))
        return 0;
    hd_fail_errno(err, HD_E_IO, "cannot make %s", dump->path);
    hd_dumps_drop(dump);
    return -1;
}

void hd_dumps_drop(const struct hd_dump *dump)
{
    unlink(dump->part);
}

void hd_dumps_sweep(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *e;

    while (dir && (e = readdir(dir)))
        if (is_part(e->d_name))
            unlinkat(dirfd(dir), e->d_name, 0);
    if (dir)
        closedir(dir);
}
