/* SPDX-License-Identifier: MIT */
/* What keeps this host from starting guests, and the fix for each; never
 * mends anything itself. */
#ifndef HD_HOST_DOCTOR_H
#define HD_HOST_DOCTOR_H

#include <stddef.h>

#include "../../pv-drivers/base/err.h"
#include "../../pv-drivers/net/links.h"
#include "inventory.h"

/* HD_DOCTOR_*: as `hotdom doctor` prints them. */
#define HD_VERDICTS(X)                                                         \
    X(OK, "ok")                                                                \
    X(WARNING, "warning") /* some guests may get less than they wish */        \
    X(PROBLEM, "problem") /* no guest can start, or none of some store */

enum hd_verdict {
#define HD_X(name, text) HD_DOCTOR_##name,
    HD_VERDICTS(HD_X)
#undef HD_X
};

const char *hd_verdict_name(enum hd_verdict verdict);

/* What was asked before; the checks look only at this and below `root`. */
struct hd_doctor_host {
    int root;          /* a folder's descriptor, "/" on a host; see sysfs.h */
    struct hd_err xen; /* code 0: it answered, see `facts` */
    struct hd_err xenstore; /* code 0: it answered */
    struct hd_err network;  /* code 0: `links` are those of the host */
    struct hd_err daemon;   /* code 0: it answered, see `daemon_version` */
    struct hd_host_xen facts;
    uint64_t memory_free; /* bytes; Xen's */
    const struct hd_link *links;
    size_t n_links;
    char daemon_version[32];
};

/* Everything but the daemon and its version, which the caller asks: hypercalls,
 * one transaction of xenstore, a netlink dump.  `*ret_links` is what
 * ret->links points to; the caller frees it.  Who does not answer is no error
 * here. */
void hd_doctor_ask(int root, struct hd_doctor_host *ret,
                   struct hd_link **ret_links);

struct hd_finding {
    const char *check; /* "modules": stable, for --json */
    enum hd_verdict verdict;
    char text[400]; /* what was found, one clause */
    char fix[300];  /* a command or a sentence; "" for OK */
};

#define HD_DOCTOR_CHECKS 16 /* at most */

/* Runs every check, one finding each, in the order in which they are to be
 * mended; returns how many there are. */
size_t hd_doctor_run(const struct hd_doctor_host *host,
                     struct hd_finding ret[HD_DOCTOR_CHECKS]);

#endif
