/* SPDX-License-Identifier: MIT */
/* Fuzzes the header's stream of members (hv/store/ustar, member).  An input is
 * a byte of flags, the unpacked size, and the stream. */
#include "fuzz.h"

#include <openssl/evp.h>

#include "../../hv/store/member.h"
#include "../../hv/store/ustar.h"
#include "../../pv-drivers/base/mem.h"

#define NAME     "desk/vmlinux.zst"
#define UNPACKED (1 << 20) /* at most; the real bound is only slower */

enum flags {
    REPAIR = 1, /* blocks become what they must be, but for their size */
    DIGEST = 2, /* the file is what its digest says */
    STORED = 4, /* the file is not packed */
};

/* The block at `at` with its own size and everything else right. */
static uint64_t repair(uint8_t *stream, size_t len, size_t at, const char *name)
{
    uint64_t size = 0;

    if (at > len || len - at < HD_USTAR_BLOCK)
        return 0;
    for (size_t i = 124; i < 135; i++)
        size = size << 3 | (stream[at + i] & 7);
    hd_ustar_make(name, size, stream + at);
    return size;
}

static void read_stream(struct hd_stream *s, const struct hd_file *file)
{
    hd_autofree char *text = NULL;
    struct hd_err err = {0};
    hd_autofd int fd = -1;
    size_t len;

    if (hd_member_read(s, HD_MEMBER_MANIFEST, 4096, HD_E_BAD_MANIFEST, &text,
                       &len, &err))
        return;
    MUST(len && len <= 4096 && !text[len] && s->at <= s->end);
    fd = hd_member_copy(s, file, &err);
    MUST(s->at <= s->end);
    if (fd < 0)
        return;
    MUST(!hd_io_check_sealed(fd, file->unpacked ? file->unpacked : file->size,
                             &err));
    (void)hd_member_end(s, &err);
    MUST(s->at <= s->end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz_input in = {data, len};
    unsigned flags = fuzz_byte(&in);
    struct hd_file file = {.name = NAME, .size = 1};
    hd_autofree uint8_t *stream = NULL;
    struct hd_stream s = {.at = 512};
    uint32_t unpacked;
    size_t at = 0;

    fuzz_take(&in, &unpacked, sizeof(unpacked));
    file.unpacked = flags & STORED ? 0 : unpacked % UNPACKED + 1;
    stream = malloc(in.left + 1);
    MUST(stream);
    memcpy(stream, in.at, in.left);
    if (flags & REPAIR) {
        at = HD_USTAR_BLOCK +
             hd_ustar_padded(repair(stream, in.left, 0, HD_MEMBER_MANIFEST));
        file.size = repair(stream, in.left, at, NAME);
    }
    at += HD_USTAR_BLOCK;
    if (flags & DIGEST && at <= in.left && file.size <= in.left - at)
        EVP_Digest(stream + at, file.size, file.sha256, NULL, EVP_sha256(),
                   NULL);
    s.fd = fuzz_medium((off_t)(s.at + in.left));
    s.end = s.at + in.left;
    fuzz_write(s.fd, stream, in.left, (off_t)s.at);
    read_stream(&s, &file);
    return 0;
}
