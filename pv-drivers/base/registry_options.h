/* SPDX-License-Identifier: MIT */
/* The options of `hotdom registry` and `hotdom-guest registry`, which are the
 * same. */
#ifndef HD_BASE_REGISTRY_OPTIONS_H
#define HD_BASE_REGISTRY_OPTIONS_H

#include <stdbool.h>

#include "err.h"

struct hd_registry_options {
    const char *type, *replace; /* borrowed of argv; NULL: not given */
    bool json;
};

/* As getopt_long(3): what is none of them is behind, from `optind` on.
 * HD_E_USAGE for an option that there is not. */
int hd_registry_options_parse(int argc, char **argv,
                              struct hd_registry_options *ret,
                              struct hd_err *err);

#endif
