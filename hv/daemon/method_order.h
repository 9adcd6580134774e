/* SPDX-License-Identifier: MIT */
/* The methods that pause a guest, let it go on, and end it. */
#ifndef HD_DAEMON_METHOD_ORDER_H
#define HD_DAEMON_METHOD_ORDER_H

#include "control.h"
#include "wire.h"

/* Rows of method.c's table: they reply at once, with the guest's state then;
 * -1: the error is the reply. */
typedef int hd_method_order_fn(struct hd_daemon *d, struct hd_conn *conn,
                               const struct hd_request *req,
                               struct hd_err *err);

hd_method_order_fn hd_method_pause, hd_method_unpause, hd_method_reboot,
    hd_method_shutdown, hd_method_destroy;

#endif
