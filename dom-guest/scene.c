/* SPDX-License-Identifier: MIT */
/* Goes from the layers of one text of the tables to those of another, and takes
 * away what does not stay; mounts nothing. */
#include "scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "hand.h"
#include "mounted.h"
#include "mountinfo.h"
#include "overlay.h"
#include "paths.h"

/* The guest's own that is not put there. */
#define LEFT (HD_LAYERS + 1)

/* Is it as it was made, or as the guest wants it since?  What the host has no
 * more is to go; one that only does not answer may have it. */
static bool is_there(struct hd_scene *s, size_t i, const struct hd_mountinfo *m)
{
    const struct hd_layer *layer = &s->layers.layers[i];
    char lower[HD_LAYERS_ROOM];
    struct stat st;

    if (!s->rc[i])
        return layer->side == HD_SIDE_GUEST;
    snprintf(lower, sizeof(lower), HD_GUEST_HOST "%s", layer->path);
    return s->rc[i] > 0 && !hd_placed_is_hidden(s->placed, s->layers.n, i, m) &&
           (layer->side == HD_SIDE_GUEST || !lstat(lower, &st) ||
            errno != ENOENT);
}

/* One that is made, or that there is none for. */
static size_t find_done(const struct hd_scene *s, const struct hd_layer *layer)
{
    size_t i = hd_layers_find(&s->layers, layer->side, layer->path);

    return i != HD_LAYERS && s->rc[i] >= 0 ? i : HD_LAYERS;
}

/* The guest's mounts would go with the exception that they are in, so that
 * stays, and what is new in it is not put there. */
static void keep_used(struct hd_scene *now, const struct hd_scene *next,
                      const struct hd_mountinfo *m, size_t same[HD_LAYERS],
                      struct hd_err *why)
{
    for (size_t j = 0; j < next->layers.n; j++) {
        const struct hd_layer *layer = &next->layers.layers[j];
        size_t i = find_done(now, layer);
        bool left = false;

        if (same[j] != HD_LAYERS || layer->side != HD_SIDE_HOST ||
            i == HD_LAYERS ||
            !hd_placed_is_used(now->placed, now->layers.n, i, m))
            continue;
        same[j] = i;
        if (now->placed[i].spare >= 0)
            hd_overlay_forget(now->placed[i].spare);
        for (size_t k = j + 1; k < next->layers.n; k++)
            if (hd_layers_above(&next->layers, k) == j) {
                i = find_done(now, &next->layers.layers[k]);
                same[k] = i == HD_LAYERS ? LEFT : i;
                left |= same[k] == LEFT;
            }
        if (left)
            hd_fail(why, HD_E_BUSY,
                    "the guest has mounted something in %s, which stays as it "
                    "was; unmount that, and reload the agent",
                    layer->path);
    }
}

/* Which of `next` stay, as hd_layers_match says. */
static void match(struct hd_scene *now, const struct hd_scene *next,
                  size_t ret_same[HD_LAYERS], struct hd_err *why)
{
    hd_auto(hd_mountinfo) m = NULL;
    bool there[HD_LAYERS] = {false};
    struct hd_err err;

    if (now->layers.n && !hd_mountinfo_read(&m, &err))
        for (size_t i = 0; i < now->layers.n; i++)
            there[i] = is_there(now, i, m);
    hd_layers_match(&now->layers, there, &next->layers, ret_same);
    if (m)
        keep_used(now, next, m, ret_same, why);
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
    hd_auto(hd_mounted_notes) notes = hd_mounted_load();

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
                      fd < 0 ? hd_mounted_copy_of(notes, layer->path) : fd);
    }
}

/* Of the many that there may be those that are. */
static void init(struct hd_scene *s)
{
    for (size_t i = 0; i < s->layers.n; i++)
        hd_placed_init(&s->placed[i]);
}

void hd_scene_follow(struct hd_scene *next, struct hd_scene *now,
                     struct hd_spares *spares, bool ret_want[HD_LAYERS],
                     struct hd_err *why)
{
    uint64_t keep[2 * HD_LAYERS];
    size_t same[HD_LAYERS], n = 0;

    init(next);
    match(now, next, same, why);
    hd_hand_heed(); /* looking at the host's may have taken long */
    for (size_t j = 0; j < next->layers.n; j++) {
        ret_want[j] = same[j] == HD_LAYERS;
        next->rc[j] = -1;
        if (ret_want[j] || same[j] == LEFT)
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

void hd_scene_recall(struct hd_scene *now)
{
    hd_auto(hd_mounted_notes) notes = hd_mounted_load();

    init(now);
    for (size_t i = 0; i < now->layers.n; i++) {
        const struct hd_mounted *it;
        const struct hd_layer *layer = &now->layers.layers[i];
        bool host = layer->side == HD_SIDE_HOST;
        char of[HD_TABLES_PATH + 1];

        snprintf(of, sizeof(of), "%s%s", host ? "" : "-", layer->path);
        now->rc[i] = host ? -1 : 0;
        it = hd_mounted_find(notes, of);
        if (!it)
            continue;
        now->rc[i] = 1;
        now->placed[i].at = strdup(it->at);
        now->placed[i].id = it->id;
        now->placed[i].dev = it->dev;
        if (host && it->on_top)
            now->placed[i].spare = hd_mounted_copy(it->at);
    }
}

/* ---- */

struct hd_scene *hd_scene_new(struct hd_err *err)
{
    struct hd_scene *s = calloc(1, sizeof(*s));

    if (!s)
        hd_fail_errno(err, HD_E_FAILED, "show the host's files");
    return s;
}

void hd_scene_free(struct hd_scene *s)
{
    for (size_t i = 0; s && i < s->layers.n; i++)
        hd_placed_fini(&s->placed[i]);
    free(s);
}
