/* SPDX-License-Identifier: MIT */
/* `hotdom-guest registry get -`: many gets of one process. */
#ifndef HD_GUEST_REGISTRY_LINES_H
#define HD_GUEST_REGISTRY_LINES_H

#include <stdio.h>

#include "xsdev.h"

/*
 * Reads keys of `fd`, one a line, and answers each in a line of hd_registry_
 * show_entry, in their order and at once, so that another program may wait for
 * it; at the end of `fd` it is done.  A line that is no key ends it,
 * HD_E_USAGE. Keys of guest/ are of hd_registry_reader, which keeps the file
 * open and may end this process where it is damaged; host/ and store/ are read
 * of `x` anew for each, or, where that is NULL, fail with `no_host`.
 */
int hd_registry_lines(const char *dir, struct hd_xsdev *x,
                      const struct hd_err *no_host, int fd, FILE *out,
                      struct hd_err *err);

#endif
