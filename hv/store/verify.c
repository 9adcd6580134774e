/* SPDX-License-Identifier: MIT */
/* Checks a store's volumes, in their order, up to the first bad block; never
 * writes. */
#include "verify.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"

#define CHUNK (1u << 20) /* bytes of one read */
#define STEP  4096u      /* bytes; how exactly an unreadable place is named */

/* One volume under check. */
struct check {
    const struct hd_verify *in;
    const struct hd_volume *v;
    uint64_t start; /* bytes of the medium */
    uint64_t bad;   /* bytes of the volume */
    char phase[HD_NAME_SIZE + 8];
};

static int show(void *ctx, uint64_t done, uint64_t total)
{
    const struct check *c = ctx;

    return c->in->ops.progress(c->in->ops.ctx, c->phase, done, total);
}

static int check_image(struct check *c, struct hd_err *err)
{
    uint64_t block = UINT64_MAX;
    struct hd_err why = {0};

    if (!hd_verity_check(c->in->medium, c->start, &c->v->verity, show, c,
                         &block, &why))
        return 0;
    if (block != UINT64_MAX)
        c->bad = block * HD_VERITY_BLOCK;
    if (err)
        *err = why;
    if (why.code != HD_E_BAD_VOLUME)
        return hd_wrap(err, "image %s", c->v->name);
    if (block == UINT64_MAX)
        return hd_fail(err, HD_E_BAD_VOLUME,
                       "image %s: its hash tree is not what was signed",
                       c->v->name);
    return hd_fail(err, HD_E_BAD_VOLUME,
                   "image %s: block %llu (byte 0x%llx) is not what was signed",
                   c->v->name, (unsigned long long)block,
                   (unsigned long long)c->bad);
}

/* Which of the bytes from `at` it was that could not be read. */
static int name_unreadable(struct check *c, uint8_t *buf, uint64_t at,
                           size_t len, struct hd_err *err)
{
    struct hd_err why = {0};

    for (size_t n, done = 0; done < len; done += n) {
        n = len - done < STEP ? len - done : STEP;
        c->bad = at + done;
        if (hd_io_pread(c->in->medium, buf, n, (off_t)(c->start + c->bad),
                        &why))
            return hd_fail(err, why.code == HD_E_GONE ? HD_E_GONE : HD_E_IO,
                           "volume %s: byte 0x%llx: %s", c->v->name,
                           (unsigned long long)c->bad, why.msg);
    }
    return 0; /* it can be read after all */
}

static int check_data(struct check *c, struct hd_err *err)
{
    hd_autofree uint8_t *buf = malloc(CHUNK);

    if (!buf)
        return hd_fail_errno(err, HD_E_FAILED, "verify volume %s", c->v->name);
    for (uint64_t at = 0; at < c->v->size;) {
        size_t n = c->v->size - at < CHUNK ? c->v->size - at : CHUNK;

        if (hd_io_pread(c->in->medium, buf, n, (off_t)(c->start + at), NULL) &&
            name_unreadable(c, buf, at, n, err))
            return -1;
        at += n;
        if (show(c, at, c->v->size))
            return hd_fail(err, HD_E_FAILED, "interrupted");
    }
    return 0;
}

int hd_verify(const struct hd_verify *verify, struct hd_bad_place *ret_bad,
              struct hd_err *err)
{
    const struct hd_manifest *m = &verify->store->manifest;

    posix_fadvise(verify->medium, 0, 0, POSIX_FADV_DONTNEED);
    for (uint32_t i = 0; i < m->n_volumes; i++) {
        struct check c = {.in = verify,
                          .v = &m->volumes[i],
                          .start = verify->store->extents[i].start,
                          .bad = UINT64_MAX};

        snprintf(c.phase, sizeof(c.phase), "volume %s", c.v->name);
        if (c.v->kind == HD_VOLUME_IMAGE ? !check_image(&c, err)
                                         : !check_data(&c, err))
            continue;
        strcpy(ret_bad->volume, c.v->name);
        ret_bad->byte = c.bad;
        return -1;
    }
    memset(ret_bad, 0, sizeof(*ret_bad));
    return 0;
}
