/* SPDX-License-Identifier: MIT */
/* A second name for a network interface. */
#ifndef HD_GUEST_ALTNAME_H
#define HD_GUEST_ALTNAME_H

#include "../pv-drivers/base/err.h"

/* That it has it already is success, that another has it is none.  Over
 * rtnetlink, which answers at once. */
int hd_altname_add(unsigned index, const char *name, struct hd_err *err);

#endif
