/* SPDX-License-Identifier: MIT */
/* What xenstore and libxl know of a domain. */
#ifndef HD_RUN_DOMAIN_SWEEP_H
#define HD_RUN_DOMAIN_SWEEP_H

#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/bus/xs.h"
#include "../../pv-drivers/base/uuid.h"

/* Removes the xenstore nodes and libxl's files of a domain that is gone or
 * about to be; with its backend nodes go the devices in dom0, whose drivers do
 * the rest by themselves.  Nothing there is success.  The caller has made sure
 * that no other domain has this domid. */
int hd_domain_sweep(struct hd_xs *xs, uint32_t domid,
                    const struct hd_uuid *uuid, struct hd_err *err);

#endif
