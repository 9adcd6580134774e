/* SPDX-License-Identifier: MIT */
/* The host's policy as hotdomd holds it: read when it starts and when it is
 * told to, checked before it counts. */
#ifndef HD_DAEMON_RULES_H
#define HD_DAEMON_RULES_H

#include "../host/policy.h"

struct hd_rules {
    struct hd_policy policy;
    struct hd_err
        why; /* not HD_OK: there is no policy, and nothing is allowed */
};

/* Reads the file at `path`.  A good one takes the place of what was there; a
 * bad one is an error and what was there stays, which is nothing at first. */
int hd_rules_load(struct hd_rules *rules, const char *path, struct hd_err *err);
/* NULL, and why, when there has never been a good one.  Until the next load. */
const struct hd_policy *hd_rules_policy(const struct hd_rules *rules,
                                        struct hd_err *err);

#endif
