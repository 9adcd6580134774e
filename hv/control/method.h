/* SPDX-License-Identifier: MIT */
/* The methods of io.hotdom: a table and what each does. */
#ifndef HD_CONTROL_METHOD_H
#define HD_CONTROL_METHOD_H

#include "control.h"
#include "wire.h"

/* What a row does: 0: it has replied, or will when it is done; -1: the error is
 * the reply.  None blocks. */
typedef int hd_method_fn(struct hd_daemon *d, struct hd_conn *conn,
                         const struct hd_request *req, struct hd_err *err);

/* Performs the call that `text` holds, for the peer `conn`, and replies now or
 * when it is done. */
void hd_method_call(struct hd_daemon *daemon, struct hd_conn *conn,
                    const char *text);

/* True when the method changes something; false as well for an unknown one. */
bool hd_method_changes(const char *name);

#endif
