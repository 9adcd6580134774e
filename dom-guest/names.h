/* SPDX-License-Identifier: MIT */
/* The guest's disks and consoles under the names that the map promises. */
#ifndef HD_GUEST_NAMES_H
#define HD_GUEST_NAMES_H

#include <stddef.h>

#include "../pv-drivers/base/err.h"
#include "promise.h"

/* Where the devices are and the names go; a test has others. */
struct hd_names {
    const char *dev;   /* "/dev" */
    const char *links; /* HD_GUEST_NAMES */
};
extern const struct hd_names hd_names_usual;

/* DIR/NAME -> the device, for each disk and console that is given, whether or
 * not it is there yet; a link of which nothing is promised any more goes. Fails
 * with the first that cannot be made; the others are. */
int hd_names_link(const struct hd_names *n, const struct hd_promise *promises,
                  size_t n_promises, struct hd_err *err);

#endif
