/* SPDX-License-Identifier: MIT */
/* The JSON of a LUKS2 header, judged by a table; for luks_header.c alone. */
#ifndef HD_VOLUME_LUKS_JSON_H
#define HD_VOLUME_LUKS_JSON_H

#include "luks_header.h"

/* Where a keyslot has its material, in bytes from the partition's start. */
struct hd_luks_area {
    uint64_t at, len;
};

/* What the JSON says, as far as we need it; plain data. */
struct hd_luks_json {
    uint32_t slots;                              /* bit N: keyslot N is there */
    struct hd_luks_area areas[HD_LUKS_KEYSLOTS]; /* by keyslot; len 0: none */
    struct hd_luks_facts facts;                  /* but seqid_low */
};

/* Judges `room` bytes of JSON and what follows it, which must be zeros.
 * HD_E_BAD_VOLUME. */
int hd_luks_json_check(const char *text, size_t room,
                       const struct hd_luks *expect, struct hd_luks_json *ret,
                       struct hd_err *err);

#endif
