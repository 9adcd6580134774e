/* SPDX-License-Identifier: MIT */
/* Changes a store in place by writing beside it; never writes to what the table
 * in force points to. */
#include "edit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "new_store.h"
#include "room.h"

/* A header may grow by this much between hd_edit_room and hd_edit_prepare: a
 * volume's row has a few hundred bytes. */
#define HEADER_SLACK 4096

static uint64_t round_up(uint64_t n)
{
    return (n + HD_GPT_ALIGN - 1) / HD_GPT_ALIGN * HD_GPT_ALIGN;
}

/* Where the last partition may end; an image grows as it must. */
static uint64_t limit(const struct hd_edit *e)
{
    return e->target->fixed
               ? (e->target->size - HD_GPT_ALIGN) / HD_GPT_ALIGN * HD_GPT_ALIGN
               : (uint64_t)INT64_MAX;
}

static int check_signer(const struct hd_edit *e, const struct hd_signer *signer,
                        struct hd_err *err)
{
    char text[HD_SIGNER_TEXT];

    if (e->resign || !memcmp(signer, &e->signer, sizeof(*signer)))
        return 0;
    hd_signer_format(&e->signer, text);
    return hd_fail(err, HD_E_DENIED,
                   "%s is not the key of the store's signer %s; --resign signs "
                   "what that one vouched for anew",
                   e->key, text);
}

static int seal(struct hd_edit *e, struct hd_err *err)
{
    struct hd_signer signer;

    if (hd_bundle_seal(e->bundle, &e->m, e->key, &signer, err) ||
        check_signer(e, &signer, err))
        return -1;
    return 0;
}

void hd_edit_next(struct hd_edit *e)
{
    e->taken = e->gpt;
    e->m.store.generation++;
    e->was_size = e->target->fixed ? 0 : e->target->size;
}

int hd_edit_begin(struct hd_target *target, const struct hd_answer *store,
                  const char *key, bool resign, const struct hd_pack_ops *ops,
                  struct hd_edit **ret, struct hd_err *err)
{
    hd_auto(hd_edit) e = calloc(1, sizeof(*e));

    if (!e || !(e->bundle = calloc(1, sizeof(*e->bundle)))) {
        free(e);
        e = NULL;
        return hd_fail_errno(err, HD_E_FAILED, "change the store");
    }
    e->target = target;
    e->ops = ops;
    e->key = key;
    e->resign = resign;
    e->signer = store->signer;
    e->m = store->manifest;
    e->gpt = store->gpt;
    target->sector = e->gpt.sector;
    if (e->m.store.generation >= INT64_MAX)
        return hd_fail(err, HD_E_FAILED, "the store has no next generation");
    if (hd_bundle_copy(e->bundle, target->fd, store->files_at, &e->m, err))
        return -1;
    hd_edit_next(e);
    if (seal(e, err))
        return -1;
    *ret = hd_steal(&e);
    return 0;
}

void hd_edit_free(struct hd_edit *e)
{
    if (e->was_size && e->was_size < e->target->size &&
        !ftruncate(e->target->fd, (off_t)e->was_size))
        e->target->size = e->was_size;
    hd_bundle_free(e->bundle);
    free(e);
}

int hd_edit_room(const struct hd_edit *e, uint64_t size, bool dropped,
                 struct hd_err *err)
{
    hd_autofree struct hd_gpt *gpt = malloc(sizeof(*gpt));
    uint64_t header = round_up(e->bundle->tar_len + HEADER_SLACK), start;

    if (!gpt)
        return hd_fail_errno(err, HD_E_FAILED, "look for room");
    *gpt = dropped ? e->gpt : e->taken;
    if (size && hd_room_find(gpt, limit(e), size, &start, err))
        return hd_wrap(err, "%s", e->target->path);
    if (gpt->n == HD_GPT_PARTS)
        return hd_fail(err, HD_E_FAILED, "%s: the table has %d partitions",
                       e->target->path, HD_GPT_PARTS);
    if (size)
        gpt->parts[gpt->n++] = (struct hd_part){.start = start, .length = size};
    if (hd_room_find(gpt, limit(e), header, &start, err))
        return hd_wrap(err, "%s", e->target->path);
    return 0;
}

