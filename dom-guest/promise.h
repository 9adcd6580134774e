/* SPDX-License-Identifier: MIT */
/* The resource map as a guest is told it: which name stands for which of its
 * devices.  The host's word is checked as a stranger's would be. */
#ifndef HD_GUEST_PROMISE_H
#define HD_GUEST_PROMISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../pv-drivers/base/err.h"
#include "xsdev.h"

#define HD_PROMISES 64 /* of one guest; hd_plan_make tells fewer */

struct hd_promise {
    char class[16]; /* "block", "net", "usb" */
    char name[32];  /* "lan0"; never empty, without "/", no dots alone */
    bool given;     /* else it is absent */
    /* What the kernel calls it: a disk or a console; or what tells a NIC. */
    char device[16]; /* "xvda", "hvc1"; or empty */
    bool is_nic;
    uint8_t mac[6]; /* of a NIC */
};

/* Of one node, data/hotdom/map/CLASS/NODE: "pv xenbr0 00:16:3e:01:02:03".
 * False for a name or a value that no host of ours writes. */
bool hd_promise_parse(const char *class, const char *node, const char *value,
                      struct hd_promise *ret);

/* All there are; those that do not parse are left out.  Fails when one cannot
 * be read: that is not to lose its name. */
int hd_promise_load(struct hd_xsdev *x, struct hd_promise ret[HD_PROMISES],
                    size_t *ret_n, struct hd_err *err);

#endif
