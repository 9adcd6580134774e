/* SPDX-License-Identifier: MIT */
/* The host's own links on the way to a path: /lib, which is usr/lib. */
#ifndef HD_FS9P_LINKS_H
#define HD_FS9P_LINKS_H

#include <stdbool.h>

#include "session.h"
#include "wire.h"

#define HD_LINKS_MAX 16 /* of one path */

/*
 * Writes where `path`, normalised and beneath the folder `root`, is when the
 * links on its way are followed, and with `whole` also the one that it may be
 * itself: again normalised and beneath it.  Only links count that belong to the
 * owner of `root`: anybody else's lead nowhere.  It opens what it passes as
 * O_PATH, one name at a time and beneath `root`, and what it writes is a text:
 * whoever opens it must not follow links again.  0 or an errno; ELOOP for too
 * many links and for one that is another's.
 */
int hd_links_resolve(int root, const char *path, bool whole,
                     char ret[HD_9P_PATH]);

#endif
