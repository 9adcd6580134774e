/* SPDX-License-Identifier: MIT */
/* Copies members out of a medium; never reads a byte of it twice and never
 * unpacks what has not been verified. */
#include "member.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>
#include <zstd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "ustar.h"

#define CHUNK 262144
/* 8 MiB of history: what hotdom pack uses at most, and all that a medium can
 * make us allocate. */
#define WINDOW_LOG 23

static void md_freep(EVP_MD_CTX **p)
{
    EVP_MD_CTX_free(*p);
}

static void zstd_freep(ZSTD_DCtx **p)
{
    ZSTD_freeDCtx(*p);
}

#define automd   __attribute__((cleanup(md_freep))) EVP_MD_CTX
#define autozstd __attribute__((cleanup(zstd_freep))) ZSTD_DCtx

static int fail_short(struct hd_err *err)
{
    return hd_fail(err, HD_E_BAD_HEADER,
                   "the store is damaged: its header ends too early");
}

static int read_bytes(struct hd_stream *s, void *buf, size_t len,
                      struct hd_err *err)
{
    if (len > s->end - s->at)
        return fail_short(err);
    if (hd_io_pread(s->fd, buf, len, (off_t)s->at, err))
        return err && err->code == HD_E_BAD_HEADER
                   ? hd_wrap(err, "the store was cut off")
                   : -1;
    s->at += len;
    return 0;
}

static bool all_zero(const uint8_t *buf, size_t len)
{
    uint8_t any = 0;

    for (size_t i = 0; i < len; i++)
        any |= buf[i];
    return !any;
}

static int read_zeros(struct hd_stream *s, size_t len, struct hd_err *err)
{
    uint8_t buf[2 * HD_USTAR_BLOCK];

    if (read_bytes(s, buf, len, err))
        return -1;
    if (!all_zero(buf, len))
        return hd_fail(err, HD_E_BAD_HEADER,
                       "the store is damaged: bytes between its members");
    return 0;
}

static int read_padding(struct hd_stream *s, uint64_t size, struct hd_err *err)
{
    return read_zeros(s, (size_t)(hd_ustar_padded(size) - size), err);
}

static int read_block(struct hd_stream *s, const char *name, uint64_t *ret_size,
                      struct hd_err *err)
{
    uint8_t block[HD_USTAR_BLOCK];

    if (read_bytes(s, block, sizeof(block), err))
        return -1;
    return hd_ustar_expect(block, name, ret_size, err);
}

int hd_member_read(struct hd_stream *s, const char *name, size_t max,
                   enum hd_code too_large, char **ret_buf, size_t *ret_len,
                   struct hd_err *err)
{
    hd_autofree char *buf = NULL;
    uint64_t size;

    if (read_block(s, name, &size, err))
        return -1;
    if (!size || size > max)
        return hd_fail(err, too_large, "%s has %llu bytes, 1 to %zu allowed",
                       name, (unsigned long long)size, max);
    buf = malloc(size + 1);
    if (!buf)
        return hd_fail_errno(err, HD_E_FAILED, "read %s", name);
    if (read_bytes(s, buf, size, err) || read_padding(s, size, err))
        return -1;
    buf[size] = '\0';
    *ret_buf = hd_steal(&buf);
    *ret_len = size;
    return 0;
}

/* One pass over the medium: into `out` and into the digest. */
static int copy(struct hd_stream *s, const struct hd_file *file, int out,
                struct hd_err *err)
{
    hd_autofree uint8_t *buf = malloc(CHUNK);
    automd *md = EVP_MD_CTX_new();
    uint8_t digest[EVP_MAX_MD_SIZE];

