/* SPDX-License-Identifier: MIT */
/* The methods that show and change what a running guest reads of the host. */
#ifndef HD_CONTROL_METHOD_TABLE_H
#define HD_CONTROL_METHOD_TABLE_H

#include "method.h"

hd_method_fn hd_method_table, hd_method_table_which, hd_method_table_add,
    hd_method_table_remove, hd_method_table_log;

#endif
