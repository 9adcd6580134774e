/* SPDX-License-Identifier: MIT */
/* PCI devices of the host that guests have to themselves. */
#ifndef HD_DOMAIN_PCI_H
#define HD_DOMAIN_PCI_H

#include "../../pv-drivers/base/err.h"
#include "../plan/plan.h"
#include "domain.h"

/* HD_E_GONE when it is not there, HD_E_BUSY when a driver has it, Xen's PCI
 * backend as well. */
int hd_pci_check_free(const struct hd_pci *pci, struct hd_err *err);
/* Gives it to Xen's PCI backend, and quarantines it in the IOMMU. */
int hd_pci_seize(struct hd_toolstack *ts, const struct hd_pci *pci,
                 struct hd_err *err);
/* Takes it from there; when the backend does not have it, that is success. */
int hd_pci_give_back(struct hd_toolstack *ts, const char *address,
                     struct hd_err *err);

#endif
