/* SPDX-License-Identifier: MIT */
/* What a host has kept of a file: enough to say whether another store's file is
 * the same and may do the same. */
#ifndef HD_STORE_KNOWN_H
#define HD_STORE_KNOWN_H

#include "manifest.h"

/* Crosses a process boundary as bytes. */
struct hd_known {
    uint8_t sha256[32]; /* as in struct hd_file, all three */
    uint64_t size, unpacked;
    uint64_t kernel; /* 1: it was checked as a kernel, too */
};

/* Of a file of the manifest that was read and checked for what the guests there
 * have it for. */
struct hd_known hd_known_of(const struct hd_manifest *m,
                            const struct hd_file *file);

/* The same bytes, whatever they are for. */
bool hd_known_same(const struct hd_known *known, const struct hd_file *file);

/* The file of this manifest need not be read again: what was looked at only as
 * a ramdisk is no kernel for anyone. */
bool hd_known_serves(const struct hd_known *known, const struct hd_manifest *m,
                     const struct hd_file *file);

#endif
