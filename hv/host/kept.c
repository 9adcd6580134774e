/* SPDX-License-Identifier: MIT */
/* Keeps texts by the ids of stores; never looks at a store or into a text. */
#include "kept.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"

static void name_file(const char *dir, const struct hd_uuid *id,
                      char path[PATH_MAX])
{
    char text[HD_UUID_SIZE];

    hd_uuid_format(id, text);
    snprintf(path, PATH_MAX, "%s/%s", dir, text);
}

static bool is_older(const struct stat *a, const struct timespec *b)
{
    return a->st_mtim.tv_sec < b->tv_sec ||
           (a->st_mtim.tv_sec == b->tv_sec && a->st_mtim.tv_nsec < b->tv_nsec);
}

void hd_kept_make_room(int folder, size_t max)
{
    int again = fcntl(folder, F_DUPFD_CLOEXEC, 0);
    DIR *d = again < 0 ? NULL : fdopendir(again);
    char oldest[HD_UUID_SIZE] = "";
    struct timespec when = {0};
    struct dirent *e;
    struct hd_uuid id;
    struct stat st;
    size_t n = 0;

    if (!d && again >= 0)
        close(again);
    while (d && (e = readdir(d))) {
        if (*e->d_name == '.')
            continue;
        if (hd_uuid_parse(e->d_name, &id, NULL)) {
            unlinkat(folder, e->d_name, 0);
            continue;
        }
        if (fstatat(folder, e->d_name, &st, AT_SYMLINK_NOFOLLOW))
            continue;
        if (!n++ || is_older(&st, &when)) {
            strcpy(oldest, e->d_name);
            when = st.st_mtim;
        }
    }
    if (d)
        closedir(d);
    if (n >= max)
        unlinkat(folder, oldest, 0);
}

int hd_kept_save(const char *dir, const struct hd_uuid *id, const void *text,
                 size_t len, size_t max, struct hd_err *err)
{
    hd_autofd int folder = hd_io_lock_folder(dir, err);
    char path[PATH_MAX];

    if (folder < 0)
        return -1;
    name_file(dir, id, path);
    if (access(path, F_OK))
        hd_kept_make_room(folder, max);
    return hd_io_write_file(path, text, len, 0600, err);
}

int hd_kept_load(const char *dir, const struct hd_uuid *id, size_t max_bytes,
                 char **ret, size_t *ret_len, struct hd_err *err)
{
    struct hd_err why = {0};
    char path[PATH_MAX];

    name_file(dir, id, path);
    if (!hd_io_read_file(path, max_bytes, ret, ret_len, &why))
        return 0;
    if (why.sys == ENOENT)
        return hd_fail(err, HD_E_NO_STORE, "there is no %s", path);
    if (err)
        *err = why;
    return -1;
}

int hd_kept_forget(const char *dir, const struct hd_uuid *id,
                   struct hd_err *err)
{
    char path[PATH_MAX];

    name_file(dir, id, path);
    if (unlink(path) && errno != ENOENT)
        return hd_fail_errno(err, HD_E_IO, "cannot remove %s", path);
    return 0;
}

void hd_kept_sweep(const char *dir,
                   bool (*keep)(void *ctx, const struct hd_uuid *id), void *ctx)
{
    DIR *d = opendir(dir);
    struct hd_uuid id;
    struct dirent *e;

    while (d && (e = readdir(d)))
        if (*e->d_name != '.' &&
            (hd_uuid_parse(e->d_name, &id, NULL) || !keep(ctx, &id)))
            unlinkat(dirfd(d), e->d_name, 0);
    if (d)
        closedir(d);
}
