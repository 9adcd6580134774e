/* SPDX-License-Identifier: MIT */
/* GPT as it stands on a medium, after UEFI 2.10, chapter 5; for gpt.c and
 * gpt_write.c only. */
#ifndef HD_STORE_GPT_LAYOUT_H
#define HD_STORE_GPT_LAYOUT_H

#include "gpt.h"

#define GPT_SIGNATURE  "EFI PART"
#define GPT_REVISION   0x00010000
#define GPT_HEADER     92
#define GPT_ENTRY      128
#define GPT_NAME_UNITS 36

struct hd_gpt_header { /* at LBA 1; little endian */
    char signature[8];
    uint32_t revision, size, crc, reserved;
    uint64_t lba, other_lba, first_usable, last_usable;
    uint8_t disk[16];
    uint64_t entries_lba;
    uint32_t n_entries, entry_size, entries_crc;
} __attribute__((packed));

struct hd_gpt_entry {
    uint8_t type[16], id[16];
    uint64_t first, last, attributes;
    uint16_t name[GPT_NAME_UNITS];
} __attribute__((packed));

_Static_assert(sizeof(struct hd_gpt_header) == GPT_HEADER, "UEFI table 5-5");
_Static_assert(sizeof(struct hd_gpt_entry) == GPT_ENTRY, "UEFI table 5-6");

#define GPT_ENTRIES (HD_GPT_PARTS * GPT_ENTRY)

/* CRC-32 of ISO 3309, reflected. */
uint32_t hd_gpt_crc32(const void *buf, size_t len);
/* Of the header with its own checksum as 0. */
uint32_t hd_gpt_header_crc(const struct hd_gpt_header *h);
/* The first three groups of a GUID are little endian; the same both ways. */
void hd_gpt_swap_guid(const uint8_t in[16], uint8_t out[16]);
/* HD_E_BAD_HEADER, "the partition table is damaged: WHAT". */
int hd_gpt_fail(struct hd_err *err, const char *what);

#endif
