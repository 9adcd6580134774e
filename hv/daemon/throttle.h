/* SPDX-License-Identifier: MIT */
/* Wrong passwords per store: a few are free, then each costs a longer wait. */
#ifndef HD_DAEMON_THROTTLE_H
#define HD_DAEMON_THROTTLE_H

#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/uuid.h"

#define HD_THROTTLE_FREE   3
#define HD_THROTTLE_MAX_MS (5 * 60 * 1000)
#define HD_THROTTLE_STORES 1024 /* remembered at once, at most */

/* Counts by the store's id, so that unplugging helps nobody. */
struct hd_throttle;

struct hd_throttle *hd_throttle_new(void);
void hd_throttle_free(struct hd_throttle *throttle);
HD_DEFINE_AUTO(hd_throttle)

/* Before a password is looked at: HD_E_THROTTLED says how long to wait, else
 * the try counts as wrong from now on.  `now_ms` is hd_io_now_ms(). */
int hd_throttle_charge(struct hd_throttle *throttle, const struct hd_uuid *id,
                       uint64_t now_ms, struct hd_err *err);
/* It was wrong: the wait begins now, when the answer goes out, however long the
 * check took. */
void hd_throttle_wrong(struct hd_throttle *throttle, const struct hd_uuid *id,
                       uint64_t now_ms);
/* It was right: nothing counts against that store any more. */
void hd_throttle_clear(struct hd_throttle *throttle, const struct hd_uuid *id);

#endif
