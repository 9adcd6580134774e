/* SPDX-License-Identifier: MIT */
/* Mount points: what is made only so that something can be mounted there, and
 * which of it is to be gone again from the guest's volume. */
#ifndef HD_GUEST_POINTS_H
#define HD_GUEST_POINTS_H

#include <limits.h>
#include <stdbool.h>

#include "../pv-drivers/base/err.h"

/* Where the guest's own path leads, for nothing is mounted on a link; what is
 * not there yet is where it would be made. */
int hd_points_find(const char *path, char ret[PATH_MAX], struct hd_err *err);

/* Makes `path`, as of hd_points_find, a folder or an empty file, and the
 * folders above it, where it is not there yet.  What of it is new on the
 * guest's root is noted in `writes` (NULL: nowhere), or, where that takes no
 * note, is not; nor is what is on other file systems, which may not be there
 * when somebody looks again. */
int hd_points_make(const char *writes, const char *path, bool folder,
                   struct hd_err *err);

/*
 * The same inside the exception `of`, whose overlay would keep it as if the
 * guest had written it: it is noted beside its upper folder.  `ret` is where it
 * is, as of hd_points_find.
 *
 * Links on the way to `of` are the guest's own and lead where it wants.  Those
 * inside of it are of whoever had the volume or the host's files: nothing is
 * made behind one, and HD_E_DENIED is the answer where one leads out.
 *
 * A note is on the volume before what it names is made, and goes after that
 * one: whatever is cut off in between leaves a note of nothing, which the next
 * hd_points_clear forgets before the guest can make something there, and never
 * a mount point that nobody knows as one.
 */
int hd_points_make_in(const char *writes, const char *of, const char *path,
                      bool folder, char ret[PATH_MAX], struct hd_err *err);

/*
 * Takes away what was noted for `of`, or for NULL of the guest's root, and is
 * empty still; what is not is the guest's from now on, and so is what has a
 * link on the way.  `at`: where the
 * overlay of `of` is mounted, with nothing in it yet; what the host has by now
 * stays there, for the overlay would hide it in return.  NULL: it is not
 * mounted.  What cannot be taken away, of which `err` names one, stays noted,
 * as that of the host does, and on the root what is mounted upon or hidden; all
 * the others are done, and forgotten.
 */
int hd_points_clear(const char *writes, const char *of, const char *at,
                    struct hd_err *err);

#endif
