/* SPDX-License-Identifier: MIT */
/* Asks the agent of a guest that runs, through xenstore: every byte of the
 * answer may be anything. */
#ifndef HD_DOMAIN_INQUIRE_H
#define HD_DOMAIN_INQUIRE_H

#include <stdatomic.h>
#include <stdint.h>

#include "../../pv-drivers/base/entry.h"
#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/bus/xs.h"

/* The node below the guest's data/hotdom where it is asked, made with its
 * domain: writing it makes none, so nothing comes back of a domain that is
 * gone. */
#define HD_INQUIRE_NODE "registry/ask"

/* One question at a time to a guest: hd_regcall's bytes, and in `answer` what
 * came back, of which nobody has looked at more than its pieces.  Blocks until
 * then, or until the deadline, HD_E_TIMEOUT, or until another thread says stop:
 * HD_E_BUSY.  HD_E_NO_GUEST when it is gone.
 * The guest's node is looked at now and then and not watched, for it may write
 * there without end. */
int hd_inquire(struct hd_xs *xs, uint32_t domid,
               const struct hd_entries *question, uint64_t deadline_ms,
               const atomic_bool *stop, struct hd_entries *answer,
               struct hd_err *err);

#endif
