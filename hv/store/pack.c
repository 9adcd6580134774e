/* SPDX-License-Identifier: MIT */
/* Writes a store, its partition table last; never leaves a half one that looks
 * like a whole one. */
#include "pack.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "../../pv-drivers/base/io.h"
#include "auth.h"
#include "bundle.h"
#include "gpt.h"
#include "target.h"

#define CHUNK (1u << 20) /* bytes of one write */
#define ZERO_STEP                                                              \
    (64u << 20) /* bytes of one BLKZEROOUT, so that progress shows */

struct packer {
    const struct hd_pack *in;
    int dir; /* the manifest's folder */
    struct hd_manifest *m;
    struct hd_bundle *bundle;
    struct hd_gpt gpt;
    struct hd_target target;
    char *buf; /* CHUNK bytes */
};

static uint64_t round_up(uint64_t n)
{
    return (n + HD_GPT_ALIGN - 1) / HD_GPT_ALIGN * HD_GPT_ALIGN;
}

static int tell(const struct packer *p, const char *phase, uint64_t done,
                uint64_t total, struct hd_err *err)
{
    if (p->in->ops.progress(p->in->ops.ctx, phase, done, total))
        return hd_fail(err, HD_E_FAILED, "interrupted; nothing was packed");
    return 0;
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

static int open_content(const struct packer *p, const struct hd_volume *v,
                        uint64_t *ret_size, struct hd_err *err)
{
    hd_autofd int fd = openat(p->dir, v->from, O_RDONLY | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st))
        return hd_fail_errno(err, HD_E_IO, "volume %s: cannot open %s", v->name,
                             v->from);
    if (S_ISBLK(st.st_mode) ? ioctl(fd, BLKGETSIZE64, ret_size)
                            : !S_ISREG(st.st_mode))
        return hd_fail(err, HD_E_BAD_MANIFEST,
                       "volume %s: %s is neither a file nor a disk", v->name,
                       v->from);
    if (S_ISREG(st.st_mode))
        *ret_size = (uint64_t)st.st_size;
    return hd_steal_fd(&fd);
}

static int size_volume(const struct packer *p, struct hd_volume *v,
                       struct hd_err *err)
{
    hd_autofd int fd = -1;
    uint64_t content = 0;

    if (v->from[0]) {
        fd = open_content(p, v, &content, err);
        if (fd < 0)
            return -1;
    }
    if (v->size && content > v->size)
        return hd_fail(err, HD_E_BAD_MANIFEST,
                       "volume %s: %s is larger than its size", v->name,
                       v->from);
    v->size = round_up(v->size ? v->size : content);
    if (!v->size)
        return hd_fail(err, HD_E_BAD_MANIFEST, "volume %s: %s is empty",
                       v->name, v->from);
    return hd_uuid_make(&v->partuuid, err);
}

static int add_auth(const struct packer *p, struct hd_user *u,
                    struct hd_err *err)
{
    hd_auto(hd_secret) password = NULL;

    if (p->in->ops.password(p->in->ops.ctx, u->name, &password, err) ||
        hd_auth_make(password, &u->auth, err))
        return hd_wrap(err, "user %s", u->name);
    return 0;
}

