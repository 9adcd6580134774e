/* SPDX-License-Identifier: MIT */
/* Who is at the registry's file: many that read, or one that writes. */
#ifndef HD_GUEST_REGISTRY_LOCK_H
#define HD_GUEST_REGISTRY_LOCK_H

#include <stdint.h>

#include "registry.h"

/* Makes the folder where it is not there; it is its owner's alone, for whoever
 * may open the lock could keep it. */
int hd_registry_folder(const char *dir, struct hd_err *err);

/* The lock's file, for hd_registry_lock_take and flock(2); to write makes the
 * folder.  To read where there is no registry needs none, and *ret_fd is left
 * alone. */
int hd_registry_lock_open(const char *dir, enum hd_registry_mode mode,
                          int *ret_fd, struct hd_err *err);
/* HD_E_BUSY when somebody else has it until the deadline. */
int hd_registry_lock_take(int fd, const char *dir, enum hd_registry_mode mode,
                          uint64_t deadline_ms, struct hd_err *err);

/* Both: *ret_fd holds the lock until it is closed, in a child as well. */
int hd_registry_lock(const char *dir, enum hd_registry_mode mode,
                     uint64_t deadline_ms, int *ret_fd, struct hd_err *err);

#endif
