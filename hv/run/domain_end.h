/* SPDX-License-Identifier: MIT */
/* Ends domains, several side by side. */
#ifndef HD_RUN_DOMAIN_END_H
#define HD_RUN_DOMAIN_END_H

#include <stdbool.h>
#include <stddef.h>

#include "context.h"

/* Pauses the `n` domains (at most HD_MAX_GUESTS), takes the nodes of all away
 * in one transaction, and with them their backends, and has Xen take them apart
 * side by side, which this blocks for; does not wait until they are gone.  A
 * domain that does not end keeps none of the others; -1 with what the first one
 * said.  May be repeated: see hd_domain_end_has_begun. */
int hd_domain_end(struct hd_context *ctx,
                  const struct hd_domain_status *domains, size_t n,
                  struct hd_err *err);
/* hd_domain_end has done all that for it, in this job. */
bool hd_domain_end_has_begun(const struct hd_context *ctx, uint32_t domid);
/* And no driver was at work on its backends then: see hd_domain_rests. */
bool hd_domain_end_has_rested(const struct hd_context *ctx, uint32_t domid);

#endif
