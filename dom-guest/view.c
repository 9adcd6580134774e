/* SPDX-License-Identifier: MIT */
/* Mounts what the tables want, each layer over those that it lies in; takes
 * away nothing that the guest has mounted itself. */
#include "view.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "folder.h"
#include "mounted.h"
#include "overlay.h"
#include "paths.h"

/* A mount point that is not there yet is made on the guest's side. */
static int make_point(const char *path, bool folder, struct hd_err *err)
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
    if (hd_folder_make(merged, err) || make_point(at, false, err) ||
        hd_overlay_lay(folder, writes, path, merged, err) ||
        hd_mounted_note(merged, err))
        return -1;
    if (mount(from, at, NULL, MS_BIND, NULL))
        return hd_fail_errno(err, HD_E_IO, "bind %s", path);
    return hd_mounted_note(at, err);
}

/* Where the guest's own path leads, for nothing is mounted on a link. */
static int find_point(const char *path, char ret[PATH_MAX], struct hd_err *err)
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

/* 1: there; 0: the host has none. */
static int add_exception(const char *path, const char *writes,
                         struct hd_err *err)
{
    char lower[HD_LAYERS_ROOM], at[PATH_MAX];
    struct stat st;
    int rc;

    snprintf(lower, sizeof(lower), HD_GUEST_HOST "%s", path);
    if (lstat(lower, &st))
        return errno == ENOENT
                   ? 0
                   : hd_fail_errno(err, HD_E_IO, "the host's %s", path);
    if (find_point(path, at, err))
        return -1;
    if (S_ISREG(st.st_mode))
        rc = lay_file(path, at, lower, writes, err);
    else if (S_ISDIR(st.st_mode))
        rc = make_point(at, true, err) ||
             hd_overlay_lay(lower, writes, path, at, err) ||
             hd_mounted_note(at, err);
    else
        return hd_fail(err, HD_E_FAILED,
                       "the host's %s is neither a folder nor a file", path);
    return rc ? -1 : 1;
}

/* A copy of the mount that the guest's own path is in, from before anything was
 * laid over it; -1: the guest has none, and what it makes there is its own. */
static int take_own(const char *path)
{
    return open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
}

static int add_inclusion(const char *path, int own, struct hd_err *err)
{
    struct stat st;

    if (own < 0)
        return 0;
    if (fstat(own, &st))
        return hd_fail_errno(err, HD_E_IO, "the guest's %s", path);
    if (make_point(path, S_ISDIR(st.st_mode), err))
        return -1;
    if (move_mount(own, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH))
        return hd_fail_errno(err, HD_E_IO, "put the guest's own %s back", path);
    return hd_mounted_note(path, err) ? -1 : 1;
}

static void add_all(const struct hd_layers *l, const int own[HD_LAYERS],
                    const char *writes, struct hd_view_outcome *ret)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct hd_layer *layer = &l->layers[i];
        struct hd_err err;
        int rc = layer->side == HD_SIDE_HOST
                     ? add_exception(layer->path, writes, &err)
                     : add_inclusion(layer->path, own[i], &err);

        ret->wanted += rc != 0;
        ret->made += rc > 0;
        if (rc < 0 && !ret->why.code)
            ret->why = err;
    }
}

static void compose(const struct hd_layers *l, struct hd_view_outcome *ret)
{
    hd_autofd int fd = -1;
    char writes[32];
    int own[HD_LAYERS];

    if (hd_folder_make(HD_GUEST_RUN, &ret->why) ||
        hd_overlay_mount_host(&ret->why) ||
        (fd = hd_overlay_open_writes(&ret->why)) < 0) {
        ret->wanted = l->n;
        return;
    }
    snprintf(writes, sizeof(writes), "/proc/self/fd/%d", fd);
    for (size_t i = 0; i < l->n; i++)
        own[i] = l->layers[i].side == HD_SIDE_GUEST
                     ? take_own(l->layers[i].path)
                     : -1;
    add_all(l, own, writes, ret);
    for (size_t i = 0; i < l->n; i++)
        if (own[i] >= 0)
            close(own[i]);
}

void hd_view_compose(const char *text, struct hd_view_outcome *ret)
{
    hd_autofree struct hd_layers *l = calloc(1, sizeof(*l));

    *ret = (struct hd_view_outcome){0};
    if (!l) {
        hd_fail_errno(&ret->why, HD_E_FAILED, "compose the view");
        return;
    }
    if (hd_layers_parse(text, l, &ret->why))
        return;
    hd_mounted_drop();
    if (l->n)
        compose(l, ret);
}
