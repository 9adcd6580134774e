/* SPDX-License-Identifier: MIT */
/* GPT after UEFI 2.10, chapter 5; never repairs a table or tries the backup. */
#include "gpt.h"

#include <endian.h>
#include <stdbool.h>
#include <string.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "gpt_layout.h"

uint32_t hd_gpt_crc32(const void *buf, size_t len)
{
    static const uint32_t step[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    const uint8_t *p = buf;
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < len; i++) { /* four bits at a time */
        crc ^= p[i];
        crc = crc >> 4 ^ step[crc & 15];
        crc = crc >> 4 ^ step[crc & 15];
    }
    return ~crc;
}

void hd_gpt_swap_guid(const uint8_t in[16], uint8_t out[16])
{
    static const uint8_t from[16] = {3, 2, 1,  0,  5,  4,  7,  6,
                                     8, 9, 10, 11, 12, 13, 14, 15};

    for (size_t i = 0; i < 16; i++)
        out[i] = in[from[i]];
}

uint32_t hd_gpt_header_crc(const struct hd_gpt_header *h)
{
    struct hd_gpt_header copy = *h;

    copy.crc = 0;
    return hd_gpt_crc32(&copy, sizeof(copy));
}

int hd_gpt_fail(struct hd_err *err, const char *what)
{
    return hd_fail(err, HD_E_BAD_HEADER, "the partition table is damaged: %s",
                   what);
}

/* Looks for LBA 1 where it is with the usual sector sizes. */
static int read_header(int fd, uint64_t size, uint32_t *ret_sector,
                       struct hd_gpt_header *ret, struct hd_err *err)
{
    static const uint32_t sectors[] = {512, 4096};

    for (size_t i = 0; i < HD_ARRAY_LEN(sectors); i++) {
        if (size < 2 * sectors[i])
            break;
        if (hd_io_pread(fd, ret, sizeof(*ret), sectors[i], err))
            return -1;
        if (memcmp(ret->signature, GPT_SIGNATURE, sizeof(ret->signature)))
            continue;
        *ret_sector = sectors[i];
        return 0;
    }
    return hd_fail(err, HD_E_NOT_A_STORE,
                   "no hotdom store on it: it has no GPT");
}

static int check_header(const struct hd_gpt_header *h, uint32_t sector,
                        uint64_t size, struct hd_err *err)
{
    uint64_t entries_end =
        le64toh(h->entries_lba) + (GPT_ENTRIES + sector - 1) / sector;

    if (le32toh(h->size) != GPT_HEADER || le32toh(h->revision) != GPT_REVISION)
        return hd_gpt_fail(err, "unknown version");
    if (hd_gpt_header_crc(h) != le32toh(h->crc))
        return hd_gpt_fail(err, "wrong checksum of the header");
    if (le64toh(h->lba) != 1)
        return hd_gpt_fail(err, "the header is for another place");
    if (le32toh(h->n_entries) != HD_GPT_PARTS ||
        le32toh(h->entry_size) != GPT_ENTRY)
        return hd_gpt_fail(err, "not 128 entries of 128 bytes");
    if (le64toh(h->entries_lba) < 2 ||
        le64toh(h->entries_lba) > size / sector ||
        entries_end > le64toh(h->first_usable) ||
        le64toh(h->first_usable) > le64toh(h->last_usable))
        return hd_gpt_fail(err, "its own bounds cross");
    if (le64toh(h->last_usable) >= size / sector)
        return hd_fail(err, HD_E_BAD_HEADER,
                       "the medium has %llu bytes and its partition table "
                       "speaks of more; it was cut off, pack it again",
                       (unsigned long long)size);
    return 0;
}

/* Our names are ASCII; any other name is not ours and stays empty. */
static void read_name(const struct hd_gpt_entry *e, char name[HD_GPT_NAME])
{
    bool ended = false;

    memset(name, 0, HD_GPT_NAME);
    for (size_t i = 0; i < GPT_NAME_UNITS; i++) {
        uint16_t c = le16toh(e->name[i]);

        ended = ended || !c;
        if (ended ? c != 0 : c < 0x20 || c > 0x7e) {
            memset(name, 0, HD_GPT_NAME);
            return;
        }
        name[i] = (char)c;
    }
}

static bool overlaps_before(const struct hd_gpt *gpt, uint32_t n,
                            const struct hd_part *part)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct hd_part *o = &gpt->parts[i];

        if (part->start < o->start + o->length &&
            o->start < part->start + part->length)
            return true;
    }
    return false;
}

