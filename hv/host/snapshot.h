/* SPDX-License-Identifier: MIT */
/* What is on the host that hotdom could leave something in, as a list of names;
 * never changes any of it. */
#ifndef HD_HOST_SNAPSHOT_H
#define HD_HOST_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/mem.h"

/*
 * Sorted lines "KIND VALUE" without doubles:
 *   domain UUID DOMID     xenstore PATH       dm NAME        loop DEVICE FILE
 *   mount TARGET          netdev NAME         port BRIDGE/NAME
 *   file PATH             (below /etc /run /var/lib /tmp, folders too)
 * Names only: a file that changed is not a difference.  Odd characters are '?'.
 */
struct hd_snapshot {
    char **lines; /* owned, each of them too */
    size_t n;
    uint64_t memory_kib; /* free in Xen, scrubbing pages too */
};

/* Root only; blocks for some tens of milliseconds. */
int hd_snapshot_take(struct hd_snapshot **ret, struct hd_err *err);
void hd_snapshot_free(struct hd_snapshot *snapshot);
HD_DEFINE_AUTO(hd_snapshot)

/* One line a line, behind "memory KIB". */
int hd_snapshot_save(const struct hd_snapshot *snapshot, const char *path,
                     struct hd_err *err);
int hd_snapshot_load(const char *path, struct hd_snapshot **ret,
                     struct hd_err *err);

/* Keeps what is on the host now, unless that was done since it booted: before
 * the first store, for a later one would hide what is left of those in between.
 * As hd_snapshot_take. */
int hd_snapshot_baseline(struct hd_err *err);

/* For those who make one: an empty one, one line more (in any order; 0 or -1
 * with errno), and the sorting at the end. */
struct hd_snapshot *hd_snapshot_new(void);
int hd_snapshot_add(struct hd_snapshot *snapshot, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void hd_snapshot_sort(struct hd_snapshot *snapshot);

/* Whether a line is there, or one that goes on behind a blank. */
bool hd_snapshot_has(const struct hd_snapshot *snapshot, const char *line);

struct hd_difference {
    const char *line; /* borrowed from the snapshot that has it */
    bool added;
};

/* What differs, in order; the caller frees `*ret`. */
int hd_snapshot_diff(const struct hd_snapshot *before,
                     const struct hd_snapshot *after,
                     struct hd_difference **ret, size_t *ret_n,
                     struct hd_err *err);

#endif
