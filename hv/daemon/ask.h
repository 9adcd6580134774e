/* SPDX-License-Identifier: MIT */
/* Has systemd's password agents ask for a locked store's password: whoever sits
 * at a desktop, or runs systemd-tty-ask-password-agent.  Never blocks. */
#ifndef HD_DAEMON_ASK_H
#define HD_DAEMON_ASK_H

#include "store.h"

#define HD_ASK_USERS 8 /* with more, nobody is asked for the store */

/* Questions, or the wait for the time when they may be posed. */
struct hd_ask;

/* Brings them in line with the store: for a locked one each of its users is
 * asked, side by side, for as long as the policy's `ask_password` says, and
 * again after a wrong password (`reason`, may be NULL); for any other nobody
 * is.  Who cannot be asked is logged, and the store stays locked. */
void hd_ask_look(struct hd_store *store, const char *reason);
/* It is not asked about any more; nothing of the questions is left. */
void hd_ask_end(struct hd_store *store);
/* Removes what a hotdomd that was killed has left. */
void hd_ask_sweep(void);

#endif
