/* SPDX-License-Identifier: MIT */
/* A bounded table of fids; never opens anything. */
#include "fids.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define BITS_MIN 8
#define BITS_MAX 16 /* a slot for each of HD_9P_MAX_FIDS */

/* With an odd factor that nobody knows, the highest bits of a product are
 * spread whatever the numbers are: a guest cannot fill one slot. */
static uint32_t slot_of(const struct hd_9p_fids *fids, uint32_t id)
{
    return (uint32_t)((fids->seed * id) >> (64 - fids->bits));
}

static struct hd_9p_fid **place_of(struct hd_9p_fids *fids, uint32_t id)
{
    struct hd_9p_fid **at = &fids->slots[slot_of(fids, id)];

    while (*at && (*at)->id != id)
        at = &(*at)->next;
    return at;
}

static void put(struct hd_9p_fids *fids, struct hd_9p_fid *f)
{
    struct hd_9p_fid **slot = &fids->slots[slot_of(fids, f->id)];

    f->next = *slot;
    *slot = f;
}

static int begin(struct hd_9p_fids *fids)
{
    if (getrandom(&fids->seed, sizeof(fids->seed), 0) != sizeof(fids->seed))
        return ENOMEM;
    fids->seed |= 1;
    fids->slots = calloc(1u << BITS_MIN, sizeof(*fids->slots));
    fids->bits = BITS_MIN;
    return fids->slots ? 0 : ENOMEM;
}

/* Twice the slots; without the memory it is slower, and that is all. */
static void grow(struct hd_9p_fids *fids)
{
    struct hd_9p_fids more = *fids;

    more.bits++;
    more.slots = calloc((size_t)1 << more.bits, sizeof(*more.slots));
    if (!more.slots)
        return;
    for (uint32_t i = 0; i < 1u << fids->bits; i++)
        while (fids->slots[i]) {
            struct hd_9p_fid *f = fids->slots[i];

            fids->slots[i] = f->next;
            put(&more, f);
        }
    free(fids->slots);
    *fids = more;
}

/* As malloc takes it. */
static size_t bytes_of(const char *path)
{
    return sizeof(struct hd_9p_fid) + strlen(path) + 1 + 2 * sizeof(size_t);
}

struct hd_9p_fid *hd_9p_fid_find(struct hd_9p_fids *fids, uint32_t id)
{
    return fids->slots ? *place_of(fids, id) : NULL;
}

int hd_9p_fid_make(struct hd_9p_fids *fids, uint32_t id, const char *path)
{
    size_t bytes = bytes_of(path);
    struct hd_9p_fid *f;

    if (!fids->slots && begin(fids))
        return ENOMEM;
    if (*place_of(fids, id))
        return EBADF;
    if (fids->n >= HD_9P_MAX_FIDS || bytes > HD_9P_FID_BYTES - fids->bytes)
        return ENFILE;
    f = malloc(sizeof(*f) + strlen(path) + 1);
    if (!f)
        return ENOMEM;
    *f = (struct hd_9p_fid){.id = id, .fd = -1};
    strcpy(f->path, path);
    if (fids->n >> fids->bits && fids->bits < BITS_MAX)
        grow(fids);
    put(fids, f);
    fids->n++;
    fids->bytes += bytes;
    return 0;
}

static void take_out(struct hd_9p_fids *fids, struct hd_9p_fid *f)
{
    *place_of(fids, f->id) = f->next;
    fids->n--;
    fids->bytes -= bytes_of(f->path);
}

int hd_9p_fid_move(struct hd_9p_fids *fids, struct hd_9p_fid *f,
                   const char *path)
{
    int rc;

    take_out(fids, f);
    rc = hd_9p_fid_make(fids, f->id, path);
    if (!rc) {
        free(f);
        return 0;
    }
    put(fids, f);
    fids->n++;
    fids->bytes += bytes_of(f->path);
    return rc;
}

static void close_fid(struct hd_9p_fids *fids, struct hd_9p_fid *f)
{
    if (!f->open || f->fd < 0)
        return;
    close(f->fd);
    f->fd = -1;
    fids->n_open--;
}

static void recheck(struct hd_9p_fids *fids, struct hd_9p_fid *f,
                    const struct hd_tree *tree)
{
    if (!f->open || f->stale || hd_tree_still(tree, f->path, f->fd))
        return;
    close_fid(fids, f);
    f->stale = true;
}

void hd_9p_fids_recheck(struct hd_9p_fids *fids, const struct hd_tree *tree)
{
    for (uint32_t i = 0; fids->slots && i < 1u << fids->bits; i++)
        for (struct hd_9p_fid *f = fids->slots[i]; f; f = f->next)
            recheck(fids, f, tree);
}

void hd_9p_fid_drop(struct hd_9p_fids *fids, struct hd_9p_fid *f)
{
    take_out(fids, f);
    close_fid(fids, f);
    free(f);
}

void hd_9p_fids_drop(struct hd_9p_fids *fids)
{
    for (uint32_t i = 0; fids->slots && i < 1u << fids->bits; i++)
        while (fids->slots[i])
            hd_9p_fid_drop(fids, fids->slots[i]);
    free(fids->slots);
    *fids = (struct hd_9p_fids){0};
}
