/* SPDX-License-Identifier: MIT */
/* How the tables of a guest that runs change; see pv-drivers/base/tables.h. */
#ifndef HD_DAEMON_TABLING_H
#define HD_DAEMON_TABLING_H

#include "../control/control.h"
#include "../store/host_view.h"

/* Both fail as hd_shown_find; HD_E_DENIED: the policy does not show that path,
 * or what the guest's agent or a key of its registry has would be the host's.
 * `conn` is answered when the guest has the tables and its agent was told,
 * {"store", "guest", "path", "message"}; or an error, and they are as they
 * were, or its message says how far it came. */
int hd_tabling_add(struct hd_store *store, struct hd_guest_life *guest,
                   const struct hd_view_entry *entry, struct hd_conn *conn,
                   struct hd_err *err);
int hd_tabling_remove(struct hd_store *store, struct hd_guest_life *guest,
                      const char *path, struct hd_conn *conn,
                      struct hd_err *err);

/* What the policy, which may be another by now, does not show of a guest that
 * runs goes, as if by hd_tabling_remove; nothing goes without a policy. */
void hd_tabling_judge(struct hd_store *store, struct hd_guest_life *guest);
void hd_tabling_judge_all(struct hd_stores *stores);
/* The same of one that starts again: of the plan, at once.  Fails, without a
 * policy, where it has a host view. */
int hd_tabling_narrow(struct hd_store *store, const struct hd_guest_life *guest,
                      struct hd_err *err);

/* An earlier hotdomd may have ended between the plan and the process that
 * serves: gives each guest what its plan says and the policy shows. */
void hd_tabling_adopt(struct hd_store *store);

#endif
