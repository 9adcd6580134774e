/* SPDX-License-Identifier: MIT */
/* The methods that show and change what a running guest reads of the host. */
#ifndef HD_DAEMON_METHOD_TABLE_H
#define HD_DAEMON_METHOD_TABLE_H

#include "control.h"
#include "wire.h"

/* Rows of method.c's table: 0: it has replied, or will; -1: the error is the
 * reply. */
typedef int hd_method_table_fn(struct hd_daemon *d, struct hd_conn *conn,
                               const struct hd_request *req,
                               struct hd_err *err);

hd_method_table_fn hd_method_table, hd_method_table_which, hd_method_table_add,
    hd_method_table_remove, hd_method_table_log;

#endif
