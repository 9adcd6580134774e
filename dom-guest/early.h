/* SPDX-License-Identifier: MIT */
/* The ramdisk's first process: from the kernel to the guest's own init. */
#ifndef HD_GUEST_EARLY_H
#define HD_GUEST_EARLY_H

#include <stdbool.h>

#include "../pv-drivers/base/err.h"
#include "promise.h"

/* What the kernel's command line says of it. */
struct hd_early {
    char root[64];  /* "/dev/xvda"; empty: the first volume, if there is one */
    char type[32];  /* rootfstype; empty: any that the kernel knows */
    char init[128]; /* empty: /sbin/init, or on a ramdisk nothing */
    bool read_only; /* `ro` and not `rw` */
};

/* HD_E_USAGE for a root that is not a device's name. */
int hd_early_parse(const char *cmdline, struct hd_early *ret,
                   struct hd_err *err);

/* "/dev/xvda": the first of the store's volumes; false: there is none. */
bool hd_early_first_volume(const struct hd_promise *promises, size_t n,
                           char ret[64]);

/* What the guest writes over the host's files goes to its root, and so do its
 * user's settings and the files that keys of its registry are bound to.  What
 * cannot be read may say so: a root that is writable for nothing loses nothing,
 * and what is written to memory in its place is lost. */
bool hd_early_writes_root(struct hd_xsdev *x);

/* Only for process 1.  Loads the ramdisk's modules, mounts the root, does the
 * agent's duty in it, leaves the agent behind and becomes the guest's init,
 * which gets the rest of `argv`, as the kernel gave it. Without a root it
 * stays.  Returns when it cannot. */
int hd_early_run(char **argv, struct hd_err *err);

#endif
