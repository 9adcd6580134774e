/* SPDX-License-Identifier: MIT */
/* Domains through libxl: build, attach, start, end. */
#ifndef HD_DOMAIN_DOMAIN_H
#define HD_DOMAIN_DOMAIN_H

#include <stdint.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/base/mem.h"
#include "../../pv-drivers/bus/xenbus.h"
#include "../../pv-drivers/bus/xs.h"
#include "../plan/plan.h"
#include "status.h"

struct hd_toolstack; /* opaque; libxl's context: one a process */

/* HD_E_NO_XEN when libxl finds none.  libxl's own messages go to hd_log at
 * debug; the cause of a failed call ends in its `err`. */
int hd_toolstack_open(struct hd_toolstack **ret, struct hd_err *err);
void hd_toolstack_free(struct hd_toolstack *ts);
HD_DEFINE_AUTO(hd_toolstack)

/* These block as libxl does: for some tens of milliseconds, or up to 10 s for
 * a backend that does not answer. */

/* A paused PV domain with a console and no devices.  `cmdline` is the kernel's,
 * `kernel` and `ramdisk`
 * (-1: none) are sealed memfds; libxl reads them through /proc/self/fd.  When
 * it returns the domain may be started, but libxl is not done with it, as long
 * as xenconsoled is not: hd_domain_settle must follow. */
int hd_domain_build(struct hd_toolstack *ts, const struct hd_step_domain *step,
                    const char *cmdline, int kernel, int ramdisk,
                    struct hd_err *err);
/* 1 with the domid when libxl has made the domain and all of its nodes that a
 * device needs: from then on it may be given devices, while it is built; 0: not
 * yet; -1.  Nothing is asked of libxl. */
int hd_domain_is_made(struct hd_hypervisor *hv, struct hd_xs *xs,
                      const struct hd_uuid *uuid, uint32_t *ret_domid,
                      struct hd_err *err);
/* Waits for libxl's end of hd_domain_build, then tells it of the devices that
 * the domain was given without it, for `xl save` and its like: of the `n`
 * steps, those that attach; without steps it only waits.  When it fails, libxl
 * destroys the domain. */
int hd_domain_settle(struct hd_toolstack *ts, uint32_t domid,
                     const struct hd_step *steps, uint32_t n,
                     struct hd_err *err);
/* libxl's record of a domain that runs, which hd_domain_settle made, without
 * one of its disks or NICs, by class and number.  One that is not there is
 * success. */
int hd_domain_forget(struct hd_toolstack *ts,
                     const struct hd_xenbus_device *device, struct hd_err *err);
/* The memory of a paused domain as an ELF core, to a descriptor of a file that
 * is open for writing; blocks as long as that takes. */
int hd_domain_dump(struct hd_toolstack *ts, uint32_t domid, int fd,
                   struct hd_err *err);
/* With all that libxl itself gave it, a QEMU too.  Success does not mean that
 * it is gone: see hd_domain_wait_gone. */
int hd_domain_destroy(struct hd_toolstack *ts, uint32_t domid,
                      struct hd_err *err);

#endif
