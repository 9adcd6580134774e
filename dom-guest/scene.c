/* SPDX-License-Identifier: MIT */
/* Goes from the layers of one text of the tables to those of another, and takes
 * away what does not stay; mounts nothing. */
#include "scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "mounted.h"
#include "mountinfo.h"
#include "paths.h"

/* Is it as it was made, or as the guest wants it since?  What the host has no
 * more is to go. */
static bool is_there(struct hd_scene *s, size_t i, const struct hd_mountinfo *m)
{
    const struct hd_layer *layer = &s->layers.layers[i];
    char lower[HD_LAYERS_ROOM];
    struct stat st;

    if (!s->rc[i])
        return layer->side == HD_SIDE_GUEST;
    snprintf(lower, sizeof(lower), HD_GUEST_HOST "%s", layer->path);
    return s->rc[i] > 0 &&
           !hd_placed_is_hidden(s->placed, s->layers.n, i, m) &&
           (layer->side == HD_SIDE_GUEST || !lstat(lower, &st));
}

/* Which of `next` stay, as hd_layers_match says. */
static void match(struct hd_scene *now, const struct hd_scene *next,
                  size_t ret_same[HD_LAYERS])
{
    hd_auto(hd_mountinfo) m = NULL;
    bool there[HD_LAYERS] = {false};
    struct hd_err err;

    if (!hd_mountinfo_read(&m, &err))
        for (size_t i = 0; i < now->layers.n; i++)
            there[i] = is_there(now, i, m);
    hd_layers_match(&now->layers, there, &next->layers, ret_same);
}

/* The mount that a file is bound from stays with it. */
static uint64_t find_merged(const char *path)
{
    char name[HD_LAYERS_NAME], merged[HD_LAYERS_ROOM];

    if (!hd_layers_name(path, name))
        return 0;
    snprintf(merged, sizeof(merged), HD_GUEST_MERGED "/%s", name);
    return hd_mounted_at(merged);
}

/* What another agent has left is looked for while it is mounted. */
static void keep_spares(struct hd_scene *now, const struct hd_scene *next,
                        const size_t same[], struct hd_spares *spares)
{
    for (size_t i = 0; i < now->layers.n; i++)
        hd_spares_put(spares, now->layers.layers[i].path,
                      hd_steal_fd(&now->placed[i].spare));
    for (size_t j = 0; j < next->layers.n; j++) {
        const struct hd_layer *layer = &next->layers.layers[j];
        int fd;

        if (same[j] != HD_LAYERS || layer->side != HD_SIDE_HOST)
            continue;
        fd = hd_spares_take(spares, layer->path);
        hd_spares_put(spares, layer->path,
                      fd < 0 ? hd_mounted_copy_of(layer->path) : fd);
    }
}

void hd_scene_follow(struct hd_scene *next, struct hd_scene *now,
                     struct hd_spares *spares, bool ret_want[HD_LAYERS])
{
    uint64_t keep[2 * HD_LAYERS];
    size_t same[HD_LAYERS], n = 0;

    match(now, next, same);
    for (size_t j = 0; j < next->layers.n; j++) {
        ret_want[j] = same[j] == HD_LAYERS;
        next->rc[j] = -1;
        if (ret_want[j])
            continue;
        next->placed[j] = now->placed[same[j]];
        hd_placed_init(&now->placed[same[j]]);
        next->rc[j] = now->rc[same[j]];
        keep[n++] = next->placed[j].id;
        keep[n++] = find_merged(next->layers.layers[j].path);
    }
    keep_spares(now, next, same, spares);
    hd_mounted_drop(keep, n);
}

/* ---- */

struct hd_scene *hd_scene_new(struct hd_err *err)
{
    struct hd_scene *s = calloc(1, sizeof(*s));

    if (!s)
        hd_fail_errno(err, HD_E_FAILED, "show the host's files");
    for (size_t i = 0; s && i < HD_LAYERS; i++)
        hd_placed_init(&s->placed[i]);
    return s;
}

void hd_scene_free(struct hd_scene *s)
{
    for (size_t i = 0; s && i < HD_LAYERS; i++)
        hd_placed_fini(&s->placed[i]);
    free(s);
}
