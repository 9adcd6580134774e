/* SPDX-License-Identifier: MIT */
/* Between the parts of the xenstore in memory: what its socket asks of its
 * nodes, for one client at a time.  Tests have xs_kit.h. */
#ifndef HD_TEST_XS_KIT_STORE_H
#define HD_TEST_XS_KIT_STORE_H

#include <stdbool.h>
#include <stddef.h>

/* Each is false, or NULL, with errno. */
const char *xs_kit_read(const char *path);
bool xs_kit_write(const char *path, const char *data, size_t len);
bool xs_kit_mkdir(const char *path);
bool xs_kit_rm(const char *path);
/* "n0" and "r7", each with its NUL. */
bool xs_kit_set_rights(const char *path, const char *rights);
void xs_kit_begin(void);
bool xs_kit_end(bool commit);

/* The names of a node's children, each with its NUL, into `size` bytes; how
 * many they are. */
size_t xs_kit_list(const char *path, char *names, size_t size);

#endif
