/* SPDX-License-Identifier: MIT */
/* Fuzzes the judge of LUKS2 headers (hv/volume/luks_header, included for its
 * layout, and luks_json).  An input is a byte of flags, one of how far the
 * copies are apart, patches of the binary part, and the JSON. */
#include "fuzz.h"

#include "../../hv/volume/luks_header.c"

#define SIZE (64ull << 20) /* of the partition */

enum flags {
    OTHER = 1,   /* not the key volume */
    FORGED = 2,  /* make the checksums fit */
    SECOND = 4,  /* the patches are for the second copy alone */
    SHORTER = 8, /* not all of the keyslot areas are there */
};

static void make_copy(struct disk *d, int copy, uint64_t seqid,
                      const struct hd_luks *expect)
{
    *d = (struct disk){.version = htobe16(2),
                       .size = htobe64(HD_LUKS_JSON),
                       .seqid = htobe64(seqid),
                       .offset = htobe64(copy * (uint64_t)HD_LUKS_JSON)};
    memcpy(d->magic, magics[copy], sizeof(d->magic));
    memcpy(d->checksum_name, sha256_name, sizeof(sha256_name));
    hd_uuid_format(&expect->uuid, d->uuid);
}

/* Each patch is two bytes of place and one of value. */
static void patch(struct disk *d, const uint8_t *bytes, unsigned n)
{
    for (unsigned i = 0; i < n; i++, bytes += 3)
        ((uint8_t *)d)[(bytes[0] | bytes[1] << 8) % 4096] = bytes[2];
}

static void make_header(struct fuzz_input *in, unsigned flags, struct disk d[2],
                        const struct hd_luks *expect)
{
    uint64_t seqid = 100 + (uint64_t)(int8_t)fuzz_byte(in);
    unsigned n = fuzz_byte(in) & 15;
    uint8_t bytes[3 * 15];

    fuzz_take(in, bytes, 3 * n);
    make_copy(&d[0], 0, seqid, expect);
    make_copy(&d[1], 1, 100, expect);
    fuzz_take(in, d[0].json, sizeof(d[0].json));
    memcpy(d[1].json, d[0].json, sizeof(d[0].json));
    if (!(flags & SECOND))
        patch(&d[0], bytes, n);
    if (flags & FORGED)
        for (int i = 0; i < 2; i++)
            MUST(!checksum(&d[i], d[i].checksum, NULL));
    if (flags & SECOND)
        patch(&d[1], bytes, n);
}

static void check_result(const struct hd_luks_facts *f, bool key_volume)
{
    struct hd_err err = {0};

    MUST(!hd_luks_header_check_facts(f, key_volume, &err));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz_input in = {data, len};
    unsigned flags = fuzz_byte(&in);
    struct hd_luks expect = {
        .uuid = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}},
        .offset = flags & OTHER ? HD_LUKS_OFFSET_OTHER : HD_LUKS_OFFSET_KEY};
    size_t there = expect.offset >> (flags & SHORTER ? 1 : 0);
    static uint8_t header[HD_LUKS_OFFSET_KEY];
    struct hd_luks_facts facts, copied;
    struct hd_err err = {0};
    hd_autofd int copy = -1;
    int medium, rc;

    make_header(&in, flags, (struct disk *)header, &expect);
    rc = hd_luks_header_check(header, there, SIZE, &expect, &facts, &err);
    medium = fuzz_medium((off_t)there);
    fuzz_write(medium, header, 2 * HD_LUKS_JSON, 0);
    copy = hd_luks_header_copy(medium, 0, SIZE, &expect, &copied, &err);
    /* What the sandbox hands on is what was judged, and judged so again. */
    MUST((copy < 0) == !!rc);
    if (rc) {
        MUST(err.msg[0] && strnlen(err.msg, sizeof(err.msg)) < sizeof(err.msg));
        return 0;
    }
    check_result(&facts, !(flags & OTHER));
    MUST(!memcmp(&facts, &copied, sizeof(facts)));
    MUST(!hd_io_check_sealed(copy, expect.offset, NULL));
    MUST(!hd_io_pread(copy, header, 2 * HD_LUKS_JSON, 0, NULL));
    MUST(!hd_luks_header_check(header, expect.offset, SIZE, &expect, &facts,
                               &err));
    MUST(!memcmp(&facts, &copied, sizeof(facts)));
    return 0;
}
