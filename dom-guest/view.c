/* SPDX-License-Identifier: MIT */
/* Mounts what the tables want, each layer over those that it lies in; takes
 * away nothing that the guest has mounted itself, and never lays a second
 * overlay over a folder that may have one. */
#include "view.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "../pv-drivers/base/io.h"
#include "folder.h"
#include "hand.h"
#include "lay.h"
#include "layers.h"
#include "mounted.h"
#include "mountinfo.h"
#include "overlay.h"
#include "paths.h"
#include "points.h"
#include "scene.h"
#include "spares.h"

struct hd_view {
    int bell;             /* owned; -1: nothing rings */
    struct hd_scene *now; /* owned */
    bool untidy;          /* there may be mount points that are to go */
    bool unnoted;         /* the notes lack the file systems of some mounts */
    struct hd_spares spares;
};

/* ---- a layer */

/* What was a folder and is a file now is another overlay. */
static void take_spare(struct hd_view *v, struct hd_placed *p, const char *path,
                       mode_t mode)
{
    struct stat st;

    p->spare = hd_spares_take(&v->spares, path);
    if (p->spare >= 0 &&
        (fstat(p->spare, &st) || S_ISDIR(st.st_mode) != S_ISDIR(mode)))
        close(hd_steal_fd(&p->spare));
}

/* 1: there, and `err` has no code or says what is not as it should be; 0: the
 * host has none. */
static int add_exception(struct hd_view *v, size_t i, const char *writes,
                         struct hd_err *err)
{
    struct hd_err left = {.code = 0};
    const char *path = v->now->layers.layers[i].path;
    struct hd_placed *p = &v->now->placed[i];
    char lower[HD_LAYERS_ROOM];
    hd_autofd int low = -1;
    struct stat st;

    snprintf(lower, sizeof(lower), HD_GUEST_HOST "%s", path);
    low = open(lower, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (low < 0 || fstat(low, &st))
        return errno == ENOENT
                   ? 0
                   : hd_fail_errno(err, HD_E_IO, "the host's %s", path);
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return hd_fail(err, HD_E_FAILED,
                       "the host's %s is neither a folder nor a file", path);
    /* The host is asked for each name of a path each time. */
    if (S_ISDIR(st.st_mode))
        snprintf(lower, sizeof(lower), "/proc/self/fd/%d", low);
    take_spare(v, p, path, st.st_mode);
    if (hd_lay_exception(p, path, lower, S_ISDIR(st.st_mode), writes, &left,
                         err))
        return -1;
    *err = left;
    return 1;
}

/* One that the guest's own mounts hide, over those.  As above. */
static int repeat_exception(struct hd_view *v, size_t i, const char *writes,
                            struct hd_err *err)
{
    const char *path = v->now->layers.layers[i].path;

    (void)writes; /* the overlay is there */
    return hd_lay_again(&v->now->placed[i], path, err) ? -1 : 1;
}

/* A copy of the mount that the guest's own path is in, from before anything was
 * laid over it; -1: the guest has none, and what it makes there is its own. */
static int take_own(const char *path)
{
    return open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
}

static int add_inclusion(struct hd_view *v, size_t i, int own,
                         const char *writes, struct hd_err *err)
{
    const struct hd_layer *layers = v->now->layers.layers;
    const char *path = layers[i].path;
    const char *in = layers[hd_layers_above(&v->now->layers, i)].path;
    char of[HD_TABLES_PATH + 1], at[PATH_MAX];
    struct stat st;

    if (own < 0)
        return 0;
    if (fstat(own, &st))
        return hd_fail_errno(err, HD_E_IO, "the guest's %s", path);
    if (hd_points_make_in(writes, in, path, S_ISDIR(st.st_mode), at, err))
        return -1;
    if (move_mount(own, "", AT_FDCWD, at, MOVE_MOUNT_F_EMPTY_PATH))
        return hd_fail_errno(err, HD_E_IO, "put the guest's own %s back", path);
    snprintf(of, sizeof(of), "-%s", path);
    return hd_placed_note(&v->now->placed[i], at, of, err) ? -1 : 1;
}

/* ---- all of them */

typedef int exception_fn(struct hd_view *v, size_t i, const char *writes,
                         struct hd_err *err);

/* Where there is none of the host's the guest's own is not to be put back. */
static void spare_inside(const struct hd_layers *l, size_t i, bool want[])
{
    for (size_t j = i + 1; j < l->n; j++)
        if (l->layers[j].side == HD_SIDE_GUEST && hd_layers_above(l, j) == i)
            want[j] = false;
}

static void add_all(struct hd_view *v, bool want[], const int own[],
                    exception_fn *exception, const char *writes,
                    struct hd_view_outcome *ret)
{
    struct hd_layers *l = &v->now->layers;

