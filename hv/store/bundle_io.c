/* SPDX-License-Identifier: MIT */
/* The header's content on its way to a medium and back from one; never parses
 * what it reads. */
#include <openssl/evp.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "bundle.h"
#include "ustar.h"

#define CHUNK (1u << 20) /* bytes of one read or write */

int hd_bundle_copy(struct hd_bundle *b, int medium, uint64_t at,
                   const struct hd_manifest *m, struct hd_err *err)
{
    for (uint32_t i = 0; i < m->n_files; i++) {
        const struct hd_file *f = &m->files[i];
        hd_autofree void *data = malloc(f->size);
        uint8_t digest[32];

        if (!data)
            return hd_fail_errno(err, HD_E_FAILED, "read %s", f->name);
        if (hd_io_pread(medium, data, f->size, (off_t)(at + HD_USTAR_BLOCK),
                        err))
            return hd_wrap(err, "%s", f->name);
        if (EVP_Digest(data, f->size, digest, NULL, EVP_sha256(), NULL) != 1)
            return hd_fail(err, HD_E_FAILED, "cannot take a digest");
        if (memcmp(digest, f->sha256, sizeof(digest)))
            return hd_fail(err, HD_E_BAD_MEMBER,
                           "%s is not what the manifest says", f->name);
        b->files[b->n++] = hd_steal(&data);
        at += HD_USTAR_BLOCK + hd_ustar_padded(f->size);
    }
    return 0;
}

int hd_bundle_write(const struct hd_bundle *b, const struct hd_target *t,
                    uint64_t start, const struct hd_pack_ops *ops,
                    struct hd_err *err)
{
    for (size_t at = 0; at < b->tar_len;) {
        size_t n = b->tar_len - at < CHUNK ? b->tar_len - at : CHUNK;

        if (hd_io_pwrite(t->fd, b->tar + at, n, (off_t)(start + at), err))
            return -1;
        at += n;
        if (hd_pack_tell(ops, "header", at, b->tar_len, err))
            return -1;
    }
    return 0;
}

int hd_bundle_verify(const struct hd_bundle *b, const struct hd_target *t,
                     uint64_t start, uint64_t total,
                     const struct hd_pack_ops *ops, struct hd_err *err)
{
    hd_autofree char *buf = malloc(CHUNK);

    if (!buf)
        return hd_fail_errno(err, HD_E_FAILED, "verify the header");
    hd_target_forget(t, start, b->tar_len);
    for (size_t at = 0; at < b->tar_len;) {
        size_t n = b->tar_len - at < CHUNK ? b->tar_len - at : CHUNK;

        if (hd_io_pread(t->fd, buf, n, (off_t)(start + at), err))
            return -1;
        if (memcmp(buf, b->tar + at, n))
            return hd_fail(err, HD_E_IO,
                           "%s gives back other bytes than were written to it",
                           t->path);
        at += n;
        if (hd_pack_tell(ops, "verifying", at, total, err))
            return -1;
    }
    return 0;
}
