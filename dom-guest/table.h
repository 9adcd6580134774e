/* SPDX-License-Identifier: MIT */
/* The guest's tables as the host tells them. */
#ifndef HD_GUEST_TABLE_H
#define HD_GUEST_TABLE_H

#include "../pv-drivers/base/sheets.h"
#include "xsdev.h"

#define HD_TABLE_NODE "data/hotdom/" HD_SHEETS_TABLE

/* The text that hd_layers_parse takes, the caller's, empty when there is none:
 * one of the host's, however often it changes them meanwhile.  HD_E_BUSY when
 * that does not end; the watch of HD_TABLE_NODE rings after each change. */
int hd_table_read(struct hd_xsdev *x, char **ret, struct hd_err *err);

#endif
