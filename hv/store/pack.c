/* SPDX-License-Identifier: MIT */
/* Writes a store, its partition table last; never leaves a half one that looks
 * like a whole one. */
#include "pack.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "bundle.h"
#include "gpt.h"
#include "pack_users.h"
#include "pack_volume.h"
#include "target.h"

#define CHUNK (1u << 20) /* bytes of one write */

struct packer {
    const struct hd_pack *in;
    int dir; /* the manifest's folder */
    struct hd_manifest *m;
    struct hd_bundle *bundle;
    struct hd_gpt gpt;
    struct hd_target target;
    uint32_t n_volumes; /* open ones */
    struct hd_pack_volume volumes[HD_MAX_VOLUMES];
    struct hd_packed packed;
    char *buf; /* CHUNK bytes */
};

static uint64_t round_up(uint64_t n)
{
    return (n + HD_GPT_ALIGN - 1) / HD_GPT_ALIGN * HD_GPT_ALIGN;
}

int hd_pack_tell(const struct hd_pack_ops *ops, const char *phase,
                 uint64_t done, uint64_t total, struct hd_err *err)
{
    if (ops->progress(ops->ctx, phase, done, total))
        return hd_fail(err, HD_E_FAILED, "interrupted; nothing was packed");
    return 0;
}

static int tell(const struct packer *p, const char *phase, uint64_t done,
                uint64_t total, struct hd_err *err)
{
    return hd_pack_tell(&p->in->ops, phase, done, total, err);
}

