/* SPDX-License-Identifier: MIT */
/* A guest's registry for tests: on a real folder, one at a time. */
#ifndef HD_TEST_REGISTRY_KIT_H
#define HD_TEST_REGISTRY_KIT_H

#include <sys/types.h>

#include "../../dom-guest/registry.h"

extern char registry_dir[40];

/* The folder is there, and gone with all that is in it. */
void registry_begin(void);
void registry_end(void);
/* Its path in the folder; until the next. */
const char *registry_at(const char *name);

struct hd_value registry_text(const char *s);
/* Owned by the caller. */
struct hd_registry *registry_open_as(enum hd_registry_mode mode);
/* In a transaction of its own. */
void registry_set_value(const char *key, const struct hd_value *value);
void registry_set(const char *key, const char *value);
/* The value, or "-" where there is none, or "!" where it cannot be read. */
const char *registry_get(const char *key);

/* pread(2) of this byte of any file and of those behind it fails with EIO, as a
 * medium's does; 0: none.  once.c stands there. */
extern off_t registry_unreadable;

/* What a cut left, without a sync: there are many. */
void registry_leave(const char *bytes, size_t n);
/* Its file's bytes, which are the caller's. */
char *registry_taken(size_t *ret_len);

#endif
