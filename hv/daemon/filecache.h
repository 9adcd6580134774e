/* SPDX-License-Identifier: MIT */
/* Kernels, unpacked, and ramdisks of stores that were here, so that the next
 * store with the same ones is there sooner; in memory only, bounded in bytes
 * and in age. */
#ifndef HD_DAEMON_FILECACHE_H
#define HD_DAEMON_FILECACHE_H

#include <stddef.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "../store/reader.h"

/* Entries, at most: each is a descriptor of ours. */
#define HD_FILECACHE_MAX 64
/* An entry that no store asked for within a day is dropped. */
#define HD_FILECACHE_AGE_MS 86400000u

/*
 * What is in it came from a reader with a trusted store and was compared with
 * its digest; what was a kernel there was checked for Xen too, and nothing else
 * is a kernel for another store.  That reader's word is all there is for it. It
 * is as readable on the stick as here: a header holds no secrets.  No call
 * blocks; `now_ms` is hd_io_now_ms().
 */
struct hd_filecache;

struct hd_filecache *hd_filecache_new(void); /* NULL: no memory; it holds 0 */
void hd_filecache_free(struct hd_filecache *cache);

/* `bytes` at most from now on; those not used for longest go first. */
void hd_filecache_limit(struct hd_filecache *cache, uint64_t bytes);
void hd_filecache_expire(struct hd_filecache *cache, uint64_t now_ms);
uint64_t hd_filecache_bytes(const struct hd_filecache *cache);

/* Keeps what guests begin with among `fds`, one for each file of the manifest,
 * which stay the caller's; the kernels first, for to unpack one takes longest.
 * Those that are there already count as used now. */
void hd_filecache_add(struct hd_filecache *cache, const struct hd_manifest *m,
                      const int *fds, uint64_t now_ms);

/* What is known while one store is read: it stays, whatever the cache drops. */
struct hd_filecache_view;

struct hd_filecache_view *hd_filecache_view_new(struct hd_filecache *cache);
void hd_filecache_view_free(struct hd_filecache_view *view);
/* For hd_reader_known; valid as long as the view. */
const struct hd_known *hd_filecache_view_list(
    const struct hd_filecache_view *view, size_t *ret_n);
/* Puts descriptors, the caller's then, in place of each -1 in `fds`; -1 when
 * the answer calls a file known that is not.  On failure none was put. */
int hd_filecache_view_fill(const struct hd_filecache_view *view,
                           const struct hd_answer *answer, int *fds,
                           struct hd_err *err);

#endif
