/* SPDX-License-Identifier: MIT */
/* Takes the kernel out of a bzImage in memory, for hotdom pack; never part of
 * the reader, which has no use for five decompressors. */
#include "bzimage.h"

#include <archive.h>
#include <archive_entry.h>
#include <elf.h>
#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "format.h"
#include "kernel.h"

#define BAD(err, ...) hd_fail(err, HD_E_BAD_KERNEL, __VA_ARGS__)

/* Linux' x86 boot protocol: offsets in the image. */
#define SETUP_SECTS    0x1f1
#define SETUP_MAGIC    0x202 /* "HdrS" */
#define SETUP_VERSION  0x206 /* 2.08 brought the payload's place */
#define PAYLOAD_OFFSET 0x248
#define PAYLOAD_LENGTH 0x24c
#define SETUP_END      0x250

static void archive_freep(struct archive **a)
{
    archive_read_free(*a);
}

#define autoarchive __attribute__((cleanup(archive_freep))) struct archive

static uint32_t get32(const void *image, size_t at)
{
    uint32_t v;

    memcpy(&v, (const char *)image + at, sizeof(v));
    return le32toh(v);
}

static bool is_elf(const void *image, size_t len)
{
    return len >= SELFMAG && !memcmp(image, ELFMAG, SELFMAG);
}

static int find_payload(const uint8_t *image, size_t len, size_t *ret_at,
                        size_t *ret_len, struct hd_err *err)
{
    uint64_t at, n;

    if (len < SETUP_END || memcmp(image + SETUP_MAGIC, "HdrS", 4))
        return BAD(err, "it is no bzImage and no ELF");
    if ((get32(image, SETUP_VERSION) & 0xffff) < 0x0208)
        return BAD(err, "it is older than Linux 2.6.24");
    /* Zero sectors of setup code mean four, for old times' sake. */
    at = ((image[SETUP_SECTS] ? image[SETUP_SECTS] : 4) + 1ull) * 512 +
         get32(image, PAYLOAD_OFFSET);
    n = get32(image, PAYLOAD_LENGTH);
    if (n < 8 || at > len || n > len - at)
        return BAD(err, "it is cut off");
    /* But for gzip, the build appends the unpacked size to the stream. */
    if (image[at] != 0x1f || image[at + 1] != 0x8b)
        n -= 4;
    *ret_at = at;
    *ret_len = n;
    return 0;
}

static struct archive *open_payload(const void *payload, size_t len,
                                    struct hd_err *err)
{
    autoarchive *a = archive_read_new();
    struct archive_entry *entry;

    if (!a || archive_read_support_format_raw(a) != ARCHIVE_OK ||
        archive_read_support_filter_gzip(a) != ARCHIVE_OK ||
        archive_read_support_filter_bzip2(a) != ARCHIVE_OK ||
        archive_read_support_filter_lzma(a) != ARCHIVE_OK ||
        archive_read_support_filter_xz(a) != ARCHIVE_OK ||
        archive_read_support_filter_lz4(a) != ARCHIVE_OK ||
        archive_read_support_filter_zstd(a) != ARCHIVE_OK ||
        archive_read_open_memory(a, payload, len) != ARCHIVE_OK ||
        archive_read_next_header(a, &entry) != ARCHIVE_OK) {
        BAD(err, "cannot unpack it: %s",
            a ? archive_error_string(a) : "no memory");
        return NULL;
    }
    if (archive_filter_code(a, 0) == ARCHIVE_FILTER_NONE) {
        BAD(err, "cannot unpack it: an unknown compression");
        return NULL;
    }
    return hd_steal(&a);
}

/* Grows by doubling up to the bound. */
static int unpack(const void *payload, size_t len, void **ret_elf,
                  size_t *ret_len, struct hd_err *err)
{
    autoarchive *a = open_payload(payload, len, err);
    hd_autofree char *buf = NULL;
    size_t used = 0, room = 0;

    if (!a)
        return -1;
    for (;;) {
        la_ssize_t n;

        if (used == room) {
            char *more;

            room = room ? 2 * room : 1 << 24;
            if (room > HD_UNPACKED_BYTES)
                return BAD(err, "it unpacks to more than %u MiB",
                           HD_UNPACKED_BYTES >> 20);
            more = realloc(buf, room);
            if (!more)
                return hd_fail_errno(err, HD_E_FAILED, "unpack a kernel");
            buf = more;
        }
        n = archive_read_data(a, buf + used, room - used);
        if (n < 0)
            return BAD(err, "cannot unpack it: %s", archive_error_string(a));
        if (!n)
            break;
        used += (size_t)n;
    }
    if (hd_kernel_check(buf, used, err))
        return -1;
    *ret_elf = hd_steal(&buf);
    *ret_len = used;
    return 0;
}

int hd_bzimage_unpack(const void *image, size_t len, void **ret_elf,
                      size_t *ret_len, struct hd_err *err)
{
    size_t at = 0, n = 0;

    if (is_elf(image, len)) {
        if (len > HD_UNPACKED_BYTES)
            return BAD(err, "it is larger than %u MiB",
                       HD_UNPACKED_BYTES >> 20);
        if (hd_kernel_check(image, len, err))
            return -1;
        *ret_elf = malloc(len);
        if (!*ret_elf)
            return hd_fail_errno(err, HD_E_FAILED, "copy a kernel");
        memcpy(*ret_elf, image, len);
        *ret_len = len;
        return 0;
    }
    if (find_payload(image, len, &at, &n, err))
        return -1;
    return unpack((const char *)image + at, n, ret_elf, ret_len, err);
}
