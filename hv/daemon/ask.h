/* SPDX-License-Identifier: MIT */
/* Has systemd's password agents ask for a locked store's password: whoever sits
 * at a desktop, or runs systemd-tty-ask-password-agent.  Never blocks. */
#ifndef HD_DAEMON_ASK_H
#define HD_DAEMON_ASK_H

#include "store.h"

struct hd_ask; /* a question, or the wait for the time when it may be posed */

/* Brings it in line with the store: a locked one that has one user is asked
 * about, for as long as the policy's `ask_password` says and again after a
 * wrong password (`reason`, may be NULL); any other is not.  A question that
 * cannot be posed is logged, and the store stays locked. */
void hd_ask_look(struct hd_store *store, const char *reason);
/* It is not asked about any more; nothing of the question is left. */
void hd_ask_end(struct hd_store *store);
/* Removes what a hotdomd that was killed has left. */
void hd_ask_sweep(void);

#endif
