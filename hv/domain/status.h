/* SPDX-License-Identifier: MIT */
/* A domain as Xen itself sees it: what it says, and what needs no toolstack; a
 * few hypercalls. */
#ifndef HD_DOMAIN_STATUS_H
#define HD_DOMAIN_STATUS_H

#include <stddef.h>
#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/base/uuid.h"

enum hd_domain_state {
    HD_DOMAIN_GONE, /* no such domain */
    HD_DOMAIN_RUNNING,
    HD_DOMAIN_PAUSED,
    HD_DOMAIN_SHUTDOWN, /* it ended, someone must destroy it; see `reason` */
    HD_DOMAIN_DYING,    /* destroyed, but something still holds its memory */
};

enum hd_domain_reason { /* Xen's SHUTDOWN_*, what it knows in 4.17 */
                        HD_DOMAIN_POWEROFF,
                        HD_DOMAIN_REBOOT,
                        HD_DOMAIN_SUSPEND,
                        HD_DOMAIN_CRASH,
                        HD_DOMAIN_WATCHDOG,
                        HD_DOMAIN_SOFT_RESET,
};

struct hd_domain_status {
    struct hd_uuid uuid;
    uint32_t domid;
    enum hd_domain_state state;
    enum hd_domain_reason reason; /* when state is HD_DOMAIN_SHUTDOWN */
    uint64_t memory;              /* bytes that it holds now */
    uint32_t vcpus;
    uint64_t cpu_ns; /* time that it has run, of all vcpus */
};

struct hd_hypervisor; /* opaque; libxenctrl only, libxl is not pulled in */

/* HD_E_NO_XEN unless this is dom0 and the caller is root. */
int hd_hypervisor_open(struct hd_hypervisor **ret, struct hd_err *err);
void hd_hypervisor_free(struct hd_hypervisor *hv);
HD_DEFINE_AUTO(hd_hypervisor)

/* These do not block.  No such domain is success with HD_DOMAIN_GONE.  By UUID
 * a living domain is preferred over a dying one with the same UUID. */
int hd_domain_status(struct hd_hypervisor *hv, uint32_t domid,
                     struct hd_domain_status *ret, struct hd_err *err);
int hd_domain_find(struct hd_hypervisor *hv, const struct hd_uuid *uuid,
                   struct hd_domain_status *ret, struct hd_err *err);

/* Calls `fn` for each domain but dom0, in the order of their domids; a
 * hypercall for some 30 of them. */
typedef void hd_domain_fn(void *ctx, const struct hd_domain_status *status);
int hd_domain_each(struct hd_hypervisor *hv, hd_domain_fn *fn, void *ctx,
                   struct hd_err *err);

/* Whether a PV domain's kernel has told Xen where its memory is, which it does
 * within its first second (XENMEM_maximum_gpfn, by arch.max_pfn of its shared
 * info): without that it cannot be dumped.  1, 0 or -1. */
int hd_domain_has_memory_map(struct hd_hypervisor *hv, uint32_t domid,
                             struct hd_err *err);

/* One hypercall each, at once. */
int hd_domain_pause(struct hd_hypervisor *hv, uint32_t domid,
                    struct hd_err *err);
int hd_domain_unpause(struct hd_hypervisor *hv, uint32_t domid,
                      struct hd_err *err);
/* How much of the processors it gets beside dom0, of 256, and others that want
 * them as well, by Xen's credit schedulers: a fifteenth of dom0's, and its own
 * `weight` again.  Whoever has a weight of somebody else's keeps it, and other
 * schedulers know none: best effort. */
void hd_domain_lighten(struct hd_hypervisor *hv, uint32_t domid,
                       uint32_t weight);
void hd_domain_unlighten(struct hd_hypervisor *hv, uint32_t domid,
                         uint32_t weight);
/* How much of one processor it gets at most, by the same schedulers; and as
 * much as it wants again.  Whoever has a cap of somebody else's keeps it. */
#define HD_DOMAIN_SLOW_PERCENT 7
void hd_domain_slow(struct hd_hypervisor *hv, uint32_t domid);
void hd_domain_unslow(struct hd_hypervisor *hv, uint32_t domid);
/* The domain and its memory, nothing of dom0's; blocks while Xen takes it
 * apart.  A page that a backend holds keeps it dying: see hd_domain_wait_gone.
 */
int hd_domain_kill(struct hd_hypervisor *hv, uint32_t domid,
                   struct hd_err *err);
/* Blocks until the domid is free; HD_E_TIMEOUT when something still holds the
 * domain's memory at the deadline. */
int hd_domain_wait_gone(struct hd_hypervisor *hv, uint32_t domid,
                        uint64_t deadline_ms, struct hd_err *err);

#endif
