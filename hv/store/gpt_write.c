/* SPDX-License-Identifier: MIT */
/* Writes GPT: a fresh table, or a new one in place of another; never a header
 * before its entries. */
#include <endian.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "../../pv-drivers/base/io.h"
#include "../../pv-drivers/base/mem.h"
#include "gpt_layout.h"

static void make_entries(const struct hd_gpt *gpt,
                         struct hd_gpt_entry entries[HD_GPT_PARTS])
{
    for (uint32_t i = 0; i < gpt->n; i++) {
        const struct hd_part *p = &gpt->parts[i];
        struct hd_gpt_entry *e = &entries[i];

        hd_gpt_swap_guid(p->type.byte, e->type);
        hd_gpt_swap_guid(p->id.byte, e->id);
        e->first = htole64(p->start / gpt->sector);
        e->last = htole64((p->start + p->length) / gpt->sector - 1);
        for (size_t c = 0; p->name[c]; c++)
            e->name[c] = htole16((uint16_t)p->name[c]);
    }
}

/* Where one of the two tables goes; in sectors. */
struct place {
    uint64_t header, other_header, entries, first_usable, last_usable;
};

static void make_header(const struct hd_gpt *gpt,
                        const struct hd_gpt_entry *entries,
                        const struct place *at, char block[4096])
{
    struct hd_gpt_header h = {
        .revision = htole32(GPT_REVISION),
        .size = htole32(GPT_HEADER),
        .lba = htole64(at->header),
        .other_lba = htole64(at->other_header),
        .first_usable = htole64(at->first_usable),
        .last_usable = htole64(at->last_usable),
        .entries_lba = htole64(at->entries),
        .n_entries = htole32(HD_GPT_PARTS),
        .entry_size = htole32(GPT_ENTRY),
        .entries_crc = htole32(hd_gpt_crc32(entries, GPT_ENTRIES)),
    };

    memcpy(h.signature, GPT_SIGNATURE, sizeof(h.signature));
    hd_gpt_swap_guid(gpt->disk.byte, h.disk);
    h.crc = htole32(hd_gpt_header_crc(&h));
    memset(block, 0, 4096);
    memcpy(block, &h, sizeof(h));
}

/* One of the two tables: its entries, then its header. */
static int write_table(int fd, uint64_t size, const struct hd_gpt *gpt,
                       const struct hd_gpt_entry *entries, bool primary,
                       struct hd_err *err)
{
    uint64_t s = gpt->sector, last = size / s - 1, n = GPT_ENTRIES / s;
    struct place at = {
        .header = primary ? 1 : last,
        .other_header = primary ? last : 1,
        .entries = primary ? 2 : last - n,
        .first_usable = 2 + n,
        .last_usable = last - n - 1,
    };
    char block[4096];

    make_header(gpt, entries, &at, block);
    if (hd_io_pwrite(fd, entries, GPT_ENTRIES, (off_t)(at.entries * s), err))
        return -1;
    return hd_io_pwrite(fd, block, s, (off_t)(at.header * s), err);
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
    hd_autofree struct hd_gpt_entry *entries =
        calloc(HD_GPT_PARTS, sizeof(*entries));

    if (!entries)
        return hd_fail_errno(err, HD_E_FAILED, "write the partition table");
    make_entries(gpt, entries);
    if (write_table(fd, size, gpt, entries, false, err) ||
        write_table(fd, size, gpt, entries, true, err))
        return -1;
    return write_mbr(fd, size, gpt->sector, err);
}

/*
 * A switch needs two places for entries on either side.  They are whole blocks
 * of 4 KiB away from the headers: many media write no less at a time, and what
 * they lose when power fails is the block that they were writing.
 */
#define PLACE_ALIGN 4096u

static uint64_t front_place(const struct hd_gpt *gpt, unsigned i)
{
    uint64_t first =
        2 * gpt->sector > PLACE_ALIGN ? 2 * gpt->sector : PLACE_ALIGN;

    return first + i * GPT_ENTRIES;
}

static uint64_t back_place(const struct hd_gpt *gpt, uint64_t size, unsigned i)
{
    return size / gpt->sector * gpt->sector - PLACE_ALIGN -
           (i + 1) * GPT_ENTRIES;
}

/* Partitions lie between the places, and one place is free. */
static int choose_place(const struct hd_gpt *gpt, uint64_t size, unsigned *ret,
                        struct hd_err *err)
{
    uint64_t begin = front_place(gpt, 2), end = back_place(gpt, size, 1);

    if (size < 2 * HD_GPT_ALIGN)
        return hd_gpt_fail(err, "the medium is too small");
    for (uint32_t i = 0; i < gpt->n; i++)
        if (gpt->parts[i].start < begin ||
            gpt->parts[i].start + gpt->parts[i].length > end)
            return hd_gpt_fail(err, "no room beside it for another one");
    for (unsigned i = 0; i < 2; i++) {
        uint64_t place = front_place(gpt, i);

        if (place >= gpt->entries + GPT_ENTRIES ||
            gpt->entries >= place + GPT_ENTRIES) {
            *ret = i;
            return 0;
        }
    }
    return hd_gpt_fail(err, "its entries are where hotdom puts none");
}

static int sync_medium(int fd, struct hd_err *err)
{
    if (fsync(fd))
        return hd_fail_errno(err, HD_E_IO, "cannot flush the partition table");
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    return 0;
}

/* Entries first; the header points to them only when they are really there. */
static int switch_table(int fd, const struct hd_gpt *gpt,
                        const struct hd_gpt_entry *entries,
                        const struct place *at, struct hd_err *err)
{
    hd_autofree char *back = malloc(GPT_ENTRIES);
    off_t place = (off_t)(at->entries * gpt->sector);
    char block[4096];

    if (!back)
        return hd_fail_errno(err, HD_E_FAILED, "write the partition table");
    make_header(gpt, entries, at, block);
    if (hd_io_pwrite(fd, entries, GPT_ENTRIES, place, err) ||
        sync_medium(fd, err) || hd_io_pread(fd, back, GPT_ENTRIES, place, err))
        return -1;
    if (memcmp(back, entries, GPT_ENTRIES))
        return hd_fail(err, HD_E_IO,
                       "the medium gives back other bytes than were written");
    if (hd_io_pwrite(fd, block, gpt->sector, (off_t)(at->header * gpt->sector),
                     err))
        return -1;
    return sync_medium(fd, err);
}

int hd_gpt_switch(int fd, uint64_t size, struct hd_gpt *gpt, struct hd_err *err)
{
    hd_autofree struct hd_gpt_entry *entries =
        calloc(HD_GPT_PARTS, sizeof(*entries));
    uint64_t s = gpt->sector, last;
    struct place at;
    unsigned i = 0;

    if (!entries)
        return hd_fail_errno(err, HD_E_FAILED, "write the partition table");
    if (hd_gpt_check(gpt, size, err) || choose_place(gpt, size, &i, err))
        return -1;
    make_entries(gpt, entries);
    last = size / s - 1;
    at = (struct place){1, last, front_place(gpt, i) / s,
                        front_place(gpt, 2) / s,
                        back_place(gpt, size, 1) / s - 1};
    if (switch_table(fd, gpt, entries, &at, err))
        return -1;
    at.header = last;
    at.other_header = 1;
    at.entries = back_place(gpt, size, i) / s;
    if (switch_table(fd, gpt, entries, &at, err) ||
        write_mbr(fd, size, gpt->sector, err) || sync_medium(fd, err))
        return -1;
    gpt->entries = front_place(gpt, i);
    return 0;
}
