/* SPDX-License-Identifier: MIT */
/* Mounts one exception at its place; never lays a second overlay over a folder
 * that has one. */
#include "lay.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "folder.h"
#include "layers.h"
#include "mounted.h"
#include "overlay.h"
#include "paths.h"
#include "points.h"

/* The overlay is of its folder, of which the host view shows no more than this
 * file and other exceptions. */
static int lay_file(const char *path, const char *at, const char *lower,
                    const char *writes, struct hd_err *err)
{
    char name[HD_LAYERS_NAME], merged[HD_LAYERS_ROOM], from[2 * HD_LAYERS_ROOM],
        folder[HD_LAYERS_ROOM];

    if (!hd_layers_name(path, name))
        return hd_fail(err, HD_E_LIMIT, "the path %s is too long", path);
    snprintf(merged, sizeof(merged), HD_GUEST_MERGED "/%s", name);
    snprintf(folder, sizeof(folder), "%s", lower);
    *strrchr(folder, '/') = '\0';
    snprintf(from, sizeof(from), "%s%s", merged, strrchr(path, '/'));
    if (hd_folder_make_private(HD_GUEST_MERGED, err) ||
        hd_folder_make(merged, err) || hd_points_make(writes, at, false, err) ||
        hd_overlay_lay(folder, writes, path, merged, err) ||
        hd_mounted_note(merged, "", err))
        return -1;
    if (mount(from, at, NULL, MS_BIND, NULL))
        return hd_fail_errno(err, HD_E_IO, "bind %s", path);
    return 0;
}

/* The overlay that is there, once more. */
static int mount_spare(struct hd_placed *p, const char *at, const char *path,
                       const char *writes, struct hd_err *err)
{
    struct stat st;

    if (!fstat(p->spare, &st) &&
        hd_points_make(writes, at, S_ISDIR(st.st_mode), err))
        return -1;
    return hd_placed_repeat(p, at, path, err);
}

static int lay_folder(const char *path, const char *at, const char *lower,
                      const char *writes, struct hd_err *err)
{
    return hd_points_make(writes, at, true, err) ||
                   hd_overlay_lay(lower, writes, path, at, err)
               ? -1
               : 0;
}

int hd_lay_exception(struct hd_placed *p, const char *path, const char *lower,
                     bool folder, const char *writes, struct hd_err *left,
                     struct hd_err *err)
{
    char at[PATH_MAX];

    if (hd_points_find(path, at, err))
        return -1;
    if (p->spare >= 0) {
        hd_overlay_forget(p->spare);
        if (mount_spare(p, at, path, writes, err))
            return -1;
        p->times = 0;
        if (folder)
            (void)hd_points_clear(writes, path, at, left);
        return 0;
    }
    if (folder)
        (void)hd_points_clear(writes, path, NULL, left);
    if ((folder ? lay_folder : lay_file)(path, at, lower, writes, err) ||
        hd_placed_note(p, at, path, err))
        return -1;
    hd_placed_copy(p);
    return 0;
}

/* What hides it is the guest's, and no place for notes. */
int hd_lay_again(struct hd_placed *p, const char *path, struct hd_err *err)
{
    char at[PATH_MAX];

    return hd_points_find(path, at, err) || mount_spare(p, at, path, NULL, err)
               ? -1
               : 0;
}
