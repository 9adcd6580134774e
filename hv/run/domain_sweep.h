/* SPDX-License-Identifier: MIT */
/* What xenstore and libxl know of domains. */
#ifndef HD_RUN_DOMAIN_SWEEP_H
#define HD_RUN_DOMAIN_SWEEP_H

#include "../../pv-drivers/bus/xs.h"
#include "domain_status.h"

/* Removes libxl's files and, in one transaction, the xenstore nodes of the `n`
 * domains that are gone or about to be, by domid and UUID; with their backend
 * nodes go the devices in dom0, whose drivers do the rest by themselves.
 * Nothing there is success.  The caller has made sure that no other domain has
 * one of these domids. */
int hd_domain_sweep(struct hd_xs *xs, const struct hd_domain_status *domains,
                    size_t n, struct hd_err *err);

#endif
