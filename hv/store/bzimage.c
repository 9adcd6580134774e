/* SPDX-License-Identifier: MIT */
/* Takes the kernel out of a bzImage in memory; never writes a file. */
#include "bzimage.h"

#include <elf.h>
#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../pv-drivers/base/mem.h"
#include "format.h"
#include "kernel.h"
#include "unpack.h"

#define BAD(err, ...) hd_fail(err, HD_E_BAD_KERNEL, __VA_ARGS__)

/* Linux' x86 boot protocol: offsets in the image. */
#define SETUP_SECTS    0x1f1
#define SETUP_MAGIC    0x202 /* "HdrS" */
#define SETUP_VERSION  0x206 /* 2.08 brought the payload's place */
#define PAYLOAD_OFFSET 0x248
#define PAYLOAD_LENGTH 0x24c
#define SETUP_END      0x250

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
    if (!hd_is_gzip(image + at, n))
        n -= 4;
    *ret_at = at;
    *ret_len = n;
    return 0;
}

static int unpack(const void *payload, size_t len, void **ret_elf,
                  size_t *ret_len, struct hd_err *err)
{
    hd_autofree void *elf = NULL;

    if (hd_unpack(payload, len, &elf, ret_len, NULL, err) ||
        hd_kernel_check(elf, *ret_len, err))
        return -1;
    *ret_elf = hd_steal(&elf);
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
