/* SPDX-License-Identifier: MIT */
/* LUKS2 headers for tests: a good one, to be spoilt before it is judged. */
#ifndef HD_TEST_LUKS_KIT_H
#define HD_TEST_LUKS_KIT_H

#include <stdbool.h>
#include <stdint.h>

#include "../../hv/volume/luks_header.h"

#define KIT_LUKS_SIZE (64ull << 20)         /* of the partition */
#define KIT_LUKS_ROOM (HD_LUKS_JSON - 4096) /* for JSON */

/* A good header, to be spoilt: the users anna and recovery. */
struct kit_luks {
    struct hd_luks luks;
    uint8_t both[2 * HD_LUKS_JSON];
    struct hd_luks_facts facts;
};

/* As made by hd_luks_make; of a key volume or of another. */
void kit_luks_get(struct kit_luks *ret, bool key_volume);
/* New JSON in both copies; what follows mends the checksum. */
void kit_luks_put(struct kit_luks *k, const char *text, size_t len);
/* The first `from` in the JSON becomes `to`; in both copies, or in one. */
void kit_luks_edit(struct kit_luks *k, const char *from, const char *to);
void kit_luks_edit_copy(struct kit_luks *k, int copy, const char *from,
                        const char *to);
/* Bytes of the binary part, in both copies. */
void kit_luks_poke(struct kit_luks *k, size_t at, const void *bytes,
                   size_t len);
void kit_luks_seqid(struct kit_luks *k, int copy, uint64_t seqid);

/* hd_luks_header_check. */
int kit_luks_check(struct kit_luks *k, struct hd_err *err);

#define TAKEN(spoil)                                                           \
    do {                                                                       \
        struct hd_err err = {0};                                               \
        struct kit_luks k;                                                     \
                                                                               \
        kit_luks_get(&k, true);                                                \
        spoil;                                                                 \
        CHECK_OK(kit_luks_check(&k, &err), &err);                              \
    } while (0)

/* A good header of a key volume (or another), spoilt, is refused so. */
#define REFUSED_OF(key_volume, spoil, words)                                   \
    do {                                                                       \
        struct hd_err err = {0};                                               \
        struct kit_luks k;                                                     \
                                                                               \
        kit_luks_get(&k, key_volume);                                          \
        spoil;                                                                 \
        CHECK_FAILS(kit_luks_check(&k, &err), &err, HD_E_BAD_VOLUME, words);   \
    } while (0)
#define REFUSED(spoil, words)    REFUSED_OF(true, spoil, words)
#define BECOMES(from, to, words) REFUSED(kit_luks_edit(&k, from, to), words)

#endif
