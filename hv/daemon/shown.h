/* SPDX-License-Identifier: MIT */
/* The tables of a guest that runs: what it reads from the host, and who says
 * so; see pv-drivers/base/tables.h. */
#ifndef HD_DAEMON_SHOWN_H
#define HD_DAEMON_SHOWN_H

#include <json-c/json.h>

#include "../control/control.h"
#include "../plan/plan.h"

/* They are in the plan that starts the guest again, so that they outlast a
 * restart of it and one of hotdomd, and are gone with the store.  All of these:
 * HD_E_NO_GUEST when it does not run, HD_E_NO_DEVICE when its manifest gives it
 * no host view. */

/* As the plan has them, and borrowed from it. */
int hd_shown_find(const struct hd_store *store,
                  const struct hd_guest_life *guest, struct hd_plan_view *ret,
                  struct hd_err *err);

/* {"store", "guest", "entries": [{"path", "side", "from", "allowed"}]}, the
 * exceptions first; the caller's. */
int hd_shown_list(struct hd_store *store, const struct hd_guest_life *guest,
                  struct json_object **ret, struct hd_err *err);
/* {"store", "guest", "path", "side", "entry", "from"}; the last two are null
 * when no entry decides; the caller's. */
int hd_shown_which(struct hd_store *store, const struct hd_guest_life *guest,
                   const char *path, struct json_object **ret,
                   struct hd_err *err);

/* What the guest asks for from now on, to `conn`, until that hangs up or the
 * guest has ended. */
int hd_shown_follow(struct hd_store *store, const struct hd_guest_life *guest,
                    struct hd_conn *conn, struct hd_err *err);

#endif
