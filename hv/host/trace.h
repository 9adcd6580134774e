/* SPDX-License-Identifier: MIT */
/* Whose trace a line of a snapshot is; pure. */
#ifndef HD_HOST_TRACE_H
#define HD_HOST_TRACE_H

#include <stdbool.h>
#include <stddef.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/mem.h"

/* Names by which hotdom's effects are known: "dm NAME", "domain UUID", "domid
 * N", "bridge NAME", as DIR/history of the ledger has them, "file PATH", and
 * "loop DISK" of a file that is a disk. */
struct hd_trace; /* opaque */

struct hd_trace *hd_trace_new(void); /* NULL with errno */
void hd_trace_free(struct hd_trace *trace);
HD_DEFINE_AUTO(hd_trace)

/* 0, or -1 with errno. A kind that is none of these is left out. */
int hd_trace_add(struct hd_trace *trace, const char *kind, const char *value);
/* Every whole line of `text`: "KIND VALUE". */
int hd_trace_add_text(struct hd_trace *trace, const char *text);

/* One of the names, exactly. */
bool hd_trace_has(const struct hd_trace *trace, const char *kind,
                  const char *value);
/* Whether a snapshot's line bears one of the names.  libxl's files bear the
 * domain's UUID. */
bool hd_trace_matches(const struct hd_trace *trace, const char *line);

#endif
