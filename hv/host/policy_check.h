/* SPDX-License-Identifier: MIT */
/* What the policy's field table cannot say. */
#ifndef HD_HOST_POLICY_CHECK_H
#define HD_HOST_POLICY_CHECK_H

#include "policy.h"

/* No two rows answer one question, and names of devices, bridges and paths have
 * the form of one.  On failure `*ret_list` and `*ret_index` say which entry is
 * meant. */
int hd_policy_check(const struct hd_policy *policy, const char **ret_list,
                    uint32_t *ret_index, struct hd_err *err);

#endif
