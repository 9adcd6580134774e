/* SPDX-License-Identifier: MIT */
/* A guest's exception and inclusion tables, as one text. */
#ifndef HD_STORE_HOST_VIEW_H
#define HD_STORE_HOST_VIEW_H

#include "manifest.h"

/* The lines of hd_tables_parse, exceptions first; empty when the guest has no
 * exception.  HD_E_BAD_MANIFEST when an entry is no path for the tables, stands
 * twice, or all together are longer than HD_VIEW_TEXT. */
int hd_host_view_text(const struct hd_guest *g, char ret[HD_VIEW_TEXT],
                      struct hd_err *err);

#endif
