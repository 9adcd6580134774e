/* SPDX-License-Identifier: MIT */
/* ustar header blocks; never reads more of a foreign block than its size. */
#include "ustar.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* IEEE 1003.1-2017, pax, "ustar Interchange Format". */
struct block {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], chksum[8];
    char typeflag, linkname[100], magic[6], version[2], uname[32], gname[32];
    char devmajor[8], devminor[8], prefix[155], unused[12];
};

_Static_assert(sizeof(struct block) == HD_USTAR_BLOCK, "ustar");

void hd_ustar_make(const char *name, uint64_t size,
                   uint8_t block[HD_USTAR_BLOCK])
{
    struct block b = {
        .mode = "0000444",
        .uid = "0000000",
        .gid = "0000000",
        .mtime = "00000000000",
        .typeflag = '0',
        .magic = "ustar",
        .version = {'0', '0'},
        .uname = "root",
        .gname = "root",
        .devmajor = "0000000",
        .devminor = "0000000",
    };
    unsigned sum = 0;

    snprintf(b.name, sizeof(b.name), "%s", name);
    snprintf(b.size, sizeof(b.size), "%011" PRIo64, size & HD_USTAR_MAX);
    /* The sum counts its own field as blanks. */
    memset(b.chksum, ' ', sizeof(b.chksum));
    memcpy(block, &b, sizeof(b));
    for (size_t i = 0; i < HD_USTAR_BLOCK; i++)
        sum += block[i];
    snprintf(b.chksum, sizeof(b.chksum) - 1, "%06o", sum & 0777777);
    memcpy(block, &b, sizeof(b));
}

int hd_ustar_expect(const uint8_t block[HD_USTAR_BLOCK], const char *name,
                    uint64_t *ret_size, struct hd_err *err)
{
    uint8_t wanted[HD_USTAR_BLOCK];
    uint64_t size = 0;
    struct block b;

    memcpy(&b, block, sizeof(b));
    for (size_t i = 0; i < sizeof(b.size) - 1; i++)
        size = size << 3 | (b.size[i] & 7);
    hd_ustar_make(name, size, wanted);
    if (memcmp(block, wanted, HD_USTAR_BLOCK))
        return hd_fail(err, HD_E_BAD_HEADER,
                       "the store is damaged: %s is not where it must be",
                       name);
    *ret_size = size;
    return 0;
}
