/* SPDX-License-Identifier: MIT */
/* GPT after UEFI 2.10, chapter 5; never repairs a table or tries the backup. */
#include "gpt.h"

#include <endian.h>
#include <stdbool.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"

#define SIGNATURE   "EFI PART"
#define REVISION    0x00010000
#define HEADER_SIZE 92
#define ENTRY_SIZE  128
#define NAME_UNITS  36

struct header { /* at LBA 1; little endian */
    char signature[8];
    uint32_t revision, size, crc, reserved;
    uint64_t lba, other_lba, first_usable, last_usable;
    uint8_t disk[16];
    uint64_t entries_lba;
    uint32_t n_entries, entry_size, entries_crc;
} __attribute__((packed));

struct entry {
    uint8_t type[16], id[16];
    uint64_t first, last, attributes;
    uint16_t name[NAME_UNITS];
} __attribute__((packed));

_Static_assert(sizeof(struct header) == HEADER_SIZE, "UEFI table 5-5");
_Static_assert(sizeof(struct entry) == ENTRY_SIZE, "UEFI table 5-6");

#define ENTRIES_BYTES (HD_GPT_PARTS * ENTRY_SIZE)

/* CRC-32 of ISO 3309, reflected. */
static uint32_t crc32(const void *buf, size_t len)
{
    const uint8_t *p = buf;
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < len; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0xedb88320 & -(crc & 1));
    }
    return ~crc;
}

/* The first three groups of a GUID are little endian; the same both ways. */
static void swap_guid(const uint8_t in[16], uint8_t out[16])
{
    static const uint8_t from[16] = {3, 2, 1,  0,  5,  4,  7,  6,
                                     8, 9, 10, 11, 12, 13, 14, 15};

    for (size_t i = 0; i < 16; i++)
        out[i] = in[from[i]];
}

static uint32_t header_crc(const struct header *h)
{
    struct header copy = *h;

    copy.crc = 0;
    return crc32(&copy, sizeof(copy));
}

static int fail_table(struct hd_err *err, const char *what)
{
    return hd_fail(err, HD_E_BAD_HEADER, "the partition table is damaged: %s",
                   what);
}

/* Looks for LBA 1 where it is with the usual sector sizes. */
static int read_header(int fd, uint64_t size, uint32_t *ret_sector,
                       struct header *ret, struct hd_err *err)
{
    static const uint32_t sectors[] = {512, 4096};

    for (size_t i = 0; i < HD_ARRAY_LEN(sectors); i++) {
        if (size < 2 * sectors[i])
            break;
        if (hd_io_pread(fd, ret, sizeof(*ret), sectors[i], err))
            return -1;
        if (memcmp(ret->signature, SIGNATURE, sizeof(ret->signature)))
            continue;
        *ret_sector = sectors[i];
        return 0;
    }
    return hd_fail(err, HD_E_NOT_A_STORE,
                   "no hotdom store on it: it has no GPT");
}

static int check_header(const struct header *h, uint32_t sector, uint64_t size,
                        struct hd_err *err)
{
    uint64_t entries_end =
        le64toh(h->entries_lba) + (ENTRIES_BYTES + sector - 1) / sector;

    if (le32toh(h->size) != HEADER_SIZE || le32toh(h->revision) != REVISION)
        return fail_table(err, "unknown version");
    if (header_crc(h) != le32toh(h->crc))
        return fail_table(err, "wrong checksum of the header");
    if (le64toh(h->lba) != 1)
        return fail_table(err, "the header is for another place");
    if (le32toh(h->n_entries) != HD_GPT_PARTS ||
        le32toh(h->entry_size) != ENTRY_SIZE)
        return fail_table(err, "not 128 entries of 128 bytes");
    if (le64toh(h->entries_lba) < 2 ||
        le64toh(h->entries_lba) > size / sector ||
        entries_end > le64toh(h->first_usable) ||
        le64toh(h->first_usable) > le64toh(h->last_usable))
        return fail_table(err, "its own bounds cross");
    if (le64toh(h->last_usable) >= size / sector)
        return hd_fail(err, HD_E_BAD_HEADER,
                       "the medium has %llu bytes and its partition table "
                       "speaks of more; it was cut off, pack it again",
                       (unsigned long long)size);
    return 0;
}

/* Our names are ASCII; any other name is not ours and stays empty. */
static void read_name(const struct entry *e, char name[HD_GPT_NAME])
{
    bool ended = false;

    memset(name, 0, HD_GPT_NAME);
    for (size_t i = 0; i < NAME_UNITS; i++) {
        uint16_t c = le16toh(e->name[i]);

        ended = ended || !c;
        if (ended ? c != 0 : c < 0x20 || c > 0x7e) {
            memset(name, 0, HD_GPT_NAME);
            return;
        }
        name[i] = (char)c;
    }
}

static int read_entry(const struct entry *e, const struct header *h,
                      struct hd_gpt *gpt, struct hd_err *err)
{
    uint64_t first = le64toh(e->first), last = le64toh(e->last);
    struct hd_part part;

