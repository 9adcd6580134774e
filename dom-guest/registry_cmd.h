/* SPDX-License-Identifier: MIT */
/* hotdom-guest registry: looks at the registry and changes it. */
#ifndef HD_GUEST_REGISTRY_CMD_H
#define HD_GUEST_REGISTRY_CMD_H

#include "../pv-drivers/base/err.h"
#include "xsdev.h"

/* argv[0] is "registry".  To stdout; blocks as its verb does. */
int hd_registry_cmd(int argc, char **argv, struct hd_err *err);

/* ---- for the tests */

/* Of the registry in `dir`; `x` may be NULL, and then `no_x` says why. */
int hd_registry_cmd_at(const char *dir, struct hd_xsdev *x,
                       const struct hd_err *no_x, int argc, char **argv,
                       struct hd_err *err);

#endif
