/* SPDX-License-Identifier: MIT */
/* Folders that are made when they are not there. */
#ifndef HD_GUEST_FOLDER_H
#define HD_GUEST_FOLDER_H

#include "../pv-drivers/base/err.h"

/* An absolute path, with what is above it, each 0755; being there is success.
 */
int hd_folder_make(const char *path, struct hd_err *err);
/* The same, and nobody but root gets into it, whatever is in there. */
int hd_folder_make_private(const char *path, struct hd_err *err);
/* What is above `path` alone. */
int hd_folder_make_above(const char *path, struct hd_err *err);

#endif
