/* SPDX-License-Identifier: MIT */
/* What a guest's kernel is asked for through xenstore: xen's
 * docs/misc/xenstore-paths.pandoc, ~/control/shutdown. */
#ifndef HD_DOMAIN_SHUTDOWN_H
#define HD_DOMAIN_SHUTDOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/bus/xs.h"

/* "poweroff" or "reboot"; does not wait for the guest, as libxl would, for a
 * minute.  1; 0: the domain has no such node, which libxl makes with each. */
int hd_shutdown_order(struct hd_xs *xs, uint32_t domid, const char *order,
                      struct hd_err *err);
/* The guest has taken the order off the node.  What cannot be read is not. */
bool hd_shutdown_is_taken(struct hd_xs *xs, uint32_t domid);

#endif
