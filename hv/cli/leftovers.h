/* SPDX-License-Identifier: MIT */
/* What of hotdom is on the host that no ledger has, and what a ledger has that
 * is not there. */
#ifndef HD_CLI_LEFTOVERS_H
#define HD_CLI_LEFTOVERS_H

#include <stdbool.h>
#include <stddef.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/mem.h"

struct hd_leftover {
    char *line; /* owned; as hv/host/snapshot.h has it, or "missing KIND VALUE"
                   and "memory N KiB less than before" */
    bool added; /* it was not there before the first store */
    bool ours;  /* else another program's */
};

struct hd_leftovers {
    struct hd_leftover *list;
    size_t n, ours;
};

/* By the first word of a line: what to do about what is left. */
struct hd_leftover_kind {
    const char *name, *what, *remedy;
};

const struct hd_leftover_kind *hd_leftover_kind(const char *line);

/* Root only; blocks for some tens of milliseconds.  Fails without a baseline of
 * this boot. */
int hd_leftovers_find(struct hd_leftovers **ret, struct hd_err *err);
/* NULL with errno. */
struct hd_leftovers *hd_leftovers_new(void);
int hd_leftovers_add(struct hd_leftovers *leftovers, const char *line,
                     bool added, bool ours, struct hd_err *err);
void hd_leftovers_free(struct hd_leftovers *leftovers);
HD_DEFINE_AUTO(hd_leftovers)

#endif