    swap_guid(e->type, part.type.byte);
    if (hd_uuid_is_zero(&part.type))
        return 0;
    if (first > last || first < le64toh(h->first_usable) ||
        last > le64toh(h->last_usable))
        return fail_table(err, "a partition is out of bounds");
    swap_guid(e->id, part.id.byte);
    part.start = first * gpt->sector;
    part.length = (last - first + 1) * gpt->sector;
    read_name(e, part.name);
    for (uint32_t i = 0; i < gpt->n; i++) {
        const struct hd_part *o = &gpt->parts[i];

        if (part.start < o->start + o->length &&
            o->start < part.start + part.length)
            return fail_table(err, "two partitions overlap");
    }
    gpt->parts[gpt->n++] = part;
    return 0;
}

int hd_gpt_read(int fd, uint64_t size, struct hd_gpt *ret, struct hd_err *err)
{
    hd_autofree struct entry *entries = calloc(HD_GPT_PARTS, sizeof(*entries));
    hd_autofree struct hd_gpt *gpt = calloc(1, sizeof(*gpt));
    struct header h;

    if (!entries || !gpt)
        return hd_fail_errno(err, HD_E_FAILED, "read the partition table");
    if (read_header(fd, size, &gpt->sector, &h, err) ||
        check_header(&h, gpt->sector, size, err) ||
        hd_io_pread(fd, entries, ENTRIES_BYTES,
                    (off_t)(le64toh(h.entries_lba) * gpt->sector), err))
        return -1;
    if (crc32(entries, ENTRIES_BYTES) != le32toh(h.entries_crc))
        return fail_table(err, "wrong checksum of the entries");
    swap_guid(h.disk, gpt->disk.byte);
    for (size_t i = 0; i < HD_GPT_PARTS; i++)
        if (read_entry(&entries[i], &h, gpt, err))
            return -1;
    *ret = *gpt;
    return 0;
}

static void make_entries(const struct hd_gpt *gpt,
                         struct entry entries[HD_GPT_PARTS])
{
    for (uint32_t i = 0; i < gpt->n; i++) {
        const struct hd_part *p = &gpt->parts[i];
        struct entry *e = &entries[i];

        swap_guid(p->type.byte, e->type);
        swap_guid(p->id.byte, e->id);
        e->first = htole64(p->start / gpt->sector);
        e->last = htole64((p->start + p->length) / gpt->sector - 1);
        for (size_t c = 0; p->name[c]; c++)
            e->name[c] = htole16((uint16_t)p->name[c]);
    }
}

/* One of the two tables: its header at `lba`, its entries at `entries_lba`. */
static int write_table(int fd, uint64_t size, const struct hd_gpt *gpt,
                       const struct entry *entries, bool primary,
                       struct hd_err *err)
{
    uint64_t s = gpt->sector, last = size / s - 1, n = ENTRIES_BYTES / s;
    uint64_t entries_lba = primary ? 2 : last - n;
    struct header h = {
        .revision = htole32(REVISION),
        .size = htole32(HEADER_SIZE),
        .lba = htole64(primary ? 1 : last),
        .other_lba = htole64(primary ? last : 1),
        .first_usable = htole64(2 + n),
        .last_usable = htole64(last - n - 1),
        .entries_lba = htole64(entries_lba),
        .n_entries = htole32(HD_GPT_PARTS),
        .entry_size = htole32(ENTRY_SIZE),
        .entries_crc = htole32(crc32(entries, ENTRIES_BYTES)),
    };
    char block[4096] = {0};

    memcpy(h.signature, SIGNATURE, sizeof(h.signature));
    swap_guid(gpt->disk.byte, h.disk);
    h.crc = htole32(header_crc(&h));
    memcpy(block, &h, sizeof(h));
    if (hd_io_pwrite(fd, entries, ENTRIES_BYTES, (off_t)(entries_lba * s), err))
        return -1;
    return hd_io_pwrite(fd, block, s, (off_t)(le64toh(h.lba) * s), err);
}

/* One partition of type 0xee over everything, so that programs without GPT see
 * a full disk. */
static int write_mbr(int fd, uint64_t size, uint32_t sector, struct hd_err *err)
{
    uint64_t sectors = size / sector - 1;
    uint32_t shown =
        htole32(sectors > UINT32_MAX ? UINT32_MAX : (uint32_t)sectors);
    uint8_t mbr[512] = {
        [447] = 0x00, 0x02, 0x00, 0xee,         0xff,
        0xff,         0xff, 0x01, [510] = 0x55, 0xaa,
    };

    memcpy(mbr + 458, &shown, sizeof(shown));
    return hd_io_pwrite(fd, mbr, sizeof(mbr), 0, err);
}

int hd_gpt_write(int fd, uint64_t size, const struct hd_gpt *gpt,
                 struct hd_err *err)
{
    hd_autofree struct entry *entries = calloc(HD_GPT_PARTS, sizeof(*entries));

    if (!entries)
        return hd_fail_errno(err, HD_E_FAILED, "write the partition table");
    make_entries(gpt, entries);
    if (write_table(fd, size, gpt, entries, false, err) ||
        write_table(fd, size, gpt, entries, true, err))
        return -1;
    return write_mbr(fd, size, gpt->sector, err);
}
