/* SPDX-License-Identifier: MIT */
/* What somebody asks of a running guest's registry; the guest answers, or the
 * deadline does. */
#ifndef HD_DAEMON_INQUIRY_H
#define HD_DAEMON_INQUIRY_H

#include "../../pv-drivers/base/regcall.h"
#include "../control/control.h"

/* Asked at a time: each takes one of libuv's four threads for as long as its
 * guest takes to answer.  A guest is asked one thing at a time; who comes
 * meanwhile waits, and so many do. */
#define HD_INQUIRIES         2
#define HD_INQUIRIES_WAITING 16

/* `question`'s bytes, which ask for `op`, are taken.  `conn` is answered later:
 * {"store", "guest"} and hd_registry_read_answer's.  HD_E_NO_GUEST when the
 * guest does not run, HD_E_BUSY when it stands still or too many wait. */
int hd_inquiry_begin(struct hd_store *store, const struct hd_guest_life *guest,
                     struct hd_entries *question, enum hd_regcall_op op,
                     struct hd_conn *conn, struct hd_err *err);

/* Who is asked is left, for libuv waits for its threads. */
void hd_inquiry_stop(void);

#endif
