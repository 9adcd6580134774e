/* SPDX-License-Identifier: MIT */
/* The tables of a guest as its agent reads them in xenstore: one node, or as
 * many sheets as they take; see pv-drivers/base/sheets.h. */
#ifndef HD_DOMAIN_TABLE_NODES_H
#define HD_DOMAIN_TABLE_NODES_H

#include "../../pv-drivers/base/sheets.h"
#include "../../pv-drivers/bus/xenbus.h"
#include "../../pv-drivers/bus/xs.h"

struct hd_table_nodes {
    struct hd_sheets sheets;
    size_t n;
    struct hd_xs_node
        nodes[HD_SHEETS_MAX + 2]; /* HD_SHEETS_TABLE is the last */
    char head[HD_SHEETS_HEAD], number[12];
    struct {
        char path[HD_XENBUS_PATH], value[HD_SHEET_SIZE];
    } of[HD_SHEETS_MAX + 2];
};

/* Those of `text`, which is borrowed, below `folder`.  The caller frees it. */
struct hd_table_nodes *hd_table_nodes_new(const char *folder, const char *text,
                                          uint32_t number, struct hd_err *err);

/* Gives a guest that runs other tables, in an order in which its agent reads
 * the ones or the others.  Success also when the guest has removed the node
 * that it would see them in. */
int hd_table_nodes_change(struct hd_xs *xs, const char *folder,
                          const char *text, struct hd_err *err);

#endif