    if (!buf || !md || EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1)
        return hd_fail(err, HD_E_FAILED, "no memory");
    for (uint64_t done = 0; done < file->size;) {
        size_t n = file->size - done < CHUNK ? file->size - done : CHUNK;

        if (read_bytes(s, buf, n, err) ||
            hd_io_pwrite(out, buf, n, (off_t)done, err))
            return -1;
        EVP_DigestUpdate(md, buf, n);
        done += n;
    }
    if (EVP_DigestFinal_ex(md, digest, NULL) != 1)
        return hd_fail(err, HD_E_FAILED, "cannot take a digest");
    if (memcmp(digest, file->sha256, sizeof(file->sha256)))
        return hd_fail(err, HD_E_BAD_MEMBER,
                       "%s is not what the manifest says; pack the store again",
                       file->name);
    return 0;
}

static int fail_zstd(const struct hd_file *file, struct hd_err *err)
{
    return hd_fail(err, HD_E_BAD_MEMBER,
                   "%s does not unpack to the %llu bytes that the manifest "
                   "says",
                   file->name, (unsigned long long)file->unpacked);
}

/* Exactly one frame with exactly `unpacked` bytes. */
static int unzstd(int in, const struct hd_file *file, int out,
                  struct hd_err *err)
{
    hd_autofree char *packed = malloc(CHUNK), *plain = malloc(CHUNK);
    autozstd *z = ZSTD_createDCtx();
    uint64_t taken = 0, made = 0;
    size_t left = 1; /* 0: the frame has ended */

    if (!packed || !plain || !z ||
        ZSTD_isError(
            ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, WINDOW_LOG)))
        return hd_fail(err, HD_E_FAILED, "no memory");
    while (taken < file->size) {
        size_t n = file->size - taken < CHUNK ? file->size - taken : CHUNK;
        ZSTD_inBuffer from = {packed, n, 0};
        ZSTD_outBuffer to = {plain, CHUNK, CHUNK};

        if (hd_io_pread(in, packed, n, (off_t)taken, err))
            return -1;
        /* A full output may have more behind it, though all input is taken. */
        while (from.pos < from.size || to.pos == to.size) {
            to.pos = 0;
            if (!left)
                return fail_zstd(file, err);
            left = ZSTD_decompressStream(z, &to, &from);
            if (ZSTD_isError(left) || to.pos > file->unpacked - made)
                return fail_zstd(file, err);
            if (hd_io_pwrite(out, plain, to.pos, (off_t)made, err))
                return -1;
            made += to.pos;
            if (!left && from.pos == from.size)
                break;
        }
        taken += n;
    }
    return left || made != file->unpacked ? fail_zstd(file, err) : 0;
}

static int expect(struct hd_stream *s, const struct hd_file *file,
                  struct hd_err *err)
{
    uint64_t size;

    if (read_block(s, file->name, &size, err))
        return -1;
    if (size != file->size)
        return hd_fail(err, HD_E_BAD_MEMBER,
                       "%s has %llu bytes and the manifest says %llu",
                       file->name, (unsigned long long)size,
                       (unsigned long long)file->size);
    return 0;
}

int hd_member_copy(struct hd_stream *s, const struct hd_file *file,
                   struct hd_err *err)
{
    hd_autofd int packed = -1;
    hd_autofd int plain = -1;

    if (expect(s, file, err))
        return -1;
    packed = hd_io_memfd("hotdom-member", file->size, err);
    if (packed < 0 || copy(s, file, packed, err) ||
        read_padding(s, file->size, err))
        return -1;
    if (!file->unpacked)
        return hd_io_seal(packed, err) ? -1 : hd_steal_fd(&packed);
    plain = hd_io_memfd("hotdom-member", file->unpacked, err);
    if (plain < 0 || unzstd(packed, file, plain, err) || hd_io_seal(plain, err))
        return -1;
    return hd_steal_fd(&plain);
}

int hd_member_skip(struct hd_stream *s, const struct hd_file *file,
                   struct hd_err *err)
{
    if (expect(s, file, err))
        return -1;
    if (hd_ustar_padded(file->size) > s->end - s->at)
        return fail_short(err);
    s->at += hd_ustar_padded(file->size);
    return 0;
}

int hd_member_end(struct hd_stream *s, struct hd_err *err)
{
    return read_zeros(s, 2 * HD_USTAR_BLOCK, err);
}
