/* SPDX-License-Identifier: MIT */
/* The tables of a guest that runs: what it reads from the host, who says so,
 * and how that changes; see pv-drivers/base/tables.h. */
#ifndef HD_DAEMON_SHOWN_H
#define HD_DAEMON_SHOWN_H

#include <json-c/json.h>

#include "../control/control.h"
#include "../store/host_view.h"

/* They are in the plan that starts the guest again, so that they outlast a
 * restart of it and one of hotdomd, and are gone with the store.  All of these:
 * HD_E_NO_GUEST when it does not run, HD_E_NO_DEVICE when its manifest gives it
 * no host view. */

/* {"store", "guest", "entries": [{"path", "side", "from", "allowed"}]}, the
 * exceptions first; the caller's. */
int hd_shown_list(struct hd_store *store, const struct hd_guest_life *guest,
                  struct json_object **ret, struct hd_err *err);
/* {"store", "guest", "path", "side", "entry", "from"}; the last two are null
 * when no entry decides; the caller's. */
int hd_shown_which(struct hd_store *store, const struct hd_guest_life *guest,
                   const char *path, struct json_object **ret,
                   struct hd_err *err);

/* Both: `conn` is answered when the guest has the tables, {"store", "guest",
 * "path", "message"}, or an error and they are as they were.  HD_E_DENIED: the
 * policy does not show that path, or what the guest's agent or a key of its
 * registry has would be the host's. */
int hd_shown_add(struct hd_store *store, struct hd_guest_life *guest,
                 const struct hd_view_entry *entry, struct hd_conn *conn,
                 struct hd_err *err);
int hd_shown_remove(struct hd_store *store, struct hd_guest_life *guest,
                    const char *path, struct hd_conn *conn, struct hd_err *err);

/* What the guest asks for from now on, to `conn`, until that hangs up or the
 * guest has ended. */
int hd_shown_follow(struct hd_store *store, const struct hd_guest_life *guest,
                    struct hd_conn *conn, struct hd_err *err);

/* An earlier hotdomd may have ended between the plan and the process that
 * serves: gives each guest what its plan says. */
void hd_shown_adopt(struct hd_store *store);

#endif
