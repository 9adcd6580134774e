/* SPDX-License-Identifier: MIT */
/* Makes mount points, and takes away those of its own that are empty; mounts
 * nothing. */
#include "points.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../pv-drivers/base/io.h"
#include "../pv-drivers/base/mem.h"
#include "../pv-drivers/base/tables.h"
#include "folder.h"
#include "layers.h"
#include "paths.h"

#define TEXT_MAX (1u << 20)

int hd_points_make(const char *path, bool folder, struct hd_err *err)
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

int hd_points_find(const char *path, char ret[PATH_MAX], struct hd_err *err)
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

/* ---- noted */

/* Beside upper and work, in the folder of `of`. */
static bool find(const char *writes, const char *of, const char *what,
                 char ret[HD_LAYERS_ROOM])
{
    char name[HD_LAYERS_NAME];

    return hd_layers_name(of, name) &&
           snprintf(ret, HD_LAYERS_ROOM, "%s/%s/%s", writes, name, what) <
               HD_LAYERS_ROOM;
}

static bool host_has(const char *path)
{
    char host[HD_LAYERS_ROOM];
    struct stat st;

    snprintf(host, sizeof(host), HD_GUEST_HOST "%s", path);
    return !lstat(host, &st);
}

/* What the host has and the guest does not see, it has removed: that is to stay
 * so. */
static void note_if_new(int fd, const char *path, size_t len)
{
    char line[HD_TABLES_PATH + 1];
    struct stat st;

    snprintf(line, sizeof(line), "%.*s", (int)len, path);
    if (!lstat(line, &st) || host_has(line))
        return;
    line[len] = '\n';
    (void)hd_io_write(fd, line, len + 1, NULL);
}

static void note(const char *file, const char *of, const char *path)
{
    hd_autofd int fd =
        open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const char *end = path + (of[1] ? strlen(of) : 0);

    while (fd >= 0 && *end) {
        end = strchrnul(end + 1, '/');
        note_if_new(fd, path, (size_t)(end - path));
    }
}

int hd_points_make_in(const char *writes, const char *of, const char *path,
                      bool folder, struct hd_err *err)
{
    char file[HD_LAYERS_ROOM];
    struct stat st;

    if (writes && lstat(path, &st) && find(writes, of, "points", file))
        note(file, of, path);
    return hd_points_make(path, folder, err);
}

/* ---- gone */

/* False: it is empty and stays.  What the guest has put in it is its own. */
static bool take_away(const char *path)
{
    struct stat st;

    if (lstat(path, &st))
        return true;
    if (S_ISDIR(st.st_mode))
        return !rmdir(path) || errno == ENOTEMPTY;
    return !S_ISREG(st.st_mode) || st.st_size || !unlink(path);
}

static bool clear_one(const char *line, const char *of, const char *root,
                      bool mounted)
{
    char path[PATH_MAX];

    if (!hd_tables_is_path(line) || !hd_tables_is_below(line, of))
        return true;
    if (mounted && host_has(line))
        return false;
    snprintf(path, sizeof(path), "%s%s", root, line + (of[1] ? strlen(of) : 0));
    return take_away(path);
}

/* The last first, for a folder was made before what is in it. */
void hd_points_clear(const char *writes, const char *of, const char *at)
{
    char file[HD_LAYERS_ROOM], upper[HD_LAYERS_ROOM];
    hd_autofree char *text = NULL;
    bool all = true;

    if (!find(writes, of, "points", file) ||
        !find(writes, of, "upper", upper) ||
        hd_io_read_file(file, TEXT_MAX, &text, NULL, NULL))
        return;
    for (char *end = strrchr(text, '\n'); end; end = strrchr(text, '\n')) {
        const char *before;

        *end = '\0';
        before = strrchr(text, '\n');
        all &= clear_one(before ? before + 1 : text, of, at ? at : upper,
                         at != NULL);
    }
    if (all)
        (void)unlink(file);
}
