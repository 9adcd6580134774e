/* SPDX-License-Identifier: MIT */
/* The names of network interfaces.  Over rtnetlink, which answers at once. */
#ifndef HD_GUEST_ALTNAME_H
#define HD_GUEST_ALTNAME_H

#include "../pv-drivers/base/err.h"

/* The interface that has this for its name or beside it; 0: none, for which
 * if_nametoindex(3) has the kernel run modprobe(8). */
unsigned hd_altname_find(const char *name);

/* A second name.  That it has it already is success, that another has it is
 * none. */
int hd_altname_add(unsigned index, const char *name, struct hd_err *err);

#endif
