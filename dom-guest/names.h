/* SPDX-License-Identifier: MIT */
/* The guest's devices under the names that the map promises. */
#ifndef HD_GUEST_NAMES_H
#define HD_GUEST_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "../pv-drivers/base/err.h"
#include "promise.h"

/* Where the devices are and the names go; a test has others. */
struct hd_names {
    const char *dev;   /* "/dev" */
    const char *net;   /* "/sys/class/net" */
    const char *links; /* HD_GUEST_NAMES */
};
extern const struct hd_names hd_names_usual;

/* DIR/NAME -> the device, for each disk and console that is given, whether or
 * not it is there yet; a link of which nothing is promised any more goes. */
int hd_names_link(const struct hd_names *n, const struct hd_promise *promises,
                  size_t n_promises, struct hd_err *err);

/* The interface with that MAC: 1 and its name; 0: there is none (yet). */
int hd_names_find_nic(const struct hd_names *n, const uint8_t mac[6],
                      char ret[16]);

/* Gives interfaces their names, and waits until `deadline_ms` for those that
 * are not there yet.  One that is up keeps its name and gets the other beside
 * it, for what has it open would lose it.  How many have theirs; what failed
 * first is in `err`, whose code is 0 otherwise. */
size_t hd_names_nics(const struct hd_names *n,
                     const struct hd_promise *promises, size_t n_promises,
                     uint64_t deadline_ms, struct hd_err *err);

#endif
