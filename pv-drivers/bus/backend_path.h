/* SPDX-License-Identifier: MIT */
/* The xenstore folder of a backend device in dom0; pure. */
#ifndef HD_BUS_BACKEND_PATH_H
#define HD_BUS_BACKEND_PATH_H

#include <stdint.h>

#include "../base/err.h"

/* "backend/vbd/7/51712", relative to dom0's own folder, as libxl hands it to a
 * hotplug helper. */
struct hd_backend_path {
    char class[8]; /* "vbd", "vif" */
    uint32_t domid, devid;
};

/* Takes exactly that form: no other classes of characters, no signs, no
 * leading zeros, nothing behind. */
int hd_backend_path_parse(const char *text, struct hd_backend_path *ret,
                          struct hd_err *err);

#endif
