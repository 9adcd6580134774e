/* SPDX-License-Identifier: MIT */
/* A bounded list of fids; never opens anything. */
#include "fids.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct hd_9p_fid *hd_9p_fid_find(struct hd_9p_fids *fids, uint32_t id)
{
    for (size_t i = 0; i < HD_9P_MAX_FIDS; i++)
        if (fids->list[i].path && fids->list[i].id == id)
            return &fids->list[i];
    return NULL;
}

int hd_9p_fid_make(struct hd_9p_fids *fids, uint32_t id, const char *path)
{
    if (hd_9p_fid_find(fids, id))
        return EBADF;
    for (size_t i = 0; i < HD_9P_MAX_FIDS; i++)
        if (!fids->list[i].path) {
            fids->list[i].path = strdup(path);
            fids->list[i].id = id;
            return fids->list[i].path ? 0 : ENOMEM;
        }
    return ENFILE;
}

static void close_fid(struct hd_9p_fids *fids, struct hd_9p_fid *f)
{
    if (!f->open || f->fd < 0)
        return;
    close(f->fd);
    f->fd = -1;
    fids->n_open--;
}

void hd_9p_fids_recheck(struct hd_9p_fids *fids, const struct hd_tree *tree)
{
    for (size_t i = 0; i < HD_9P_MAX_FIDS; i++) {
        struct hd_9p_fid *f = &fids->list[i];

        if (!f->path || !f->open || f->stale ||
            hd_tree_still(tree, f->path, f->fd))
            continue;
        close_fid(fids, f);
        f->stale = true;
    }
}

void hd_9p_fid_drop(struct hd_9p_fids *fids, struct hd_9p_fid *f)
{
    free(f->path);
    close_fid(fids, f);
    *f = (struct hd_9p_fid){0};
}

void hd_9p_fids_drop(struct hd_9p_fids *fids)
{
    for (size_t i = 0; i < HD_9P_MAX_FIDS; i++)
        hd_9p_fid_drop(fids, &fids->list[i]);
}
