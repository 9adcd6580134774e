/* SPDX-License-Identifier: MIT */
/* Keeps the last good policy; never one that was not read whole and checked. */
#include "rules.h"

#include <stdbool.h>

int hd_rules_load(struct hd_rules *rules, const char *path, struct hd_err *err)
{
    bool none = !rules->policy.limits.stores; /* at least 1 in any policy */

    if (hd_policy_load(path, &rules->policy, err)) {
        if (none)
            rules->why = *err;
        return -1;
    }
    rules->why = (struct hd_err){0};
    return 0;
}

const struct hd_policy *hd_rules_policy(const struct hd_rules *rules,
                                        struct hd_err *err)
{
    if (!rules->why.code)
        return &rules->policy;
    if (err)
        *err = rules->why;
    return NULL;
}
