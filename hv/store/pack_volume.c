/* SPDX-License-Identifier: MIT */
/* Writes one volume of a store in one pass over its content; never reads a byte
 * of it twice. */
#include "pack_volume.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "../../pv-drivers/base/io.h"
#include "../volume/luks.h"
#include "../volume/xts.h"
#include "gpt.h"

#define CHUNK (1u << 20) /* bytes of one read and one write */
/* Bytes of one ioctl, so that progress shows. */
#define CLEAR_STEP (64u << 20)
#define PUSH_STEP  (16u << 20) /* bytes on their way to the medium at once */

/* A volume on its way. */
struct writer {
    const struct hd_pack_volume *pv;
    struct hd_target *t;
    const struct hd_pack_ops *ops;
    struct hd_verity_maker *verity; /* of an image */
    struct hd_xts *xts;             /* of encrypted data */
    struct hd_xts *from_xts;        /* of data copied from such */
    uint64_t data;                  /* where the content goes on the medium */
    uint64_t total;                 /* bytes of content, whole blocks */
    uint8_t *buf;                   /* CHUNK bytes */
    char phase[HD_NAME_SIZE + 8];
};

static uint64_t round_up(uint64_t n, uint64_t to)
{
    return (n + to - 1) / to * to;
}

static int open_content(const struct hd_volume *v, int dir, uint64_t *ret_size,
                        struct hd_err *err)
{
    hd_autofd int fd = openat(dir, v->from, O_RDONLY | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st))
        return hd_fail_errno(err, HD_E_IO, "cannot open %s", v->from);
    if (S_ISBLK(st.st_mode) ? ioctl(fd, BLKGETSIZE64, ret_size)
                            : !S_ISREG(st.st_mode))
        return hd_fail(err, HD_E_BAD_MANIFEST,
                       "%s is neither a file nor a disk", v->from);
    if (S_ISREG(st.st_mode))
        *ret_size = (uint64_t)st.st_size;
    return hd_steal_fd(&fd);
}

/* From the bytes that the guest is to see to those of the partition. */
static void size_partition(struct hd_volume *v, uint64_t size)
{
    if (v->kind == HD_VOLUME_IMAGE) {
        v->encryption = HD_ENCRYPTION_NONE;
        v->verity.blocks = round_up(size, HD_VERITY_BLOCK) / HD_VERITY_BLOCK;
        /* Not known yet; the manifest is as long with these. */
        memset(v->verity.salt, 0xff, sizeof(v->verity.salt));
        memset(v->verity.root, 0xff, sizeof(v->verity.root));
        size = v->verity.blocks * HD_VERITY_BLOCK +
               hd_verity_tree_size(v->verity.blocks);
    }
    v->size = v->luks.offset + round_up(size, HD_GPT_ALIGN);
}

int hd_pack_volume_open(struct hd_volume *v, int dir,
                        struct hd_pack_volume *ret, struct hd_err *err)
{
    uint64_t content = 0;
    hd_autofd int fd = -1;

    if (v->from[0]) {
        fd = open_content(v, dir, &content, err);
        if (fd < 0)
            return hd_wrap(err, "volume %s", v->name);
    }
    if (v->size && content > v->size)
        return hd_fail(err, HD_E_BAD_MANIFEST,
                       "volume %s: %s is larger than its size", v->name,
                       v->from);
    if (!v->size && !content)
        return hd_fail(err, HD_E_BAD_MANIFEST, "volume %s: %s is empty",
                       v->name, v->from);
    if (hd_uuid_make(&v->partuuid, err))
        return -1;
    size_partition(v, v->size ? v->size : content);
    *ret = (struct hd_pack_volume){
        .v = v, .from = hd_steal_fd(&fd), .content = content, .header = -1};
    return 0;
}

/* The end is told once, by write_volume. */
static int tell(const struct writer *w, uint64_t done, struct hd_err *err)
{
    if (done == w->pv->v->size)
        return 0;
    return hd_pack_tell(w->ops, w->phase, done, w->pv->v->size, err);
}

/* Makes the bytes [from, to) of the partition zero; `tell` knows where we are.
 */
static int clear(const struct writer *w, uint64_t from, uint64_t to,
                 struct hd_err *err)
{
    while (!hd_target_is_zero(w->t) && from < to) {
        uint64_t n = to - from < CLEAR_STEP ? to - from : CLEAR_STEP;

        if (hd_target_zero(w->t, w->pv->start + from, n, err))
            return -1;
        from += n;
        if (tell(w, from, err))
            return -1;
    }
    return 0;
}

