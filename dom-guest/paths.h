/* SPDX-License-Identifier: MIT */
/* Where hotdom-guest keeps what it knows, inside the guest. */
#ifndef HD_GUEST_PATHS_H
#define HD_GUEST_PATHS_H

/* Gone with the guest. */
#define HD_GUEST_RUN  "/run/hotdom-guest"
#define HD_GUEST_LOCK HD_GUEST_RUN "/lock"
#define HD_GUEST_HOST HD_GUEST_RUN "/host" /* the host view */
#define HD_GUEST_PROGRAM                                                       \
    HD_GUEST_RUN "/hotdom-guest"               /* where the ramdisk's is gone */
#define HD_GUEST_MOUNTS HD_GUEST_RUN "/mounts" /* what view.c has mounted */
#define HD_GUEST_TABLES HD_GUEST_RUN "/tables" /* what that is of, if whole */
#define HD_GUEST_MERGED                                                        \
    HD_GUEST_RUN "/merged" /* for exceptions that are files */
#define HD_GUEST_MEMORY                                                        \
    HD_GUEST_RUN "/memory" /* where no volume takes writes */

/* On the guest's volume: what it wrote over the host's files. */
#define HD_GUEST_WRITES "/var/lib/hotdom-guest/view"

/* The same: its own part of the registry. */
#define HD_GUEST_REGISTRY "/var/lib/hotdom-guest/registry"

/* /dev/hotdom/NAME */
#define HD_GUEST_NAMES "/dev/hotdom"

#endif
