/* SPDX-License-Identifier: MIT */
/* Fuzzes hv/store/gpt.  An input is a byte of flags, the medium's size, a
 * header, and entries. */
#include "fuzz.h"

#include <endian.h>

#include "../../hv/store/gpt_layout.h"

#define MEDIUM (64 << 10) /* what is really there of it */

enum flags {
    RAW = 1,    /* the rest is the medium as it is */
    BLOCKS = 2, /* of 4096 bytes */
    REPAIR = 4, /* make the checksums fit */
    USABLE = 8, /* and the header's own bounds */
};

static void make_medium(struct fuzz_input *in, unsigned flags, int fd)
{
    static uint8_t entries[GPT_ENTRIES];
    uint32_t sector = flags & BLOCKS ? 4096 : 512;
    struct hd_gpt_header h;
    uint64_t at;

    fuzz_take(in, &h, sizeof(h));
    fuzz_take(in, entries, sizeof(entries));
    if (flags & USABLE) {
        memcpy(h.signature, GPT_SIGNATURE, sizeof(h.signature));
        h.revision = htole32(GPT_REVISION);
        h.size = htole32(GPT_HEADER);
        h.lba = htole64(1);
        h.entries_lba = htole64(2);
        h.n_entries = htole32(HD_GPT_PARTS);
        h.entry_size = htole32(GPT_ENTRY);
    }
    if (flags & REPAIR) {
        h.entries_crc = htole32(hd_gpt_crc32(entries, sizeof(entries)));
        h.crc = htole32(hd_gpt_header_crc(&h));
    }
    fuzz_write(fd, &h, sizeof(h), sector);
    at = le64toh(h.entries_lba);
    if (at <= (MEDIUM - GPT_ENTRIES) / sector)
        fuzz_write(fd, entries, sizeof(entries), (off_t)(at * sector));
}

static void check_result(const struct hd_gpt *gpt, uint64_t size)
{
    MUST(gpt->n <= HD_GPT_PARTS && !hd_gpt_check(gpt, size, NULL));
    MUST(gpt->sector == 512 || gpt->sector == 4096);
    for (uint32_t i = 0; i < gpt->n; i++) {
        const struct hd_part *p = &gpt->parts[i];

        MUST(p->length && p->length <= size && p->start <= size - p->length);
        MUST(p->start >= 2 * gpt->sector + GPT_ENTRIES);
        MUST(!hd_uuid_is_zero(&p->type));
        MUST(strnlen(p->name, HD_GPT_NAME) < HD_GPT_NAME);
        for (uint32_t j = 0; j < i; j++)
            MUST(p->start >= gpt->parts[j].start + gpt->parts[j].length ||
                 gpt->parts[j].start >= p->start + p->length);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz_input in = {data, len};
    unsigned flags = fuzz_byte(&in);
    static struct hd_gpt gpt;
    struct hd_err err = {0};
    uint64_t size;
    int fd = fuzz_medium(MEDIUM);

    fuzz_take(&in, &size, sizeof(size));
    if (flags & RAW)
        fuzz_write(fd, in.at, in.left < MEDIUM ? in.left : MEDIUM, 0);
    else
        make_medium(&in, flags, fd);
    if (!hd_gpt_read(fd, size, &gpt, &err))
        check_result(&gpt, size);
    else
        MUST(err.code == HD_E_NOT_A_STORE || err.code == HD_E_BAD_HEADER);
    return 0;
}