void hd_edit_drop(struct hd_edit *e, int volume)
{
    struct hd_manifest *m = &e->m;
    int part = hd_gpt_find(&e->gpt, &m->volumes[volume].partuuid);
    char name[HD_NAME_SIZE];

    memcpy(name, m->volumes[volume].name, sizeof(name));
    for (uint32_t i = 0; i < m->n_volumes; i++)
        if (!strcmp(m->volumes[i].replaces, name))
            m->volumes[i].replaces[0] = '\0';
    m->n_volumes--;
    memmove(&m->volumes[volume], &m->volumes[volume + 1],
            (m->n_volumes - (uint32_t)volume) * sizeof(*m->volumes));
    if (part < 0)
        return;
    e->gpt.n--;
    memmove(&e->gpt.parts[part], &e->gpt.parts[part + 1],
            (e->gpt.n - (uint32_t)part) * sizeof(*e->gpt.parts));
}

int hd_edit_add(struct hd_edit *e, const struct hd_volume *v,
                uint64_t *ret_start, struct hd_err *err)
{
    struct hd_part part;
    uint64_t start;

    if (e->m.n_volumes == HD_MAX_VOLUMES || e->gpt.n == HD_GPT_PARTS ||
        e->taken.n == HD_GPT_PARTS)
        return hd_fail(err, HD_E_FAILED, "the store has %u volumes already",
                       e->m.n_volumes);
    if (hd_room_find(&e->taken, limit(e), v->size, &start, err))
        return hd_wrap(err, "%s", e->target->path);
    hd_new_store_part(v, start, v->size, &v->partuuid, &part);
    e->gpt.parts[e->gpt.n++] = part;
    e->taken.parts[e->taken.n++] = part;
    e->m.volumes[e->m.n_volumes++] = *v;
    *ret_start = start;
    return 0;
}

/* The old header's row becomes the new one's. */
static int place_header(struct hd_edit *e, struct hd_err *err)
{
    uint64_t len = round_up(e->bundle->tar_len), end = 0;
    int row = hd_gpt_find_type(&e->gpt, HD_GUID_HEADER);
    struct hd_uuid id;

    if (row < 0)
        return hd_fail(err, HD_E_BAD_HEADER, "the store has no one header");
    if (hd_room_find(&e->taken, limit(e), len, &e->header, err) ||
        hd_uuid_make(&id, err))
        return hd_wrap(err, "%s", e->target->path);
    hd_new_store_part(NULL, e->header, len, &id, &e->gpt.parts[row]);
    for (uint32_t i = 0; i < e->gpt.n; i++)
        if (end < e->gpt.parts[i].start + e->gpt.parts[i].length)
            end = e->gpt.parts[i].start + e->gpt.parts[i].length;
    end += HD_GPT_ALIGN;
    return end > e->target->size ? hd_target_resize(e->target, end, err) : 0;
}

int hd_edit_prepare(struct hd_edit *e, struct hd_err *err)
{
    if (seal(e, err) || place_header(e, err))
        return -1;
    return 0;
}

int hd_edit_commit(struct hd_edit *e, struct hd_err *err)
{
    int row = hd_gpt_find_type(&e->gpt, HD_GUID_HEADER);

    if (seal(e, err))
        return -1;
    if (row < 0 || round_up(e->bundle->tar_len) != e->gpt.parts[row].length)
        return hd_fail(err, HD_E_FAILED, "the header changed its size");
    if (hd_bundle_write(e->bundle, e->target, e->header, e->ops, err) ||
        hd_pack_tell(e->ops, "flushing", 0, 1, err) ||
        hd_target_sync(e->target, err) ||
        hd_pack_tell(e->ops, "flushing", 1, 1, err) ||
        hd_bundle_verify(e->bundle, e->target, e->header, e->bundle->tar_len,
                         e->ops, err))
        return -1;
    e->was_size = 0;
    if (hd_gpt_switch(e->target->fd, e->target->size, &e->gpt, err))
        return -1;
    return hd_target_commit(e->target, err);
}