static int is_zero(const uint8_t *buf, size_t len)
{
    return !buf[0] && !memcmp(buf, buf + 1, len - 1);
}

/* The next chunk of the content that is no hole, from `at`; `total` when there
 * is none.  A tree and a cipher need every chunk. */
static uint64_t next_chunk(const struct writer *w, uint64_t at)
{
    uint64_t data;
    off_t found;

    if (w->verity || w->xts || w->from_xts || at >= w->total)
        return at;
    found = lseek(w->pv->from, (off_t)(w->pv->from_at + at), SEEK_DATA);
    if (found < 0)
        return errno == ENXIO ? w->total : at;
    data = ((uint64_t)found - w->pv->from_at) / CHUNK * CHUNK;
    if (data > w->total)
        return w->total;
    return data > at ? data : at;
}

/* `n` bytes of content from `at`, zeros behind its end. */
static int read_chunk(const struct writer *w, uint64_t at, size_t n,
                      struct hd_err *err)
{
    uint64_t left = at < w->pv->content ? w->pv->content - at : 0;
    size_t got = left < n ? left : n;

    if (got && hd_io_pread(w->pv->from, w->buf, got,
                           (off_t)(w->pv->from_at + at), err))
        return hd_wrap(err, "%s",
                       w->pv->copied ? "the source" : w->pv->v->from);
    if (w->from_xts && hd_xts_decrypt(w->from_xts, w->buf, got, at, err))
        return -1;
    memset(w->buf + got, 0, n - got);
    return 0;
}

/* What is zero need not be written where the medium is zero already. */
static int write_chunk(const struct writer *w, uint64_t at, size_t n,
                       struct hd_err *err)
{
    if (w->verity && hd_verity_add(w->verity, w->buf, n, err))
        return -1;
    if (w->xts && hd_xts_encrypt(w->xts, w->buf, n, at, err))
        return -1;
    if (is_zero(w->buf, n))
        return hd_target_zero(w->t, w->data + at, n, err);
    return hd_io_pwrite(w->t->fd, w->buf, n, (off_t)(w->data + at), err);
}

static int write_content(const struct writer *w, struct hd_err *err)
{
    uint64_t gap = w->data - w->pv->start; /* the partition's own bytes */
    uint64_t pushed = 0;

    for (uint64_t at = 0; at < w->total;) {
        uint64_t next = next_chunk(w, at);
        size_t n = w->total - next < CHUNK ? w->total - next : CHUNK;

        if (clear(w, gap + at, gap + next, err))
            return -1;
        if (n && (read_chunk(w, next, n, err) || write_chunk(w, next, n, err)))
            return -1;
        at = next + n;
        if (at - pushed >= PUSH_STEP) {
            if (hd_target_push(w->t, w->data + pushed, at - pushed, err))
                return -1;
            pushed = at;
        }
        if (tell(w, gap + at, err))
            return -1;
    }
    return 0;
}

/* What the content goes through; `w->total` is how much of it there is. */
static int begin(struct writer *w, struct hd_err *err)
{
    const struct hd_pack_volume *pv = w->pv;

    if (pv->v->kind == HD_VOLUME_IMAGE) {
        w->total = pv->v->verity.blocks * HD_VERITY_BLOCK;
        if (hd_verity_begin(w->t->fd, w->data, pv->v->verity.blocks, &w->verity,
                            err))
            return -1;
        if (pv->copied)
            hd_verity_salt(w->verity, pv->v->verity.salt);
        return 0;
    }
    w->total = round_up(pv->content, w->t->sector);
    if (pv->from_key && hd_xts_new(pv->from_key, &w->from_xts, err))
        return -1;
    return pv->key ? hd_xts_new(pv->key, &w->xts, err) : 0;
}

/* The header first: it is flushed, and now there is little to flush. */
static int write_luks(const struct writer *w, struct hd_err *err)
{
    const struct hd_pack_volume *pv = w->pv;

    if (pv->header < 0)
        return 0;
    if (clear(w, 0, pv->v->luks.offset, err) ||
        hd_luks_write(pv->header, w->t->fd, pv->start, err))
        return -1;
    return tell(w, pv->v->luks.offset, err);
}