    for (size_t i = 0; i < l->n; i++) {
        struct hd_err err = {.code = 0};
        int rc;

        if (!want[i])
            continue;
        hd_hand_heed();
        rc = l->layers[i].side == HD_SIDE_HOST
                 ? exception(v, i, writes, &err)
                 : add_inclusion(v, i, own[i], writes, &err);
        v->now->rc[i] = (signed char)rc;
        ret->wanted += rc != 0;
        ret->made += rc > 0;
        if (rc <= 0 && l->layers[i].side == HD_SIDE_HOST)
            spare_inside(l, i, want);
        if ((rc < 0 || (rc && err.code)) && !ret->why.code)
            ret->why = err;
    }
}

static void lay(struct hd_view *v, bool want[], exception_fn *exception,
                const char *writes, struct hd_view_outcome *ret)
{
    const struct hd_layer *layers = v->now->layers.layers;
    int own[HD_LAYERS];

    for (size_t i = 0; i < v->now->layers.n; i++)
        own[i] = want[i] && layers[i].side == HD_SIDE_GUEST
                     ? take_own(layers[i].path)
                     : -1;
    add_all(v, want, own, exception, writes, ret);
    for (size_t i = 0; i < v->now->layers.n; i++)
        if (own[i] >= 0)
            close(own[i]);
}

/* A path that stays what it is when the guest mounts something there. */
#define WRITES_ROOM 32

static int open_writes(int *ret_fd, char ret[WRITES_ROOM], bool make,
                       struct hd_err *err)
{
    *ret_fd = hd_overlay_open_writes(make, err);
    snprintf(ret, WRITES_ROOM, "/proc/self/fd/%d", *ret_fd);
    return *ret_fd < 0 ? -1 : 0;
}

static int open_both(int *ret_fd, char ret[WRITES_ROOM], struct hd_err *err)
{
    hd_hand_heed();
    return hd_overlay_mount_host(err) ? -1
                                      : open_writes(ret_fd, ret, true, err);
}

/* Of exceptions that are not there any more, nor mounted: those that are keep
 * theirs in use.  What cannot be done is tried at the next look; of a root that
 * init is yet to let take writes nothing is said. */
static void tidy(struct hd_view *v, struct hd_err *why)
{
    hd_autofd int fd = -1;
    char writes[WRITES_ROOM];
    struct hd_err err;
    int rc;

    if (open_writes(&fd, writes, false, NULL))
        return;
    hd_hand_heed();
    rc = hd_points_clear(writes, NULL, NULL, &err);
    v->untidy = rc != 0;
    if (rc && err.sys != EROFS && !why->code)
        *why = err;
}

static void note_all(struct hd_view *v)
{
    hd_mounted_tidy();
    v->unnoted = false;
}

/* Those that are not there yet; -1 is what came of them when this fails. */
static void compose(struct hd_view *v, bool want[], size_t n,
                    struct hd_view_outcome *ret)
{
    hd_autofd int fd = -1;
    char writes[WRITES_ROOM];

    if (!n) {
        tidy(v, &ret->why);
        return;
    }
    if (open_both(&fd, writes, &ret->why)) {
        ret->wanted += n;
        return;
    }
    lay(v, want, add_exception, writes, ret);
    /* Until the guest has come up: mounting rings the bell. */
    v->unnoted = v->untidy = true;
}

/* ---- from one to the next */

/* Of a view that another process has made, and that is whole. */
static void recall(struct hd_view *v)
{
    hd_autofree char *text = NULL;

    if (!v->now->layers.n &&
        !hd_io_read_file(HD_GUEST_TABLES, HD_LAYERS_TEXT, &text, NULL, NULL) &&
        !hd_layers_parse(text, &v->now->layers, NULL))
        hd_scene_recall(v->now);
}

void hd_view_compose(struct hd_view *v, const char *text,
                     struct hd_view_outcome *ret)
{
    hd_auto(hd_scene) next = NULL;
    bool want[HD_LAYERS] = {false};
    size_t n = 0;

