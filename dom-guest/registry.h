/* SPDX-License-Identifier: MIT */
/* The guest's own part of its registry: keys and typed values in one file of
 * its volume, which outlast a crash and a pulled plug. */
#ifndef HD_GUEST_REGISTRY_H
#define HD_GUEST_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../pv-drivers/base/entry.h"
#include "../pv-drivers/base/err.h"
#include "../pv-drivers/base/mem.h"

#define HD_REGISTRY_FILE "registry" /* in its folder */
#define HD_REGISTRY_LOCK "registry.lock"
#define HD_REGISTRY_KEYS 65536       /* at most */
#define HD_REGISTRY_SIZE (64u << 20) /* bytes of the file, at most */
#define HD_REGISTRY_LOG  1024        /* changes that are known afterwards */

/*
 * One transaction.  It holds a lock, so that one writes while nobody reads;
 * every transaction is short, and a process that dies gives it back.  The file
 * is mapped: where it is damaged a call may fail with HD_E_BAD_VOLUME, or end
 * this process (SIGBUS, SIGSEGV, SIGABRT), so whoever must not end calls it
 * behind hd_guard_run.
 */
struct hd_registry;

enum hd_registry_mode { HD_REGISTRY_READ, HD_REGISTRY_WRITE };

/* HD_E_BUSY when another process has the lock until the deadline.  To read
 * where there is no file yet is success, and there is no key; to write makes
 * it, and the folder, both their owner's alone. */
int hd_registry_open(const char *dir, enum hd_registry_mode mode,
                     uint64_t deadline_ms, struct hd_registry **ret,
                     struct hd_err *err);
/* Throws away what was not committed. */
void hd_registry_free(struct hd_registry *r);
HD_DEFINE_AUTO(hd_registry)

/* 1 with the value, borrowed until the next change or the end; 0: there is no
 * such key.  -1 also where it is damaged. */
int hd_registry_get(struct hd_registry *r, const char *key,
                    struct hd_value *ret, struct hd_err *err);
/* The first key behind `from` (all below that one as well, when `past`) that is
 * `above` or below it, in an order in which those follow one another.  As
 * hd_registry_get. */
int hd_registry_next(struct hd_registry *r, const char *above, const char *from,
                     bool past, struct hd_entry *ret, struct hd_err *err);

int hd_registry_set(struct hd_registry *r, const char *key,
                    const struct hd_value *value, struct hd_err *err);
/* With all below it; how many there were. */
int hd_registry_remove(struct hd_registry *r, const char *key, size_t *ret_n,
                       struct hd_err *err);
/* After 0 all of it is on the volume, after -1 none, whatever happens. */
int hd_registry_commit(struct hd_registry *r, struct hd_err *err);

/* The number of the last change, and that before the first, which is higher
 * than all of a registry that was here before and was moved aside, as long as
 * the clock goes forward.  HD_REGISTRY_NONE where there is no file. */
#define HD_REGISTRY_NONE 1u
uint64_t hd_registry_sequence(const struct hd_registry *r);
uint64_t hd_registry_first(const struct hd_registry *r);
/* The change behind number `*at`, which becomes its number: 1 and its key; 0:
 * there is none.  Numbers that are left out are not known any more. */
int hd_registry_change(struct hd_registry *r, uint64_t *at,
                       char ret[HD_KEY_SIZE], struct hd_err *err);

/*
 * Gets of one process after another: the file stays open, and each of them is a
 * transaction of its own under the lock, so that nobody who writes waits for
 * more than one.  What was set is seen, and so is another file where one was
 * moved aside or made.  Not behind hd_guard_run, which would cost it the file:
 * where that is damaged this process may end, as above.
 */
struct hd_registry_reader;

int hd_registry_reader_open(const char *dir, struct hd_registry_reader **ret,
                            struct hd_err *err);
void hd_registry_reader_free(struct hd_registry_reader *r);
HD_DEFINE_AUTO(hd_registry_reader)

/* As hd_registry_get, the value until the next; HD_E_BUSY as above. */
int hd_registry_reader_get(struct hd_registry_reader *r, const char *key,
                           uint64_t deadline_ms, struct hd_value *ret,
                           struct hd_err *err);

/* Looks at every page and record; may end this process as above. */
int hd_registry_check(const char *dir, struct hd_err *err);
/* Of a file that was found damaged: looks again, with nobody else at it, and
 * if it is, moves it aside as registry.bad-N, whose path is told, so that the
 * next one begins anew: 1; 0: it is sound.  Fails, and moves nothing, where
 * the medium cannot be read or who looks is not let to its end.  Blocks for
 * half a minute at most. */
int hd_registry_rescue(const char *dir, char *ret_path, size_t size,
                       struct hd_err *err);

#endif
