/* SPDX-License-Identifier: MIT */
/* The methods that give a running guest a device, or take it. */
#ifndef HD_DAEMON_METHOD_HOT_H
#define HD_DAEMON_METHOD_HOT_H

#include "control.h"
#include "wire.h"

/* Rows of method.c's table: 0: the reply follows when it is done; -1: the error
 * is the reply. */
typedef int hd_method_hot_fn(struct hd_daemon *d, struct hd_conn *conn,
                             const struct hd_request *req, struct hd_err *err);

hd_method_hot_fn hd_method_block_attach, hd_method_block_detach,
    hd_method_network_attach, hd_method_network_detach;

#endif