static int end_tree(struct writer *w, struct hd_err *err)
{
    struct hd_verity made, *signed_one = &w->pv->v->verity;

    if (hd_verity_end(w->verity, &made, err))
        return -1;
    if (w->pv->copied && memcmp(made.root, signed_one->root, sizeof(made.root)))
        return hd_fail(err, HD_E_BAD_VOLUME,
                       "the source is not what was signed; hotdom verify names "
                       "the block");
    *signed_one = made;
    return 0;
}

static int write_volume(struct writer *w, struct hd_err *err)
{
    struct hd_volume *v = w->pv->v;
    uint64_t end = v->luks.offset + w->total;

    if (write_luks(w, err) || write_content(w, err))
        return -1;
    if (w->verity) {
        if (end_tree(w, err))
            return -1;
        end += hd_verity_tree_size(v->verity.blocks);
    }
    if (clear(w, end, v->size, err))
        return -1;
    return hd_pack_tell(w->ops, w->phase, v->size, v->size, err);
}

int hd_pack_volume_write(struct hd_pack_volume *pv, struct hd_target *t,
                         const struct hd_pack_ops *ops, struct hd_err *err)
{
    hd_autofree uint8_t *buf = malloc(CHUNK);
    struct writer w = {.pv = pv,
                       .t = t,
                       .ops = ops,
                       .data = pv->start + pv->v->luks.offset,
                       .buf = buf};
    int rc;

    if (!buf)
        return hd_fail_errno(err, HD_E_FAILED, "write volume %s", pv->v->name);
    snprintf(w.phase, sizeof(w.phase), "volume %s", pv->v->name);
    rc = begin(&w, err) || write_volume(&w, err);
    if (w.verity)
        hd_verity_maker_free(w.verity);
    if (w.xts)
        hd_xts_free(w.xts);
    if (w.from_xts)
        hd_xts_free(w.from_xts);
    return rc ? hd_wrap(err, "volume %s", pv->v->name) : 0;
}

uint64_t hd_pack_volume_overhead(const struct hd_pack_volume *pv)
{
    return pv->v->luks.offset + hd_verity_tree_size(pv->v->verity.blocks);
}

static int fail_other(const struct hd_pack_volume *pv,
                      const struct hd_target *t, struct hd_err *err)
{
    return hd_fail(err, HD_E_IO,
                   "volume %s: %s gives back other bytes than were written to "
                   "it",
                   pv->v->name, t->path);
}

/* What no keyslot uses is a hole in memory and was cleared on the medium. */
static int verify_luks(const struct hd_pack_volume *pv,
                       const struct hd_target *t, struct hd_err *err)
{
    hd_autofree uint8_t *want = malloc(2 * CHUNK);

    if (!want)
        return hd_fail_errno(err, HD_E_FAILED, "verify volume %s", pv->v->name);
    for (uint64_t at = 0; at < pv->v->luks.offset; at += CHUNK) {
        if (hd_io_pread(pv->header, want, CHUNK, (off_t)at, err) ||
            hd_io_pread(t->fd, want + CHUNK, CHUNK, (off_t)(pv->start + at),
                        err))
            return hd_wrap(err, "volume %s", pv->v->name);
        if (memcmp(want, want + CHUNK, CHUNK))
            return fail_other(pv, t, err);
    }
    return 0;
}

int hd_pack_volume_verify(const struct hd_pack_volume *pv,
                          const struct hd_target *t, struct hd_err *err)
{
    struct hd_err why = {0};

    /* Of an image what stands behind its blocks, of data what is in front. */
    hd_target_forget(t, pv->start + pv->v->verity.blocks * HD_VERITY_BLOCK,
                     hd_pack_volume_overhead(pv));
    if (pv->header >= 0)
        return verify_luks(pv, t, err);
    if (pv->v->kind != HD_VOLUME_IMAGE ||
        !hd_verity_check_tree(t->fd, pv->start, &pv->v->verity, &why))
        return 0;
    if (why.code == HD_E_BAD_VOLUME)
        return fail_other(pv, t, err);
    if (err)
        *err = why;
    return hd_wrap(err, "volume %s", pv->v->name);
}

void hd_pack_volume_fini(struct hd_pack_volume *pv)
{
    if (pv->from >= 0)
        close(pv->from);
    if (pv->header >= 0)
        close(pv->header);
    if (pv->key)
        hd_secret_free(pv->key);
    if (pv->from_key)
        hd_secret_free(pv->from_key);
    pv->from = pv->header = -1;
    pv->key = pv->from_key = NULL;
}
