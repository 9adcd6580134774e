/* SPDX-License-Identifier: MIT */
/* The partition table of a store: a strict reader and a writer of GPT. */
#ifndef HD_STORE_GPT_H
#define HD_STORE_GPT_H

#include <stddef.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/uuid.h"

#define HD_GPT_PARTS 128
#define HD_GPT_NAME  37 /* 36 characters and the NUL */
#define HD_GPT_ALIGN                                                           \
    1048576u /* bytes; also room before the first partition and                \
                behind the last one */

struct hd_part {
    struct hd_uuid type, id;
    uint64_t start, length; /* bytes */
    char name[HD_GPT_NAME]; /* printable ASCII, or empty */
};

struct hd_gpt {
    struct hd_uuid disk;
    uint32_t sector; /* bytes: 512 or 4096 */
    uint32_t n;
    uint64_t entries; /* byte at which the primary table's entries stand */
    struct hd_part parts[HD_GPT_PARTS]; /* as they stand in the table */
};

/*
 * Reads the primary table of a medium of `size` bytes; the protective MBR and
 * the backup are not looked at.  HD_E_NOT_A_STORE when there is no GPT,
 * HD_E_BAD_HEADER when one byte of it is not as it must be: checksums, bounds,
 * overlaps.  Blocks as the medium does; reads each byte once.
 */
int hd_gpt_read(int fd, uint64_t size, struct hd_gpt *ret, struct hd_err *err);

/* Safe on a struct from another process: HD_E_BAD_HEADER unless hd_gpt_read
 * could have given it for a medium of `size` bytes. */
int hd_gpt_check(const struct hd_gpt *gpt, uint64_t size, struct hd_err *err);

/* The index of the partition with this id, or of the only one with this type;
 * -1 when there is none or, by type, more than one. */
int hd_gpt_find(const struct hd_gpt *gpt, const struct hd_uuid *id);
int hd_gpt_find_type(const struct hd_gpt *gpt, const char *type);

/* Writes the backup table, then the primary one, then the protective MBR, to a
 * medium of `size` bytes.  Without the last two there is no table. */
int hd_gpt_write(int fd, uint64_t size, const struct hd_gpt *gpt,
                 struct hd_err *err);

/*
 * Replaces the table that stands on the medium, whose gpt->entries is given
 * (and set to the new one's), by this one.  Power may fail at any point: the
 * entries go to a free place and are flushed and read back, then the primary
 * header's one sector switches over; after that the backup follows in the same
 * way.  What the partitions hold must be on the medium already.
 * HD_E_BAD_HEADER, with nothing written, when the table leaves no room for
 * that: 64 KiB in front of the first partition and behind the last one.
 */
int hd_gpt_switch(int fd, uint64_t size, struct hd_gpt *gpt,
                  struct hd_err *err);

#endif
