/* SPDX-License-Identifier: MIT */
/*
 * Keyslots of a LUKS2 header in memory, through libcryptsetup; never touches
 * device-mapper, and never a medium but in hd_luks_write.
 *
 * A store's first encrypted volume is its key volume: one keyslot and one token
 * a user, and one for the recovery key.  Each other volume has one keyslot,
 * whose passphrase comes from the key volume's key (hd_luks_derive): one
 * password, one KDF, and a change of users changes one header.
 *
 * Keys and passwords are in struct hd_secret here.  libcryptsetup keeps its own
 * copies in memory that it locks, as far as RLIMIT_MEMLOCK goes, and cleanses;
 * what Argon2 works in is cleansed, and locked only where the caller locks all
 * of its memory, as hotdom-job does: it may be 2 GiB.
 */
#ifndef HD_VOLUME_LUKS_H
#define HD_VOLUME_LUKS_H

#include <stddef.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/mem.h"
#include "luks_header.h"

/* Argon2id's cost for new keyslots.  libcryptsetup 2.6 takes no more lanes than
 * 4 and than there are CPUs, and no more than half of the memory. */
struct hd_luks_cost {
    uint32_t memory_kib, time, lanes;
};

/* 256 MiB, 4 passes, 4 lanes: what a laptop of ten years ago does in 1 s. */
extern const struct hd_luks_cost hd_luks_default_cost;

/* All descriptors `header` are memfds with one header; those that change it
 * must not be sealed.  All block for the KDF's time and take its memory. */

/* A new header with a new random key and no keyslot, for a volume with data
 * from `offset`, HD_LUKS_OFFSET_KEY or _OTHER.  `*ret_key` is the volume key.
 */
int hd_luks_make(const struct hd_uuid *uuid, uint64_t offset, int *ret_header,
                 struct hd_secret **ret_key, struct hd_err *err);

/* What follows changes `header`; after a failure half of the change may be in
 * it, so drop it. */

/* A keyslot and its token.  HD_E_EXISTS when there is such a user, HD_E_LIMIT
 * when no keyslot is free or the JSON is full: 32 short names fit, or 29 of the
 * longest.  User "recovery" gets the recovery token. */
int hd_luks_add(int header, const struct hd_secret *key, const char *user,
                const struct hd_secret *password,
                const struct hd_luks_cost *cost, struct hd_err *err);
/* The keyslot of a volume that is not the key volume. */
int hd_luks_add_derived(int header, const struct hd_secret *key,
                        const struct hd_secret *derived, struct hd_err *err);
/* The user's password becomes this one.  HD_E_NO_USER; HD_E_LIMIT when no
 * keyslot is free: the old one is given up last, so that hd_luks_write is safe.
 * Removing and adding the same user before one hd_luks_write would not be. */
int hd_luks_change(int header, const struct hd_secret *key, const char *user,
                   const struct hd_secret *password,
                   const struct hd_luks_cost *cost, struct hd_err *err);
/* Keyslot, its material and token.  HD_E_NO_USER; HD_E_DENIED for the last user
 * but the recovery key. */
int hd_luks_remove(int header, const char *user, struct hd_err *err);

/* Opens the keyslot and gives the volume key.  HD_E_WRONG_PASSWORD.  A sealed
 * header will do. */
int hd_luks_open(int header, uint32_t keyslot, const struct hd_secret *password,
                 struct hd_secret **ret_key, struct hd_err *err);

/* Ties a volume key to the signed manifest: HMAC-SHA256 of the volume's UUID
 * text under the key.  hd_luks_check_mark: HD_E_BAD_VOLUME, "the header is not
 * the one that was signed". */
int hd_luks_mark(const struct hd_secret *key, const struct hd_uuid *uuid,
                 uint8_t ret[32], struct hd_err *err);
int hd_luks_check_mark(const struct hd_secret *key, const struct hd_luks *luks,
                       struct hd_err *err);

/* The passphrase of another volume's keyslot: lower-case hex of HMAC-SHA256 of
 * "hotdom derived " and its UUID text under the key volume's key. */
int hd_luks_derive(const struct hd_secret *key, const struct hd_uuid *uuid,
                   struct hd_secret **ret, struct hd_err *err);

/* A new recovery key: 256 random bits as 8 groups of 8 modhex letters, joined
 * by dashes, as systemd-cryptenroll prints them. */
int hd_luks_recovery_key(struct hd_secret **ret, struct hd_err *err);

/*
 * Writes the header to [start, ...) of `medium`, safe against power loss at any
 * point: the areas that its keyslots use, the first copy, the second, then what
 * removed keyslots leave; each is flushed before the next.  Until the first
 * copy is whole the medium's old header holds, then this one does; see
 * hd_luks_header_copy.  Call it after each change, for an area that the
 * medium's header uses must not be given to another keyslot.  Blocks.
 */
int hd_luks_write(int header, int medium, uint64_t start, struct hd_err *err);

#endif
