/* SPDX-License-Identifier: MIT */
/* Undoes compression in memory, for hotdom pack; never part of the reader,
 * which has no use for six decompressors. */
#include "unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "format.h"

#define BAD(err, ...) hd_fail(err, HD_E_BAD_KERNEL, __VA_ARGS__)

bool hd_is_gzip(const void *packed, size_t len)
{
    return len > 2 && !memcmp(packed, "\x1f\x8b", 2);
}

static void archive_freep(struct archive **a)
{
    archive_read_free(*a);
}

#define autoarchive __attribute__((cleanup(archive_freep))) struct archive

static struct archive *open_packed(const void *packed, size_t len,
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
        archive_read_open_memory(a, packed, len) != ARCHIVE_OK ||
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
int hd_unpack(const void *packed, size_t len, void **ret, size_t *ret_len,
              bool *ret_all, struct hd_err *err)
{
    autoarchive *a = open_packed(packed, len, err);
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
                return hd_fail_errno(err, HD_E_FAILED, "unpack a file");
            buf = more;
        }
        n = archive_read_data(a, buf + used, room - used);
        if (n < 0)
            return BAD(err, "cannot unpack it: %s", archive_error_string(a));
        if (!n)
            break;
        used += (size_t)n;
    }
    if (ret_all)
        *ret_all = archive_filter_bytes(a, -1) == (la_int64_t)len;
    *ret = hd_steal(&buf);
    *ret_len = used;
    return 0;
}
