/* SPDX-License-Identifier: MIT */
/*
 * The one gate before any password check: a try is on the disk as a wrong one
 * before the password is looked at, so that neither a pull, a kill, a restart
 * nor a reboot makes tries cheaper.
 */
#ifndef HD_HOST_TRIES_H
#define HD_HOST_TRIES_H

#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/uuid.h"
#include "throttle.h"

/*
 * `dir` is HD_TRIES_DIR but for tests.  Its file "state" is hd_throttle's text;
 * several processes may use it at once.  When it cannot be read, understood or
 * written, no password is looked at.
 */

/* 0 when the password fits, HD_E_WRONG_PASSWORD when not. */
typedef int hd_tries_fn(void *ctx, struct hd_err *err);

/*
 * For jobs: charges the try durably, or HD_E_THROTTLED; then asks `check`,
 * once, and writes what it said.  Any other error of `check` counts as a wrong
 * password.  Blocks for fsync(2) and for `check`; holds no lock during it.
 */
int hd_tries_check(const char *dir, const struct hd_uuid *id,
                   hd_tries_fn *check, void *ctx, struct hd_err *err);

/* For hotdomd: milliseconds until the next try is allowed, 0: now.  Reads one
 * small file and writes nothing. */
int hd_tries_wait(const char *dir, const struct hd_uuid *id, uint64_t *ret_ms,
                  struct hd_err *err);
/* The same as an answer: HD_E_THROTTLED, or why no password is looked at. */
int hd_tries_allow(const char *dir, const struct hd_uuid *id,
                   struct hd_err *err);

/* Once a boot, as early as may be: from now on a clock that is set forward
 * shortens no wait.  Blocks for fsync(2). */
int hd_tries_boot(const char *dir, struct hd_err *err);

/* Now, on this host. */
int hd_tries_clock(struct hd_clock *ret, struct hd_err *err);

#endif