    *ret = (struct hd_view_outcome){0};
    next = hd_scene_new(&ret->why);
    if (!next || hd_layers_parse(text, &next->layers, &ret->why))
        return;
    recall(v);
    (void)unlink(HD_GUEST_TABLES);
    hd_scene_follow(next, v->now, &v->spares, want, &ret->why);
    hd_scene_free(v->now);
    v->now = hd_steal(&next);
    for (size_t i = 0; i < v->now->layers.n; i++) {
        n += want[i];
        ret->wanted += !want[i] && v->now->rc[i] != 0;
        ret->made += !want[i] && v->now->rc[i] > 0;
    }
    compose(v, want, n, ret);
    if (!ret->why.code)
        (void)hd_io_write_file(HD_GUEST_TABLES, text, strlen(text), 0600, NULL);
}

/* ---- those that are hidden */

/* The guest's own inside of an exception is to be shown with that one alone:
 * what else hides it is the guest's own as well. */
static bool is_hidden(struct hd_view *v, size_t i, const bool hidden[],
                      const struct hd_mountinfo *m)
{
    const struct hd_layers *l = &v->now->layers;

    return l->layers[i].side == HD_SIDE_HOST
               ? hd_placed_is_hidden(v->now->placed, l->n, i, m)
               : hidden[hd_layers_above(l, i)];
}

/* False: none is to be shown again. */
static bool find_hidden(struct hd_view *v, const struct hd_mountinfo *m,
                        uint64_t now_ms, bool ret_want[HD_LAYERS],
                        struct hd_view_outcome *ret)
{
    bool any = false;

    for (size_t i = 0; i < v->now->layers.n; i++) {
        const struct hd_layer *layer = &v->now->layers.layers[i];

        ret_want[i] = is_hidden(v, i, ret_want, m);
        if (ret_want[i] && layer->side == HD_SIDE_HOST &&
            !hd_placed_may(&v->now->placed[i], now_ms)) {
            ret_want[i] = false;
            ret->wanted++;
            if (!ret->why.code)
                hd_fail(&ret->why, HD_E_FAILED,
                        "%s is hidden by a mount above it, again and again",
                        layer->path);
        }
        any |= ret_want[i];
    }
    return any;
}

void hd_view_look(struct hd_view *v, uint64_t now_ms,
                  struct hd_view_outcome *ret)
{
    hd_auto(hd_mountinfo) m = NULL;
    hd_autofd int fd = -1;
    char writes[WRITES_ROOM];
    bool want[HD_LAYERS];

    *ret = (struct hd_view_outcome){0};
    if (v->untidy)
        tidy(v, &ret->why);
    if (v->unnoted)
        note_all(v);
    if (hd_mountinfo_read(&m, &ret->why) ||
        !find_hidden(v, m, now_ms, want, ret))
        return;
    lay(v, want, repeat_exception,
        open_writes(&fd, writes, true, NULL) ? NULL : writes, ret);
    note_all(v);
}

/* ---- the view */

struct hd_view *hd_view_new(struct hd_err *err)
{
    hd_autofree struct hd_view *v = calloc(1, sizeof(*v));

    if (!v) {
        hd_fail_errno(err, HD_E_FAILED, "show the host's files");
        return NULL;
    }
    v->now = hd_scene_new(err);
    if (!v->now)
        return NULL;
    hd_mounted_make_room();
    v->bell = open(HD_MOUNTINFO, O_RDONLY | O_CLOEXEC);
    return hd_steal(&v);
}

void hd_view_free(struct hd_view *v)
{
    if (!v)
        return;
    hd_scene_free(v->now);
    hd_spares_fini(&v->spares);
    if (v->bell >= 0)
        close(v->bell);
    free(v);
}

int hd_view_bell(const struct hd_view *v)
{
    return v ? v->bell : -1;
}
