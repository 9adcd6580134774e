/* SPDX-License-Identifier: MIT */
/* The exception and the inclusion table of a guest: which paths it reads from
 * the host, and which of those from its own store again.  Pure. */
#ifndef HD_BASE_TABLES_H
#define HD_BASE_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "mem.h"

enum hd_side {
    HD_SIDE_GUEST, /* the inclusions', and of what no entry decides */
    HD_SIDE_HOST,  /* the exceptions' */
};

/* "guest" or "host". */
const char *hd_side_name(enum hd_side side);

#define HD_TABLES_PATH 256 /* bytes of an entry, with the NUL */
#define HD_TABLES_NAME 256 /* of one component */

struct hd_tables; /* opaque: a trie of components */

/* NULL without memory. */
struct hd_tables *hd_tables_new(void);
void hd_tables_free(struct hd_tables *tables);
HD_DEFINE_AUTO(hd_tables)

/* An absolute path below /, without "." or "..", each "/" followed by a name.
 */
bool hd_tables_is_path(const char *path);
/* Is `path` that one, or below it?  Both as above. */
bool hd_tables_is_below(const char *path, const char *above);

/* Adds a prefix.  Refused, with HD_E_BAD_MANIFEST: what hd_tables_is_path does
 * not take, and what is in a table already, be it the other. */
int hd_tables_add(struct hd_tables *tables, enum hd_side side, const char *path,
                  struct hd_err *err);

/* The same of a text: lines of "+" (host) or "-" (guest) and the path. */
int hd_tables_parse(const char *text, struct hd_tables **ret,
                    struct hd_err *err);

struct hd_decision {
    enum hd_side side;
    size_t len; /* so much of the path is the entry that decided; 0: none */
    bool leads; /* below it there is an exception */
};

/* The longest prefix decides.  `path` is normalised as above, or "/"; the time
 * is the same for each component, however many entries there are. */
struct hd_decision hd_tables_decide(const struct hd_tables *tables,
                                    const char *path);

/* Names below `path` that are or lead to exceptions, one a call: `*cursor` is 0
 * at first, and any that was returned goes on behind that.  False: no more. */
bool hd_tables_next(const struct hd_tables *tables, const char *path,
                    uint64_t *cursor, char ret_name[HD_TABLES_NAME]);

#endif