/* In place: what lies between a struct's members stays zero too. */
static int read_entry(const struct hd_gpt_entry *e,
                      const struct hd_gpt_header *h, struct hd_gpt *gpt,
                      struct hd_err *err)
{
    uint64_t first = le64toh(e->first), last = le64toh(e->last);
    struct hd_part *part = &gpt->parts[gpt->n];
    struct hd_uuid type;

    hd_gpt_swap_guid(e->type, type.byte);
    if (hd_uuid_is_zero(&type))
        return 0;
    if (first > last || first < le64toh(h->first_usable) ||
        last > le64toh(h->last_usable))
        return hd_gpt_fail(err, "a partition is out of bounds");
    part->type = type;
    hd_gpt_swap_guid(e->id, part->id.byte);
    part->start = first * gpt->sector;
    part->length = (last - first + 1) * gpt->sector;
    read_name(e, part->name);
    if (overlaps_before(gpt, gpt->n, part))
        return hd_gpt_fail(err, "two partitions overlap");
    gpt->n++;
    return 0;
}

int hd_gpt_read(int fd, uint64_t size, struct hd_gpt *ret, struct hd_err *err)
{
    hd_autofree struct hd_gpt_entry *entries =
        calloc(HD_GPT_PARTS, sizeof(*entries));
    hd_autofree struct hd_gpt *gpt = calloc(1, sizeof(*gpt));
    struct hd_gpt_header h;

    /* What a device claims beyond this no offset reaches. */
    if (size > INT64_MAX)
        size = INT64_MAX;
    if (!entries || !gpt)
        return hd_fail_errno(err, HD_E_FAILED, "read the partition table");
    if (read_header(fd, size, &gpt->sector, &h, err) ||
        check_header(&h, gpt->sector, size, err) ||
        hd_io_pread(fd, entries, GPT_ENTRIES,
                    (off_t)(le64toh(h.entries_lba) * gpt->sector), err))
        return -1;
    if (hd_gpt_crc32(entries, GPT_ENTRIES) != le32toh(h.entries_crc))
        return hd_gpt_fail(err, "wrong checksum of the entries");
    hd_gpt_swap_guid(h.disk, gpt->disk.byte);
    gpt->entries = le64toh(h.entries_lba) * gpt->sector;
    for (size_t i = 0; i < HD_GPT_PARTS; i++)
        if (read_entry(&entries[i], &h, gpt, err))
            return -1;
    *ret = *gpt;
    return 0;
}

static bool is_name(const char name[HD_GPT_NAME])
{
    size_t len = strnlen(name, HD_GPT_NAME);

    for (size_t i = 0; i < len; i++)
        if (name[i] < 0x20 || name[i] > 0x7e)
            return false;
    return len < HD_GPT_NAME;
}

int hd_gpt_check(const struct hd_gpt *gpt, uint64_t size, struct hd_err *err)
{
    uint64_t s = gpt->sector;

    if ((s != 512 && s != 4096) || gpt->n > HD_GPT_PARTS)
        return hd_gpt_fail(err, "unknown version");
    if (gpt->entries % s || gpt->entries < 2 * s || gpt->entries > size)
        return hd_gpt_fail(err, "its own bounds cross");
    for (uint32_t i = 0; i < gpt->n; i++) {
        const struct hd_part *p = &gpt->parts[i];

        if (!p->length || p->start % s || p->length % s || p->length > size ||
            p->start > size - p->length ||
            p->start < gpt->entries + GPT_ENTRIES)
            return hd_gpt_fail(err, "a partition is out of bounds");
        if (!is_name(p->name) || hd_uuid_is_zero(&p->type))
            return hd_gpt_fail(err, "a partition has no proper name");
        if (overlaps_before(gpt, i, p))
            return hd_gpt_fail(err, "two partitions overlap");
    }
    return 0;
}

int hd_gpt_find(const struct hd_gpt *gpt, const struct hd_uuid *id)
{
    for (uint32_t i = 0; i < gpt->n; i++)
        if (hd_uuid_equal(&gpt->parts[i].id, id))
            return (int)i;
    return -1;
}

int hd_gpt_find_type(const struct hd_gpt *gpt, const char *type)
{
    struct hd_uuid want;
    int found = -1;

    if (hd_uuid_parse(type, &want, NULL))
        return -1;
    for (uint32_t i = 0; i < gpt->n; i++) {
        if (!hd_uuid_equal(&gpt->parts[i].type, &want))
            continue;
        if (found >= 0)
            return -1;
        found = (int)i;
    }
    return found;
}
