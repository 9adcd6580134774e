/* SPDX-License-Identifier: MIT */
/* Writes a whole store, its partition table last; never leaves a half one that
 * looks like a whole one. */
#include "new_store.h"

#include <stdio.h>

static uint64_t round_up(uint64_t n)
{
    return (n + HD_GPT_ALIGN - 1) / HD_GPT_ALIGN * HD_GPT_ALIGN;
}

void hd_new_store_part(const struct hd_volume *volume, uint64_t start,
                       uint64_t length, const struct hd_uuid *id,
                       struct hd_part *ret)
{
    *ret = (struct hd_part){.id = *id, .start = start, .length = length};
    hd_uuid_parse(volume ? HD_GUID_VOLUME : HD_GUID_HEADER, &ret->type, NULL);
    snprintf(ret->name, sizeof(ret->name), HD_PARTNAME_VOLUME "%s",
             volume ? volume->name : "");
}

/* The header first, then the volumes in the manifest's order. */
static int lay_out(const struct hd_new_store *s, struct hd_gpt *gpt,
                   uint64_t *ret_size, struct hd_err *err)
{
    uint64_t at = HD_GPT_ALIGN, len = round_up(s->bundle->tar_len);
    struct hd_uuid id;

    if (hd_uuid_make(&gpt->disk, err) || hd_uuid_make(&id, err))
        return -1;
    hd_new_store_part(NULL, at, len, &id, &gpt->parts[gpt->n++]);
    at += len;
    for (uint32_t i = 0; i < s->m->n_volumes; i++) {
        const struct hd_volume *v = &s->m->volumes[i];

        hd_new_store_part(v, at, v->size, &v->partuuid, &gpt->parts[gpt->n++]);
        s->volumes[i].start = at;
        at += v->size;
    }
    *ret_size = at + HD_GPT_ALIGN;
    return 0;
}

/* What stood here before is no longer found, from the first moment on. */
static int wipe(struct hd_target *t, struct hd_err *err)
{
    uint64_t last = t->size / HD_GPT_ALIGN * HD_GPT_ALIGN - HD_GPT_ALIGN;

    if (hd_target_zero(t, 0, HD_GPT_ALIGN, err) ||
        hd_target_zero(t, last, t->size - last, err))
        return -1;
    return hd_target_sync(t, err);
}

/* Cheap sticks lie: what describes the content is read from the medium again.
 */
static int verify(const struct hd_new_store *s, const struct hd_target *t,
                  uint64_t header, struct hd_err *err)
{
    hd_autofree struct hd_gpt *gpt = malloc(sizeof(*gpt));
    uint64_t done = s->bundle->tar_len, total = done;

    if (!gpt)
        return hd_fail_errno(err, HD_E_FAILED, "verify the store");
    for (uint32_t i = 0; i < s->m->n_volumes; i++)
        total += hd_pack_volume_overhead(&s->volumes[i]);
    if (hd_gpt_read(t->fd, t->size, gpt, err) ||
        hd_bundle_verify(s->bundle, t, header, total, s->ops, err))
        return -1;
    for (uint32_t i = 0; i < s->m->n_volumes; i++) {
        if (hd_pack_volume_verify(&s->volumes[i], t, err))
            return -1;
        done += hd_pack_volume_overhead(&s->volumes[i]);
        if (hd_pack_volume_overhead(&s->volumes[i]) &&
            hd_pack_tell(s->ops, "verifying", done, total, err))
            return -1;
    }
    return 0;
}

static int write_all(const struct hd_new_store *s, struct hd_target *t,
                     const struct hd_gpt *gpt, struct hd_signer *ret_signer,
                     struct hd_err *err)
{
    uint64_t header = gpt->parts[0].start;

    if (wipe(t, err))
        return -1;
    for (uint32_t i = 0; i < s->m->n_volumes; i++)
        if (hd_pack_volume_write(&s->volumes[i], t, s->ops, err))
            return -1;
    /* Now the roots of the hash trees are known. */
    if (hd_bundle_seal(s->bundle, s->m, s->key, ret_signer, err) ||
        hd_bundle_write(s->bundle, t, header, s->ops, err) ||
        hd_pack_tell(s->ops, "flushing", 0, 1, err) || hd_target_sync(t, err) ||
        hd_pack_tell(s->ops, "flushing", 1, 1, err) ||
        hd_gpt_write(t->fd, t->size, gpt, err) || hd_target_sync(t, err) ||
        verify(s, t, header, err))
        return -1;
    return hd_target_commit(t, err);
}

/* Sealed before anything is written, too: the header is as long as it will be,
 * and a key or a manifest that will not do is known in time. */
int hd_new_store_write(const struct hd_new_store *s, struct hd_target *t,
                       struct hd_signer *ret_signer, uint64_t *ret_size,
                       struct hd_err *err)
{
    hd_autofree struct hd_gpt *gpt = calloc(1, sizeof(*gpt));
    struct hd_signer signer;
    uint64_t size;

    if (!gpt)
        return hd_fail_errno(err, HD_E_FAILED, "write the store");
    gpt->sector = t->sector;
    if (hd_bundle_seal(s->bundle, s->m, s->key, &signer, err) ||
        lay_out(s, gpt, &size, err) || hd_target_resize(t, size, err) ||
        write_all(s, t, gpt, &signer, err))
        return -1;
    *ret_signer = signer;
    *ret_size = size;
    return 0;
}
