/* SPDX-License-Identifier: MIT */
/* What hotdom-9p may ask of the kernel while it serves. */
#ifndef HD_FS9P_FILTER_H
#define HD_FS9P_FILTER_H

#include "../base/err.h"

/* All threads, for ever: it reads files and talks to what is open; any other
 * system call ends the process. */
int hd_9p_filter(struct hd_err *err);

#endif
