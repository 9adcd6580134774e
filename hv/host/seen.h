/* SPDX-License-Identifier: MIT */
/*
 * What this host has seen of each store: the highest generation, that
 * manifest's digest, and the highest generation that has booted.
 */
#ifndef HD_HOST_SEEN_H
#define HD_HOST_SEEN_H

#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/uuid.h"

/*
 * One file a store, `dir`/ID, where `dir` is HD_SEEN_DIR but for tests.  At
 * most so many: for a new store the one is dropped that was accepted last the
 * longest time ago.  To push a record out somebody must plug in so many other
 * stores, each with an id of its own below a trusted signature.  Whoever can
 * sign them has no use for an old copy: they can sign its content again, with
 * a higher generation.
 */
#define HD_SEEN_MAX 1024

struct hd_seen {
    uint64_t generation;
    uint8_t digest[32]; /* SHA-256 of the manifest */
    uint64_t booted;    /* 0: none yet */
};

/*
 * Everything here blocks, for reading or fsync(2) of a small file; threads and
 * processes may call at once.
 */

/*
 * For a manifest with a verified and trusted signature: HD_E_ROLLBACK for an
 * older generation, or the same with another digest; a higher one is on the
 * disk when this returns 0.  A record that is damaged is HD_E_ROLLBACK too,
 * one that cannot be read or written HD_E_IO.
 */
int hd_seen_accept(const char *dir, const struct hd_uuid *id,
                   uint64_t generation, const uint8_t digest[32],
                   struct hd_err *err);
/* A guest of this generation runs.  Nothing for a store without a record. */
int hd_seen_boot(const char *dir, const struct hd_uuid *id, uint64_t generation,
                 struct hd_err *err);
/* The highest generation that has run here; 0: none, or no record. */
int hd_seen_booted(const char *dir, const struct hd_uuid *id, uint64_t *ret,
                   struct hd_err *err);
/* HD_E_NO_STORE when there is none. */
int hd_seen_load(const char *dir, const struct hd_uuid *id, struct hd_seen *ret,
                 struct hd_err *err);
/* HD_E_NO_STORE when there is none. */
int hd_seen_forget(const char *dir, const struct hd_uuid *id,
                   struct hd_err *err);

#endif
