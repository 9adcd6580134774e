/* SPDX-License-Identifier: MIT */
/* Puts the tables' entries in the order of mounts; never looks at a file. */
#include "layers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is below another is longer. */
static int compare(const void *a, const void *b)
{
    const struct hd_layer *x = a, *y = b;
    size_t lx = strlen(x->path), ly = strlen(y->path);

    return lx != ly ? (lx > ly) - (lx < ly) : strcmp(x->path, y->path);
}

/* The side of the folder that `path` lies in. */
static enum hd_side above(const struct hd_tables *tables, const char *path)
{
    char folder[HD_TABLES_PATH];
    char *end;

    snprintf(folder, sizeof(folder), "%s", path);
    end = strrchr(folder, '/');
    if (end == folder)
        return HD_SIDE_GUEST;
    *end = '\0';
    return hd_tables_decide(tables, folder).side;
}

/* NULL: none.  Those of one length, and of all lengths, are in order. */
static const struct hd_layer *find(const struct hd_layers *l, const char *path,
                                   size_t len)
{
    struct hd_layer key;

    snprintf(key.path, sizeof(key.path), "%.*s", (int)len, path);
    return bsearch(&key, l->layers, l->n, sizeof(key), compare);
}

/* The nearest above `path` that is one: an entry that says nothing new is none.
 */
static size_t find_above(const struct hd_layers *l,
                         const struct hd_tables *tables, const char *path)
{
    char folder[HD_TABLES_PATH];

    snprintf(folder, sizeof(folder), "%s", path);
    for (;;) {
        const struct hd_layer *layer;
        char *end = strrchr(folder, '/');
        size_t len;

        if (end == folder)
            return HD_LAYERS;
        *end = '\0';
        len = hd_tables_decide(tables, folder).len;
        layer = len ? find(l, folder, len) : NULL;
        if (!len || layer)
            return layer ? (size_t)(layer - l->layers) : HD_LAYERS;
        folder[len] = '\0';
    }
}

static int fill(const char *text, const struct hd_tables *tables,
                struct hd_layers *l, struct hd_err *err)
{
    for (const char *at = text; *at;) {
        size_t len = strcspn(at, "\n");
        struct hd_layer *layer = &l->layers[l->n];

        if (l->n == HD_LAYERS)
            return hd_fail(err, HD_E_LIMIT,
                           "the tables have more than %d entries; name the "
                           "folders above",
                           HD_LAYERS);
        layer->side = *at == '+' ? HD_SIDE_HOST : HD_SIDE_GUEST;
        snprintf(layer->path, sizeof(layer->path), "%.*s", (int)len - 1,
                 at + 1);
        if (layer->side != above(tables, layer->path))
            l->n++;
        at += len + (at[len] == '\n');
    }
    qsort(l->layers, l->n, sizeof(*l->layers), compare);
    for (size_t i = 0; i < l->n; i++)
        l->layers[i].above = find_above(l, tables, l->layers[i].path);
    return 0;
}

int hd_layers_parse(const char *text, struct hd_layers *ret, struct hd_err *err)
{
    hd_autofree struct hd_layers *l = calloc(1, sizeof(*l));
    hd_auto(hd_tables) tables = NULL;

    if (!l)
        return hd_fail_errno(err, HD_E_FAILED, "read the tables");
    if (hd_tables_parse(text, &tables, err) || fill(text, tables, l, err))
        return -1;
    ret->n = l->n;
    memcpy(ret->layers, l->layers, l->n * sizeof(*l->layers));
    return 0;
}

/* "/" is "!", and what means something there or to mount(8) is "=" and its two
 * digits. */
bool hd_layers_name(const char *path, char ret[HD_LAYERS_NAME])
{
    size_t used = 0;

    for (; *path; path++) {
        bool plain = *path != '!' && *path != '=' && *path != ',' &&
                     *path != ':' && *path != '\\';

        if (used + 4 > HD_LAYERS_NAME)
            return false;
        if (*path == '/')
            ret[used++] = '!';
        else if (plain)
            ret[used++] = *path;
        else
            used += (size_t)sprintf(ret + used, "=%02x", (unsigned char)*path);
    }
    ret[used] = '\0';
    return true;
}

/* ---- two of them */

size_t hd_layers_above(const struct hd_layers *l, size_t i)
{
    return l->layers[i].above;
}

size_t hd_layers_find(const struct hd_layers *l, enum hd_side side,
                      const char *path)
{
    const struct hd_layer *layer = find(l, path, strlen(path));

    return layer && layer->side == side ? (size_t)(layer - l->layers)
                                        : HD_LAYERS;
}

static size_t count_inside(const struct hd_layers *l, size_t i)
{
    size_t n = 0;

    for (size_t k = i + 1; k < l->n; k++)
        n += hd_layers_above(l, k) == i;
    return n;
}

/* Are the inclusions of an exception, `i` and now `j`, the same? */
static bool is_whole(const struct hd_layers *before, const bool there[],
                     size_t i, const struct hd_layers *now, size_t j)
{
    for (size_t k = i + 1; k < before->n; k++) {
        size_t same;

        if (hd_layers_above(before, k) != i)
            continue;
        same =
            hd_layers_find(now, before->layers[k].side, before->layers[k].path);
        if (!there[k] || same == HD_LAYERS || hd_layers_above(now, same) != j)
            return false;
    }
    return count_inside(before, i) == count_inside(now, j);
}

void hd_layers_match(const struct hd_layers *before, const bool there[],
                     const struct hd_layers *now, size_t ret[HD_LAYERS])
{
    for (size_t j = 0; j < now->n; j++) {
        size_t i =
            hd_layers_find(before, now->layers[j].side, now->layers[j].path);
        size_t above = hd_layers_above(now, j);

        ret[j] = HD_LAYERS;
        if (i == HD_LAYERS || !there[i] ||
            hd_layers_above(before, i) !=
                (above == HD_LAYERS ? HD_LAYERS : ret[above]))
            continue;
        if (above != HD_LAYERS && ret[above] == HD_LAYERS)
            continue;
        if (now->layers[j].side == HD_SIDE_GUEST ||
            is_whole(before, there, i, now, j))
            ret[j] = i;
    }
}
