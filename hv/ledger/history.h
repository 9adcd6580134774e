/* SPDX-License-Identifier: MIT */
/* What was ever ours since boot, so that verify-host knows it again. */
#ifndef HD_LEDGER_HISTORY_H
#define HD_LEDGER_HISTORY_H

/* No file is larger; with all domids that Xen has it is not half of that. */
#define HD_HISTORY_BYTES (1 << 20)

/* Notes "KIND VALUE" in the file `path`, once; when it is full, the older half
 * goes.  Waits for another process that does the same.  0, or -1 with errno. */
int hd_ledger_history_add(const char *path, const char *kind,
                          const char *value);

#endif