/* Local paths count from the manifest's folder. */
static int open_folder(const char *manifest, struct hd_err *err)
{
    char path[PATH_MAX];
    int fd;

    if ((size_t)snprintf(path, sizeof(path), "%s", manifest) >= sizeof(path))
        return hd_fail(err, HD_E_USAGE, "the path is too long");
    fd = open(dirname(path), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return hd_fail_errno(err, HD_E_IO, "cannot open %s", path);
    return fd;
}

static int read_source(struct packer *p, struct hd_err *err)
{
    hd_autofree char *text = NULL;
    size_t len;

    if (hd_io_read_file(p->in->manifest, HD_MANIFEST_BYTES, &text, &len, err))
        return -1;
    if (hd_manifest_parse(text, len, HD_F_SOURCE, &p->m, err))
        return hd_wrap(err, "%s", p->in->manifest);
    p->dir = open_folder(p->in->manifest, err);
    return p->dir < 0 ? -1 : 0;
}

static int open_volumes(struct packer *p, struct hd_err *err)
{
    struct hd_manifest *m = p->m;

    for (int i = hd_manifest_luks(m, -1); i >= 0; i = hd_manifest_luks(m, i))
        m->volumes[i].luks.offset = HD_LUKS_OFFSET_OTHER;
    if (hd_manifest_luks(m, -1) >= 0)
        m->volumes[hd_manifest_luks(m, -1)].luks.offset = HD_LUKS_OFFSET_KEY;
    for (uint32_t i = 0; i < m->n_volumes; i++, p->n_volumes++)
        if (hd_pack_volume_open(&m->volumes[i], p->dir, &p->volumes[i], err))
            return -1;
    return 0;
}

/* From the source form to the signed one. */
static int complete(struct packer *p, struct hd_err *err)
{
    struct hd_manifest *m = p->m;

    if (hd_uuid_is_zero(&m->store.id) && hd_uuid_make(&m->store.id, err))
        return -1;
    for (uint32_t i = 0; i < m->n_guests; i++)
        if (hd_uuid_make(&m->guests[i].id, err))
            return -1;
    if (open_volumes(p, err) ||
        hd_pack_users_make(p->in, m, p->volumes, &p->packed.recovery, err) ||
        tell(p, "kernels", 0, 1, err) ||
        hd_bundle_load(p->bundle, p->dir, m, err))
        return -1;
    return tell(p, "kernels", 1, 1, err);
}

static void add_part(struct hd_gpt *gpt, const char *type,
                     const struct hd_uuid *id, const char *name, uint64_t size)
{
    struct hd_part *part = &gpt->parts[gpt->n];
    const struct hd_part *before = gpt->n ? part - 1 : NULL;

    hd_uuid_parse(type, &part->type, NULL);
    part->id = *id;
    part->start = before ? before->start + before->length : HD_GPT_ALIGN;
    part->length = size;
    snprintf(part->name, sizeof(part->name), HD_PARTNAME_VOLUME "%s", name);
    gpt->n++;
}

static int seal(struct packer *p, struct hd_err *err)
{
    return hd_bundle_seal(p->bundle, p->m, p->in->key, &p->packed.signer, err);
}

/* The header first, then the volumes in the manifest's order. */
static int lay_out(struct packer *p, struct hd_err *err)
{
    const struct hd_part *last;
    struct hd_uuid id;

    if (hd_uuid_make(&p->gpt.disk, err) || hd_uuid_make(&id, err))
        return -1;
    p->gpt.sector = p->target.sector;
    add_part(&p->gpt, HD_GUID_HEADER, &id, "", round_up(p->bundle->tar_len));
    for (uint32_t i = 0; i < p->m->n_volumes; i++)
        add_part(&p->gpt, HD_GUID_VOLUME, &p->m->volumes[i].partuuid,
                 p->m->volumes[i].name, p->m->volumes[i].size);
    for (uint32_t i = 0; i < p->m->n_volumes; i++)
        p->volumes[i].start = p->gpt.parts[1 + i].start;
    last = &p->gpt.parts[p->gpt.n - 1];
    p->packed.size = last->start + last->length + HD_GPT_ALIGN;
    return 0;
}

/* What stood here before is no longer found, from the first moment on. */
static int wipe(struct packer *p, struct hd_err *err)
{
    uint64_t last = p->target.size / CHUNK * CHUNK - CHUNK;

    if (hd_target_zero(&p->target, 0, HD_GPT_ALIGN, err) ||
        hd_target_zero(&p->target, last, p->target.size - last, err))
        return -1;
    return hd_target_sync(&p->target, err);
}

static int write_header(struct packer *p, struct hd_err *err)
{
    const struct hd_bundle *b = p->bundle;
    uint64_t start = p->gpt.parts[0].start;

    for (size_t at = 0; at < b->tar_len;) {
        size_t n = b->tar_len - at < CHUNK ? b->tar_len - at : CHUNK;

        if (hd_io_pwrite(p->target.fd, b->tar + at, n, (off_t)(start + at),
                         err))
            return -1;
        at += n;
        if (tell(p, "header", at, b->tar_len, err))
            return -1;
    }
    return 0;
}

static int verify_header(struct packer *p, uint64_t total, struct hd_err *err)
{
    const struct hd_bundle *b = p->bundle;
    uint64_t start = p->gpt.parts[0].start;

    for (size_t at = 0; at < b->tar_len;) {
        size_t n = b->tar_len - at < CHUNK ? b->tar_len - at : CHUNK;

        if (hd_io_pread(p->target.fd, p->buf, n, (off_t)(start + at), err))
            return -1;
        if (memcmp(p->buf, b->tar + at, n))
            return hd_fail(err, HD_E_IO,
                           "%s gives back other bytes than were written to it",
                           p->target.path);
        at += n;
        if (tell(p, "verifying", at, total, err))
            return -1;
    }
    return 0;
}

/* Cheap sticks lie: what describes the content is read from the medium again.
 */
static int verify(struct packer *p, struct hd_err *err)
{
    hd_autofree struct hd_gpt *gpt = malloc(sizeof(*gpt));
    uint64_t done = p->bundle->tar_len, total = done;

    if (!gpt)
        return hd_fail_errno(err, HD_E_FAILED, "verify the store");
    for (uint32_t i = 0; i < p->n_volumes; i++)
        total += hd_pack_volume_overhead(&p->volumes[i]);
    if (hd_gpt_read(p->target.fd, p->target.size, gpt, err) ||
        verify_header(p, total, err))
        return -1;
    for (uint32_t i = 0; i < p->n_volumes; i++) {
        if (hd_pack_volume_verify(&p->volumes[i], &p->target, err))
            return -1;
        done += hd_pack_volume_overhead(&p->volumes[i]);
        if (hd_pack_volume_overhead(&p->volumes[i]) &&
            tell(p, "verifying", done, total, err))
            return -1;
    }
    return 0;
}

static int write_store(struct packer *p, struct hd_err *err)
{
    if (wipe(p, err))
        return -1;
    for (uint32_t i = 0; i < p->n_volumes; i++)
        if (hd_pack_volume_write(&p->volumes[i], &p->target, &p->in->ops, err))
            return -1;
    /* Now the roots of the hash trees are known. */
    if (seal(p, err) || write_header(p, err) ||
        tell(p, "flushing", 0, 1, err) || hd_target_sync(&p->target, err) ||
        tell(p, "flushing", 1, 1, err) ||
        hd_gpt_write(p->target.fd, p->target.size, &p->gpt, err) ||
        hd_target_sync(&p->target, err) || verify(p, err))
        return -1;
    return hd_target_commit(&p->target, err);
}

/* Sealed before anything is written, too: the header is as long as it will be,
 * and a key or a manifest that will not do is known in time. */
static int pack(struct packer *p, struct hd_err *err)
{
    if (read_source(p, err) ||
        hd_target_open(p->in->output, p->in->force, &p->target, err) ||
        complete(p, err) || seal(p, err) || lay_out(p, err) ||
        hd_target_resize(&p->target, p->packed.size, err) ||
        write_store(p, err))
        return -1;
    p->packed.store = p->m->store;
    return 0;
}

static void packer_fini(struct packer *p)
{
    hd_target_fini(&p->target);
    for (uint32_t i = 0; i < p->n_volumes; i++)
        hd_pack_volume_fini(&p->volumes[i]);
    if (p->packed.recovery)
        hd_secret_free(p->packed.recovery);
    if (p->dir >= 0)
        close(p->dir);
    if (p->bundle)
        hd_bundle_free(p->bundle);
    free(p->m);
    free(p->buf);
    free(p);
}

int hd_pack(const struct hd_pack *in, struct hd_packed *ret, struct hd_err *err)
{
    struct packer *p = calloc(1, sizeof(*p));
    int rc;

    if (!p)
        return hd_fail_errno(err, HD_E_FAILED, "pack a store");
    p->in = in;
    p->dir = p->target.fd = -1;
    p->bundle = calloc(1, sizeof(*p->bundle));
    p->buf = malloc(CHUNK);
    rc = p->bundle && p->buf ? pack(p, err)
                             : hd_fail_errno(err, HD_E_FAILED, "pack a store");
    if (!rc) {
        *ret = p->packed;
        p->packed.recovery = NULL;
    }
    packer_fini(p);
    return rc;
}
