/* SPDX-License-Identifier: MIT */
/* What domain.c, record.c and pci.c share of libxl; nobody else's. */
#ifndef HD_DOMAIN_TOOLSTACK_H
#define HD_DOMAIN_TOOLSTACK_H

#include <libxl.h>

#include "domain.h"

/* Before each call of libxl, so that an error is about this one. */
libxl_ctx *hd_toolstack_begin(struct hd_toolstack *ts);
/* HD_E_FAILED, "cannot VERB NAME: why", unless `rc` is 0. */
int hd_toolstack_check(struct hd_toolstack *ts, int rc, const char *verb,
                       const char *name, struct hd_err *err);

/* The same, of "domain 7". */
int hd_toolstack_check_id(struct hd_toolstack *ts, int rc, const char *verb,
                          uint32_t domid, struct hd_err *err);

/* Of the `n` steps, those that attach go into libxl's record of the domain. */
int hd_domain_record(struct hd_toolstack *ts, uint32_t domid,
                     const struct hd_step *steps, uint32_t n,
                     struct hd_err *err);

/* The domain is built with the step's PCI devices; -1 without memory. */
int hd_pci_fill(libxl_domain_config *config, const struct hd_step_domain *step);

#endif
