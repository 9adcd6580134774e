/* SPDX-License-Identifier: MIT */
/* How many wrong passwords a host answers, and when; pure, on a clock that it
 * is given. */
#ifndef HD_HOST_THROTTLE_H
#define HD_HOST_THROTTLE_H

#include <stddef.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/uuid.h"

/* Of one store: so many tries are free, then each waits twice as long as the
 * one before, from 1 s to this, and a day has no more than so many. */
#define HD_THROTTLE_FREE   5
#define HD_THROTTLE_MAX_MS (15 * 60 * 1000)
#define HD_THROTTLE_A_DAY  100
/* Of all stores together, so that many store ids give no more tries; a new day
 * brings the free ones back. */
#define HD_THROTTLE_HOST_FREE   50
#define HD_THROTTLE_HOST_MAX_MS (60 * 1000)
#define HD_THROTTLE_HOST_A_DAY  1000

/*
 * Stores remembered at once.  The one that is dropped for a new one has had no
 * try within a day and waits for nothing.  There always is one: days that are
 * not over began within the last 24 hours, in which the host has allowed
 * at most 2 * HD_THROTTLE_HOST_A_DAY tries.
 */
#define HD_THROTTLE_STORES 2048

#define HD_THROTTLE_TEXT_MAX (512 << 10) /* bytes that format can give */

struct hd_clock {
    struct hd_uuid boot;  /* another one each time that the host boots */
    uint64_t boottime_ms; /* CLOCK_BOOTTIME */
    uint64_t wall_ms;     /* CLOCK_REALTIME: may be wrong, may be set */
};

/*
 * Times inside are of a clock of its own, which only goes forward: within a
 * boot by CLOCK_BOOTTIME, which nobody can set; across boots by what the wall
 * clock says has passed, and not at all when that is less than nothing.  So a
 * clock set back makes no wait shorter, and one set forward does so only
 * across a reboot.
 */
struct hd_throttle;

/* Nothing is counted yet, or NULL. */
struct hd_throttle *hd_throttle_new(const struct hd_clock *clock);
void hd_throttle_free(struct hd_throttle *throttle);
HD_DEFINE_AUTO(hd_throttle)

/* First of all when time may have passed. */
void hd_throttle_advance(struct hd_throttle *throttle,
                         const struct hd_clock *clock);
/* Milliseconds until the next password may be looked at; 0: now. */
uint64_t hd_throttle_wait_ms(const struct hd_throttle *throttle,
                             const struct hd_uuid *id);
/* Before a password is looked at: HD_E_THROTTLED says how long to wait, else
 * the try counts as wrong from now on. */
int hd_throttle_charge(struct hd_throttle *throttle, const struct hd_uuid *id,
                       struct hd_err *err);
/* It was wrong: the wait begins now, when the answer goes out, however long the
 * check took. */
void hd_throttle_wrong(struct hd_throttle *throttle, const struct hd_uuid *id);
/* It was right: that try is given back and the store's tries are free again;
 * the wrong ones of the day still count, or a user's own password would buy
 * tries at another one's. */
void hd_throttle_right(struct hd_throttle *throttle, const struct hd_uuid *id);

/* As text, which the caller frees; NULL without memory. */
char *hd_throttle_format(const struct hd_throttle *throttle);
/* Exactly such a text, or HD_E_FAILED. */
int hd_throttle_parse(const char *text, struct hd_throttle **ret,
                      struct hd_err *err);

#endif
