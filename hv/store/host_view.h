/* SPDX-License-Identifier: MIT */
/* A guest's exception and inclusion tables, as one text. */
#ifndef HD_STORE_HOST_VIEW_H
#define HD_STORE_HOST_VIEW_H

#include "../../pv-drivers/base/tables.h"
#include "manifest.h"

/* The lines of hd_tables_parse, exceptions first, of a guest of `m`; empty when
 * it has no exception.  HD_E_BAD_MANIFEST when an entry is no path for the
 * tables, stands twice, or all together are longer than HD_VIEW_TEXT. */
int hd_host_view_text(const struct hd_manifest *m, const struct hd_guest *g,
                      char ret[HD_VIEW_TEXT], struct hd_err *err);

/* HD_E_BAD_MANIFEST when an exception of such a text covers what the guest's
 * agent has: its registry and the guest's writes, which the agent has open from
 * before and would find another one of by the path, or its mounts.  An
 * inclusion leaves it the former.  For what is new: stores that were packed
 * before this was refused go on as they did. */
int hd_host_view_check(const char *text, struct hd_err *err);

/* One line of such a text. */
struct hd_view_entry {
    enum hd_side side;
    char path[HD_TABLES_PATH];
};

/* The entry at `*at`, which is moved behind it; false: there are no more. */
bool hd_host_view_next(const char **at, struct hd_view_entry *ret);
/* The entry of just that path; false: there is none. */
bool hd_host_view_find(const char *text, const char *path,
                       struct hd_view_entry *ret);
/* Puts an entry behind the others: HD_E_USAGE when it is no path for the
 * tables, HD_E_EXISTS when it is in one of them, HD_E_LIMIT when they are full:
 * each is a mount in the guest, of which it has HD_VIEW_ENTRIES at most. */
int hd_host_view_add(char text[HD_VIEW_TEXT], const struct hd_view_entry *entry,
                     struct hd_err *err);
/* Takes the entry of just that path out; false: there is none. */
bool hd_host_view_remove(char text[HD_VIEW_TEXT], const char *path);

#endif
