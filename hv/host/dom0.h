/* SPDX-License-Identifier: MIT */
/* Whether hotdom can work here at all. */
#ifndef HD_HOST_DOM0_H
#define HD_HOST_DOM0_H

#include "../../pv-drivers/base/err.h"

/* HD_E_NO_XEN, with what to do about it, unless this is dom0 of a running Xen.
 * Reads /sys/hypervisor and /proc/xen, and needs no right. */
int hd_dom0_check(struct hd_err *err);

#endif
