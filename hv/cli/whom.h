/* SPDX-License-Identifier: MIT */
/* The one guest with a domain that a person's word means. */
#ifndef HD_CLI_WHOM_H
#define HD_CLI_WHOM_H

#include <stdint.h>

#include "../../pv-drivers/base/uuid.h"
#include "../store/format.h"

struct hd_whom {
    int64_t domid;
    struct hd_uuid store;
    char guest[HD_NAME_SIZE];
    char state[16];
};

/* `word` is GUEST, STORE.GUEST or its domid; asks hotdomd.  HD_E_NO_GUEST lists
 * those among which to choose. */
int hd_whom(const char *word, struct hd_whom *ret, struct hd_err *err);

#endif
