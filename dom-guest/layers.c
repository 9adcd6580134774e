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

int hd_layers_parse(const char *text, struct hd_layers *ret, struct hd_err *err)
{
    hd_autofree struct hd_layers *l = calloc(1, sizeof(*l));
    hd_auto(hd_tables) tables = NULL;

    if (!l)
        return hd_fail_errno(err, HD_E_FAILED, "read the tables");
    if (hd_tables_parse(text, &tables, err))
        return -1;
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
    *ret = *l;
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
