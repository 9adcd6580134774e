/* SPDX-License-Identifier: MIT */
/* The parts of the registry that the host writes, host/ and store/: read of
 * xenstore, never kept. */
#ifndef HD_GUEST_TOLD_H
#define HD_GUEST_TOLD_H

#include <stdbool.h>

#include "../pv-drivers/base/entry.h"
#include "../pv-drivers/base/mem.h"
#include "xsdev.h"

#define HD_TOLD_MAX 768 /* entries */

struct hd_told; /* opaque; in the order of hd_key_compare */

/* What stands below data/hotdom now: host/... and store/... as they are, and of
 * map/CLASS/NAME host/map/NAME/class, how, host and device.  What is no key or
 * no value is left out. */
int hd_told_load(struct hd_xsdev *x, struct hd_told **ret, struct hd_err *err);
void hd_told_free(struct hd_told *told);
HD_DEFINE_AUTO(hd_told)

/* As hd_registry_get and _next, but that nothing fails; `told` may be NULL, and
 * has nothing then. */
bool hd_told_get(const struct hd_told *told, const char *key,
                 struct hd_value *ret);
bool hd_told_next(const struct hd_told *told, const char *above,
                  const char *from, bool past, struct hd_entry *ret);

/* Each entry at and below `above` that `now` has and `before` had not so, and
 * without a value each that it has no more; in the order of keys. */
void hd_told_compare(const struct hd_told *before, const struct hd_told *now,
                     const char *above,
                     void (*fn)(void *ctx, const struct hd_entry *e),
                     void *ctx);

/* ---- for the tests */

struct hd_told *hd_told_new(void);
/* Of one node: its path below data/hotdom, with "@" for "." as xenstore has it,
 * and its value. */
void hd_told_take(struct hd_told *told, const char *path, const char *value);
void hd_told_sort(struct hd_told *told);

#endif