/* From the source form to the signed one. */
static int complete(struct packer *p, struct hd_err *err)
{
    struct hd_manifest *m = p->m;

    if (hd_uuid_is_zero(&m->store.id) && hd_uuid_make(&m->store.id, err))
        return -1;
    for (uint32_t i = 0; i < m->n_volumes; i++)
        if (size_volume(p, &m->volumes[i], err))
            return -1;
    for (uint32_t i = 0; i < m->n_users; i++)
        if (add_auth(p, &m->users[i], err))
            return -1;
    for (uint32_t i = 0; i < m->n_guests; i++)
        if (hd_uuid_make(&m->guests[i].id, err))
            return -1;
    if (tell(p, "kernels", 0, 1, err) ||
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

/* The header first, then the volumes in the manifest's order. */
static int lay_out(struct packer *p, uint64_t *ret_size, struct hd_err *err)
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
    last = &p->gpt.parts[p->gpt.n - 1];
    *ret_size = last->start + last->length + HD_GPT_ALIGN;
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

static int is_zero(const char *buf, size_t len)
{
    return !buf[0] && !memcmp(buf, buf + 1, len - 1);
}

/* The next bytes of `in` that are data, from `at`; `end` when there are none.
 */
static uint64_t next_data(int in, uint64_t at, uint64_t end)
{
    off_t data = lseek(in, (off_t)at, SEEK_DATA);

    if (data < 0)
        return errno == ENXIO ? end : at;
    return (uint64_t)data / CHUNK * CHUNK > at ? (uint64_t)data / CHUNK * CHUNK
                                               : at;
}

static int copy_content(struct packer *p, int in, uint64_t size, uint64_t start,
                        const char *phase, uint64_t total, struct hd_err *err)
{
    for (uint64_t at = next_data(in, 0, size); at < size;
         at = next_data(in, at, size)) {
        size_t n = size - at < CHUNK ? size - at : CHUNK;

        if (hd_io_pread(in, p->buf, n, (off_t)at, err))
            return -1;
        if (!is_zero(p->buf, n) &&
            hd_io_pwrite(p->target.fd, p->buf, n, (off_t)(start + at), err))
            return -1;
        at += n;
        if (tell(p, phase, at, total, err))
            return -1;
    }
    return 0;
}

static int write_volume(struct packer *p, const struct hd_volume *v,
                        uint64_t start, struct hd_err *err)
{
    hd_autofd int in = -1;
    uint64_t content = 0;
    char phase[64];

    snprintf(phase, sizeof(phase), "volume %s", v->name);
    /* A device is cleared first, so that zeros need no writing after. */
    for (uint64_t at = 0; p->target.device && at < v->size; at += ZERO_STEP) {
        uint64_t n = v->size - at < ZERO_STEP ? v->size - at : ZERO_STEP;

        if (tell(p, "clearing", at, v->size, err) ||
            hd_target_zero(&p->target, start + at, n, err))
            return -1;
    }
    if (v->from[0]) {
        in = open_content(p, v, &content, err);
        if (in < 0)
            return -1;
        if (content > v->size)
            return hd_fail(err, HD_E_BUSY, "%s grows while it is packed",
                           v->from);
        if (copy_content(p, in, content, start, phase, v->size, err))
            return hd_wrap(err, "volume %s", v->name);
    }
    return tell(p, phase, v->size, v->size, err);
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

/* Cheap sticks lie: what was written is read from the medium again. */
static int verify(struct packer *p, struct hd_err *err)
{
    const struct hd_bundle *b = p->bundle;
    uint64_t start = p->gpt.parts[0].start;
    hd_autofree struct hd_gpt *gpt = malloc(sizeof(*gpt));

    if (!gpt)
        return hd_fail_errno(err, HD_E_FAILED, "verify the store");
    if (hd_gpt_read(p->target.fd, p->target.size, gpt, err))
        return -1;
    for (size_t at = 0; at < b->tar_len;) {
        size_t n = b->tar_len - at < CHUNK ? b->tar_len - at : CHUNK;

        if (hd_io_pread(p->target.fd, p->buf, n, (off_t)(start + at), err))
            return -1;
        if (memcmp(p->buf, b->tar + at, n))
            return hd_fail(err, HD_E_IO,
                           "%s gives back other bytes than were written to it",
                           p->target.path);
        at += n;
        if (tell(p, "verifying", at, b->tar_len, err))
            return -1;
    }
    return 0;
}

static int write_store(struct packer *p, struct hd_err *err)
{
    if (wipe(p, err))
        return -1;
    for (uint32_t i = 0; i < p->m->n_volumes; i++)
        if (write_volume(p, &p->m->volumes[i], p->gpt.parts[1 + i].start, err))
            return -1;
    if (write_header(p, err) || tell(p, "flushing", 0, 1, err) ||
        hd_target_sync(&p->target, err) || tell(p, "flushing", 1, 1, err) ||
        hd_gpt_write(p->target.fd, p->target.size, &p->gpt, err) ||
        hd_target_sync(&p->target, err) || verify(p, err))
        return -1;
    return hd_target_commit(&p->target, err);
}

static int pack(struct packer *p, struct hd_packed *ret, struct hd_err *err)
{
    struct hd_packed packed;

    if (read_source(p, err) ||
        hd_target_open(p->in->output, p->in->force, &p->target, err) ||
        complete(p, err) ||
        hd_bundle_seal(p->bundle, p->m, p->in->key, &packed.signer, err) ||
        lay_out(p, &packed.size, err) ||
        hd_target_resize(&p->target, packed.size, err) || write_store(p, err))
        return -1;
    packed.store = p->m->store;
    *ret = packed;
    return 0;
}

int hd_pack(const struct hd_pack *in, struct hd_packed *ret, struct hd_err *err)
{
    hd_auto(hd_bundle) bundle = calloc(1, sizeof(*bundle));
    hd_autofree char *buf = malloc(CHUNK);
    struct packer p = {.in = in, .dir = -1, .bundle = bundle, .buf = buf};
    int rc;

    p.target.fd = -1;
    if (!bundle || !buf)
        return hd_fail_errno(err, HD_E_FAILED, "pack a store");
    rc = pack(&p, ret, err);
    hd_target_fini(&p.target);
    free(p.m);
    if (p.dir >= 0)
        close(p.dir);
    return rc;
}
