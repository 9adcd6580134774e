/* SPDX-License-Identifier: MIT */
/* What the view has mounted, as HD_GUEST_MOUNTS has it: a line each, the
 * mount's number, its file system's device, its mount point and of what
 * it is in the tables, in the order in which they were mounted. */
#ifndef HD_GUEST_MOUNTED_H
#define HD_GUEST_MOUNTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../pv-drivers/base/err.h"
#include "../pv-drivers/base/mem.h"

/* The number of the mount that is on top at `path`; 0: there is none. */
uint64_t hd_mounted_at(const char *path);

/* A copy of what is mounted at `path`, or of the mount that it is in, mounted
 * nowhere; what is mounted in the one does not appear in the other.  Returns a
 * descriptor that the caller closes, or -1. */
int hd_mounted_copy(const char *path);

/* Lets this process, and those it starts, have the copies of HD_LAYERS. */
void hd_mounted_make_room(void);

/* What was mounted at `path` just now, no link; for `of`: the path of an
 * exception, "-" and that of an inclusion, or "".  Its device is noted by the
 * next hd_mounted_tidy, for what is mounted is long to read. */
int hd_mounted_note(const char *path, const char *of, struct hd_err *err);

struct hd_mounted {
    uint64_t id;
    dev_t dev; /* 0: not known */
    bool on_top;
    const char *at, *of; /* of the notes */
};

/* What was noted and is mounted still. */
struct hd_mounted_notes;

/* NULL when that cannot be read; the calls below take it for no note. */
struct hd_mounted_notes *hd_mounted_load(void);
void hd_mounted_notes_free(struct hd_mounted_notes *notes);
HD_DEFINE_AUTO(hd_mounted_notes)

/* What was noted for `of`, on top if any is, the last of these; borrowed of the
 * notes.  NULL: none is. */
const struct hd_mounted *hd_mounted_find(const struct hd_mounted_notes *notes,
                                         const char *of);
/* As hd_mounted_copy, of the exception `of` where that is on top. */
int hd_mounted_copy_of(const struct hd_mounted_notes *notes, const char *of);

/* Forgets what has gone, and what stands there twice, and notes the devices of
 * what stays. */
void hd_mounted_tidy(void);

/* Takes away all that is on top where it was mounted, but for the `n` numbers
 * of `keep`; what is in use goes when that is over.  What the guest has hidden
 * stays, and stays noted. */
void hd_mounted_drop(const uint64_t keep[], size_t n);

#endif
