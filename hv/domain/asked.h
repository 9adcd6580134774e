/* SPDX-License-Identifier: MIT */
/* How much guests ask of xenstore.  Nobody but the rings that they share with
 * xenstored tells: xen/io/xs_wire.h, struct xenstore_domain_interface. */
#ifndef HD_DOMAIN_ASKED_H
#define HD_DOMAIN_ASKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../pv-drivers/bus/xs.h"

struct hd_asked {
    uint32_t domid;
    bool there;     /* false: no such domain, or one without a ring */
    uint32_t bytes; /* of its requests that xenstored has taken, modulo 2^32 */
};

/* Fills in all `n`, by their domids; blocks for xenstored's one answer.  Each
 * ring is mapped for a moment, read-only, and one number of it is read.  A
 * guest can change that number, and then loses its own requests.  Several
 * threads may. */
int hd_asked_read(struct hd_xs *xs, struct hd_asked *asked, size_t n,
                  struct hd_err *err);

#endif
