/* SPDX-License-Identifier: MIT */
/* The LUKS2 header of a volume, judged by our own rules inside the reader's
 * sandbox; never opens a keyslot. */
#ifndef HD_VOLUME_LUKS_HEADER_H
#define HD_VOLUME_LUKS_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/uuid.h"
#include "../store/format.h"

/*
 * LUKS2 On-Disk Format Specification 1.1.1.  What `hotdom pack` makes, and all
 * that is accepted: two headers of 16 KiB each, one crypt segment
 * (aes-xts-plain64, 512-byte sectors, from `offset` to the end of the
 * partition), keyslots of 64-byte keys with AF 4000/sha256 in aes-xts-plain64,
 * one pbkdf2 digest, our tokens, no label, no flags and no requirements; JSON
 * without a key that is not ours, a key twice, or an escape.  In a key volume
 * each keyslot is Argon2id's and has the token of its user; any other volume
 * has one keyslot, PBKDF2-SHA256's, and no token.
 *
 * Two copies.  hd_luks_write makes the first whole before it touches the
 * second, so that power loss leaves one of: both the same; the first torn and
 * the second old; the first new and the second old or torn.  Accepted is just
 * that: one copy that is not whole (magic, size, place, checksum) gives way to
 * the other; two whole ones must say the same, or the first be ahead by
 * HD_LUKS_STEP at most, which then holds.  The same seqid with other content,
 * or the second ahead, is refused.  That no other volume's key is behind it is
 * for the signed mark to say, not for this.
 */
#define HD_LUKS_STEP      16u    /* a change of users adds fewer to seqid */
#define HD_LUKS_JSON      16384u /* bytes of one header, binary and JSON */
#define HD_LUKS_KEYSLOTS  32     /* LUKS2_KEYSLOTS_MAX */
#define HD_LUKS_AREA      (252u << 10) /* bytes of one keyslot's area */
#define HD_LUKS_KEY_BYTES 64           /* aes-256-xts */
#define HD_LUKS_CIPHER    "aes-xts-plain64"

/* Where the data begins in a key volume, which has room for all keyslots, and
 * in any other, which has one. */
#define HD_LUKS_OFFSET_KEY   (9u << 20)
#define HD_LUKS_OFFSET_OTHER (1u << 20)
/* Bytes for keyslot areas in front of such an offset, behind both headers. */
#define HD_LUKS_AREAS(offset)                                                  \
    ((offset) < HD_LUKS_OFFSET_KEY ? (offset)-2 * HD_LUKS_JSON : 8u << 20)

/* Argon2's cost, at most; the host's policy may ask for less. */
#define HD_LUKS_MEMORY_MAX (2u << 20) /* KiB */
#define HD_LUKS_TIME_MAX   64u
#define HD_LUKS_LANES_MAX  8u
/* PBKDF2's iterations over what has 256 random bits or more. */
#define HD_LUKS_PBKDF2_MIN 1000u
#define HD_LUKS_PBKDF2_MAX 1000000u

#define HD_LUKS_TOKEN_USER     "hotdom-user"     /* and "user": its name */
#define HD_LUKS_TOKEN_RECOVERY "hotdom-recovery" /* the user of that name */
#define HD_LUKS_RECOVERY_USER  "recovery"

/* In the signed manifest; zero when the volume is not encrypted. */
struct hd_luks {
    struct hd_uuid uuid;
    uint64_t offset;  /* bytes from the partition's start to the data */
    uint8_t mark[32]; /* of the volume key, see hd_luks_mark */
};

struct hd_luks_user {
    char name[HD_NAME_SIZE];
    uint32_t keyslot;
};

/* Plain data: what the sandbox found in a header. */
struct hd_luks_facts {
    uint32_t n_users;
    struct hd_luks_user users[HD_LUKS_KEYSLOTS]; /* names are unique */
    /* The largest that any keyslot asks for. */
    uint32_t memory_kib, time, lanes;
    uint32_t seqid_low; /* grows with each change of the header */
};

/*
 * Judges a header that is in memory: `len` bytes from the partition's start,
 * both copies and all keyslot areas in it; `size` is the partition's.
 * HD_E_BAD_VOLUME says what is not as it must be.  Uses no more than 4 MiB, and
 * leaves `header` as it is: a copy that does not hold stays in it.
 */
int hd_luks_header_check(const uint8_t *header, size_t len, uint64_t size,
                         const struct hd_luks *expect,
                         struct hd_luks_facts *ret, struct hd_err *err);

/* No more than HD_LUKS_*_MAX, and not nothing. */
bool hd_luks_kdf_bounded(uint32_t memory_kib, uint32_t time, uint32_t lanes);

/* For facts from another process; `users`: there must be some, or none. */
int hd_luks_header_check_facts(const struct hd_luks_facts *facts, bool users,
                               struct hd_err *err);

/*
 * Reads the header of the volume at [start, start + size) of `medium` once,
 * into a sealed memfd of expect->offset bytes (areas that no keyslot uses are
 * holes), and judges that copy.  A header copy that does not hold is replaced
 * by the other there, so that libcryptsetup sees two that agree and has nothing
 * to repair.  Gives the descriptor or -1.
 */
int hd_luks_header_copy(int medium, uint64_t start, uint64_t size,
                        const struct hd_luks *expect, struct hd_luks_facts *ret,
                        struct hd_err *err);

#endif
