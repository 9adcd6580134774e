/* SPDX-License-Identifier: MIT */
/* Makes folders, and those above them; removes none. */
#include "folder.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int make_one(const char *path, struct hd_err *err)
{
    struct stat st;
    int why;

    if (!mkdir(path, 0755))
        return 0;
    why = errno;
    /* What is there and cannot be looked at is so for its own reason. */
    if (stat(path, &st))
        why = why == EEXIST ? errno : why;
    else if (S_ISDIR(st.st_mode))
        return 0;
    errno = why;
    return hd_fail_errno(err, HD_E_IO, "make the folder %s", path);
}

int hd_folder_make_above(const char *path, struct hd_err *err)
{
    char part[PATH_MAX];

    if ((size_t)snprintf(part, sizeof(part), "%s", path) >= sizeof(part))
        return hd_fail(err, HD_E_FAILED, "the path %.64s is too long", path);
    for (char *at = strchr(part + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = '\0';
        if (make_one(part, err))
            return -1;
        *at = '/';
    }
    return 0;
}

int hd_folder_make(const char *path, struct hd_err *err)
{
    return hd_folder_make_above(path, err) || make_one(path, err) ? -1 : 0;
}

int hd_folder_make_private(const char *path, struct hd_err *err)
{
    struct stat st;

    if (hd_folder_make(path, err))
        return -1;
    return (stat(path, &st) || (st.st_mode & 07777) != 0700) &&
                   chmod(path, 0700)
               ? hd_fail_errno(err, HD_E_IO, "keep others out of %s", path)
               : 0;
}
